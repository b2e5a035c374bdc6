//! GGUF files of our own making.

use std::io::Write;
use std::path::Path;

/// A value of the metadata.
pub(crate) enum Value<'a> {
    Size(u32),
    Number(f32),
    Flag(bool),
    Text(&'a str),
    Texts(Vec<String>),
    Numbers(Vec<f32>),
    Integers(Vec<i32>),
}

/// A file, written piece by piece.
#[derive(Default)]
pub(crate) struct Container {
    entries: Vec<u8>,
    entry_count: u64,
    tensors: Vec<(String, Vec<u64>, u32, Vec<u8>)>,
}

fn text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u64).to_le_bytes());
    to.extend(text.bytes());
}

impl Container {
    pub(crate) fn entry(&mut self, key: &str, value: Value<'_>) {
        let to = &mut self.entries;
        text(to, key);
        let list = |to: &mut Vec<u8>, kind: u32, length: usize| {
            to.extend(9u32.to_le_bytes());
            to.extend(kind.to_le_bytes());
            to.extend((length as u64).to_le_bytes());
        };
        match value {
            Value::Size(size) => {
                to.extend(4u32.to_le_bytes());
                to.extend(size.to_le_bytes());
            }
            Value::Number(number) => {
                to.extend(6u32.to_le_bytes());
                to.extend(number.to_le_bytes());
            }
            Value::Flag(flag) => {
                to.extend(7u32.to_le_bytes());
                to.push(u8::from(flag));
            }
            Value::Text(value) => {
                to.extend(8u32.to_le_bytes());
                text(to, value);
            }
            Value::Texts(texts) => {
                list(to, 8, texts.len());
                texts.iter().for_each(|value| text(to, value));
            }
            Value::Numbers(numbers) => {
                list(to, 6, numbers.len());
                numbers
                    .iter()
                    .for_each(|number| to.extend(number.to_le_bytes()));
            }
            Value::Integers(numbers) => {
                list(to, 5, numbers.len());
                numbers
                    .iter()
                    .for_each(|number| to.extend(number.to_le_bytes()));
            }
        }
        self.entry_count += 1;
    }

    /// A tensor of `kind` (0 is `f32`) with its innermost axis first, as the file has it.
    pub(crate) fn tensor(&mut self, name: &str, axes: &[u64], kind: u32, bytes: Vec<u8>) {
        self.tensors
            .push((name.to_owned(), axes.to_vec(), kind, bytes));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(3u32.to_le_bytes());
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend(self.entry_count.to_le_bytes());
        file.extend(&self.entries);
        let mut offset = 0;
        for (name, axes, kind, bytes) in &self.tensors {
            text(&mut file, name);
            file.extend((axes.len() as u32).to_le_bytes());
            axes.iter().for_each(|axis| file.extend(axis.to_le_bytes()));
            file.extend(kind.to_le_bytes());
            file.extend((offset as u64).to_le_bytes());
            offset += bytes.len().next_multiple_of(32);
        }
        for (_, _, _, bytes) in &self.tensors {
            file.resize(file.len().next_multiple_of(32), 0);
            file.write_all(bytes).unwrap();
        }
        file.resize(file.len().next_multiple_of(32), 0);
        file
    }
}

/// Numbers as the file has them.
pub(crate) fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// A model of two blocks and seven tokens, with byte-level pair encoding, that can be run.
pub(crate) fn tiny() -> Container {
    let mut file = Container::default();
    let numbers = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 37) % 19) as f32 / 19.0 - 0.5)
            .collect()
    };
    file.entry("general.architecture", Value::Text("llama"));
    for (key, size) in [
        ("block_count", 2),
        ("context_length", 16),
        ("embedding_length", 4),
        ("feed_forward_length", 3),
        ("attention.head_count", 2),
        ("attention.head_count_kv", 1),
    ] {
        file.entry(&format!("llama.{key}"), Value::Size(size));
    }
    file.entry(
        "llama.attention.layer_norm_rms_epsilon",
        Value::Number(1e-5),
    );
    file.entry("tokenizer.ggml.model", Value::Text("gpt2"));
    file.entry("tokenizer.ggml.pre", Value::Text("smollm"));
    let texts = |texts: &[&str]| Value::Texts(texts.iter().map(|&text| text.to_owned()).collect());
    let tokens = [
        "<|im_start|>",
        "<|im_end|>",
        "a",
        "b",
        "\u{120}",
        "\u{120}a",
        "ab",
    ];
    file.entry("tokenizer.ggml.tokens", texts(&tokens));
    file.entry(
        "tokenizer.ggml.token_type",
        Value::Integers(vec![3, 3, 1, 1, 1, 1, 1]),
    );
    file.entry("tokenizer.ggml.merges", texts(&["\u{120} a", "a b"]));
    file.entry("tokenizer.ggml.eos_token_id", Value::Size(1));
    file.entry("tokenizer.ggml.add_bos_token", Value::Flag(false));
    let mut matrix = |name: &str, rows: usize, width: usize| {
        let axes: Vec<u64> = [width as u64, rows as u64][..if rows == 0 { 1 } else { 2 }].to_vec();
        file.tensor(name, &axes, 0, floats(&numbers(rows.max(1) * width)));
    };
    matrix("token_embd.weight", 7, 4);
    for block in 0..2 {
        for (name, rows, width) in [
            ("attn_norm", 0, 4),
            ("attn_q", 4, 4),
            ("attn_k", 2, 4),
            ("attn_v", 2, 4),
            ("attn_output", 4, 4),
            ("ffn_norm", 0, 4),
            ("ffn_gate", 3, 4),
            ("ffn_up", 3, 4),
            ("ffn_down", 4, 3),
        ] {
            matrix(&format!("blk.{block}.{name}.weight"), rows, width);
        }
    }
    matrix("output_norm.weight", 0, 4);
    file
}

/// stories260K from llama2.c's files.
pub(crate) fn stories(folder: &Path) -> Vec<u8> {
    let mut file = Container::default();
    file.entry("general.architecture", Value::Text("llama"));
    for (key, size) in [
        ("block_count", 5),
        ("context_length", 512),
        ("embedding_length", 64),
        ("feed_forward_length", 172),
        ("attention.head_count", 8),
        ("attention.head_count_kv", 4),
        ("rope.dimension_count", 8),
    ] {
        file.entry(&format!("llama.{key}"), Value::Size(size));
    }
    file.entry(
        "llama.attention.layer_norm_rms_epsilon",
        Value::Number(1e-5),
    );

    let tokens = std::fs::read(folder.join("tok512.bin")).unwrap();
    let word = |bytes: &[u8]| <[u8; 4]>::try_from(&bytes[..4]).unwrap();
    let (mut pieces, mut scores) = (Vec::new(), Vec::new());
    let mut rest = &tokens[4..];
    while !rest.is_empty() {
        scores.push(f32::from_le_bytes(word(rest)));
        let length = u32::from_le_bytes(word(&rest[4..])) as usize;
        let piece = str::from_utf8(&rest[8..8 + length]).unwrap();
        // Spaces are written as SentencePiece writes them.
        pieces.push(piece.replace(' ', "\u{2581}"));
        rest = &rest[8 + length..];
    }
    let kinds = (0..512).map(|token| match token {
        0 => 2,
        1 | 2 => 3,
        3..259 => 6,
        _ => 1,
    });
    file.entry("tokenizer.ggml.model", Value::Text("llama"));
    file.entry("tokenizer.ggml.tokens", Value::Texts(pieces));
    file.entry("tokenizer.ggml.scores", Value::Numbers(scores));
    file.entry(
        "tokenizer.ggml.token_type",
        Value::Integers(kinds.collect()),
    );
    file.entry("tokenizer.ggml.bos_token_id", Value::Size(1));
    file.entry("tokenizer.ggml.eos_token_id", Value::Size(2));

    let weights = std::fs::read(folder.join("stories260K.bin")).unwrap();
    let mut rest = &weights[28..];
    let mut take = |name: &str, blocks: usize, axes: &[u64]| {
        for block in 0..blocks {
            let bytes;
            (bytes, rest) = rest.split_at(4 * axes.iter().product::<u64>() as usize);
            let name = name.replace('#', &block.to_string());
            file.tensor(&format!("{name}.weight"), axes, 0, bytes.to_vec());
        }
    };
    take("token_embd", 1, &[64, 512]);
    take("blk.#.attn_norm", 5, &[64]);
    take("blk.#.attn_q", 5, &[64, 64]);
    take("blk.#.attn_k", 5, &[64, 32]);
    take("blk.#.attn_v", 5, &[64, 32]);
    take("blk.#.attn_output", 5, &[64, 64]);
    take("blk.#.ffn_norm", 5, &[64]);
    take("blk.#.ffn_gate", 5, &[64, 172]);
    take("blk.#.ffn_down", 5, &[172, 64]);
    take("blk.#.ffn_up", 5, &[64, 172]);
    take("output_norm", 1, &[64]);
    file.bytes()
}
