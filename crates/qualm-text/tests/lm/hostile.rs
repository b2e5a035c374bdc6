//! Every cut of a model's file and every flipped byte gives a model or an error of one sentence.

use crate::container::{Value, floats, tiny};
use crate::exercise;

#[test]
fn a_file_of_our_own_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let model = exercise::model(folder.path(), &tiny().bytes()).unwrap();
    let shape = model.shape();
    assert_eq!((shape.layers, shape.width, shape.inner), (2, 4, 3));
    assert_eq!((shape.heads, shape.kv_heads, shape.head_width), (2, 1, 2));
    assert_eq!((shape.vocabulary, shape.rope_base), (7, 10_000.0));
    assert_eq!(model.prompt("a ab").unwrap(), [2, 5, 3]);
    assert_eq!(model.text(&[0, 2, 5, 3, 1]), "a ab");
    let error = model.prompt("c").unwrap_err().to_string();
    assert!(
        error.starts_with("the text `c`: it has a character"),
        "{error}"
    );
}

#[test]
fn every_cut_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = tiny().bytes();
    for end in 0..bytes.len() {
        // Only padding may be missing.
        let opened = exercise::model(folder.path(), &bytes[..end]);
        assert!(opened.is_err() || end + 32 > bytes.len(), "{end}");
    }
}

#[test]
fn every_flipped_byte_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = tiny().bytes();
    // All of what describes the model, and the first of its numbers.
    let end = bytes.len() - 600;
    for at in 0..end {
        for flip in [0x01, 0xff] {
            bytes[at] ^= flip;
            let _ = exercise::model(folder.path(), &bytes);
            bytes[at] ^= flip;
        }
    }
}

#[test]
fn what_is_not_plain_llama_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (key, value, words) in [
        ("general.architecture", Value::Text("qwen2"), "`qwen2`"),
        ("llama.expert_count", Value::Size(8), "mixture of experts"),
        (
            "llama.rope.scaling.type",
            Value::Text("yarn"),
            "positions are scaled",
        ),
        ("llama.attention.key_length", Value::Size(3), "in pairs"),
        (
            "llama.attention.value_length",
            Value::Size(1),
            "keys and values differ",
        ),
        (
            "tokenizer.ggml.bos_token_id",
            Value::Size(7),
            "token 7 of 7",
        ),
        (
            "llama.rope.freq_base",
            Value::Number(f32::NAN),
            "no base of angles",
        ),
        ("llama.rope.freq_base", Value::Text("high"), "is no number"),
        (
            "tokenizer.ggml.eot_token_id",
            Value::Numbers(vec![1.0]),
            "is no whole number",
        ),
    ] {
        let mut file = tiny();
        if key == "general.architecture" {
            file = crate::container::Container::default();
        }
        file.entry(key, value);
        if key == "general.architecture" {
            file.entry("tokenizer.ggml.model", Value::Text("gpt2"));
            file.entry("tokenizer.ggml.pre", Value::Text("gpt-2"));
            file.entry("tokenizer.ggml.tokens", Value::Texts(vec!["a".to_owned()]));
            file.entry("tokenizer.ggml.merges", Value::Texts(vec![]));
        }
        let error = exercise::model(folder.path(), &file.bytes()).err().unwrap();
        assert!(error.contains(words), "{error}");
    }
    let mut file = tiny();
    file.tensor("blk.0.attn_q.bias", &[4], 0, floats(&[0.0; 4]));
    let error = exercise::model(folder.path(), &file.bytes()).err().unwrap();
    assert!(error.contains("`blk.0.attn_q.bias`"), "{error}");
    let mut file = tiny();
    file.tensor("output.weight", &[4, 7], 24, vec![0; 28]);
    let error = exercise::model(folder.path(), &file.bytes()).err().unwrap();
    assert!(error.contains("stored as I8"), "{error}");
    let mut file = tiny();
    file.tensor("output.weight", &[4, 7], 0, floats(&[f32::NAN; 28]));
    let error = exercise::model(folder.path(), &file.bytes()).err().unwrap();
    assert!(error.contains("NaN"), "{error}");
    let mut file = tiny();
    file.tensor("output.weight", &[4, 6], 0, floats(&[0.0; 24]));
    let error = exercise::model(folder.path(), &file.bytes()).err().unwrap();
    assert!(
        error.contains("[6, 4]") && error.contains("[7, 4]"),
        "{error}"
    );
}

/// Found by fuzzing: the name of a key holds a line break.
#[test]
fn an_error_is_one_line_whatever_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(3u64.to_le_bytes());
    bytes.extend(b"a\nb");
    bytes.extend([0; 64]);
    assert!(exercise::model(folder.path(), &bytes).is_err());
}
