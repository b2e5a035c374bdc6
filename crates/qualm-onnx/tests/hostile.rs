//! Every kind of bad model is one sentence that names the file and what to do.

use std::fs;
use std::path::Path;

use qualm_onnx::{HeadSearch, Model, OnnxError};

fn corpus(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(name),
    )
    .unwrap()
}

fn sentence(error: &OnnxError) -> String {
    let message = error.to_string();
    assert!(!message.contains('\n') && message.len() < 400, "{message}");
    message
}

#[track_caller]
fn refused(bytes: Vec<u8>, words: &str) {
    let outcome = Model::from_bytes("bad.onnx", bytes)
        .and_then(|model| HeadSearch::of(&model)?.choose(&model, None));
    let message = sentence(&outcome.expect_err("this is a bad model"));
    assert!(message.starts_with("bad.onnx"), "{message}");
    assert!(message.contains(words), "`{words}` is not in: {message}");
}

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(bytes);
    field
}

#[test]
fn what_is_no_model_is_told_so() {
    refused(Vec::new(), "no ONNX model");
    refused(b"PK\x03\x04 a zip archive".to_vec(), "no ONNX model");
    refused(vec![0xff; 100], "longer than ten bytes");
    let graph = field(7, b"");
    refused(graph.clone(), "no outputs");
    refused([graph.clone(), graph].concat(), "second graph");
}

#[test]
fn lengths_that_promise_too_much_are_refused_before_anything_is_allocated() {
    // A graph of four exabytes.
    refused(
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x3f".to_vec(),
        "promises more bytes",
    );
    // A weight of 2^62 numbers, of which none is there.
    let tensor = [
        b"\x08\x80\x80\x80\x80\x08\x08\x80\x80\x80\x80\x08\x10\x01".to_vec(),
        field(8, b"w"),
    ]
    .concat();
    let node = [
        field(1, b"x"),
        field(1, b"w"),
        field(2, b"y"),
        field(4, b"Gemm"),
    ]
    .concat();
    let graph = [
        field(1, &node),
        field(5, &tensor),
        field(12, &field(1, b"y")),
    ]
    .concat();
    refused(
        field(7, &graph),
        "holds 0 numbers where its shape promises 4611686018427387904",
    );
}

#[test]
fn graphs_are_nested_to_a_depth_that_is_known() {
    let mut graph = Vec::new();
    for _ in 0..10_000 {
        // graph.node.attribute.graph
        graph = field(1, &field(5, &field(6, &graph)));
    }
    refused(field(7, &graph), "nested more than 16 deep");
}

#[test]
fn a_circle_of_nodes_ends() {
    let node = |from: &[u8], to: &[u8]| {
        field(
            1,
            &[field(1, from), field(2, to), field(4, b"Identity")].concat(),
        )
    };
    let graph = [
        node(b"a", b"b"),
        node(b"b", b"a"),
        field(12, &field(1, b"a")),
    ]
    .concat();
    refused(field(7, &graph), "circle");
}

#[test]
fn external_data_stays_in_the_models_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("models");
    fs::create_dir(&inside).unwrap();
    fs::write(folder.path().join("outside.data"), corpus("outside.data")).unwrap();
    let path = inside.join("model.onnx");
    let say = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let model = Model::open(&path).unwrap();
        HeadSearch::of(&model)
            .map(|_| ())
            .map_err(|error| sentence(&error))
    };
    let model = corpus("outside.onnx");
    assert!(say(&model).unwrap_err().contains("open failed"));

    fs::copy(
        folder.path().join("outside.data"),
        inside.join("outside.data"),
    )
    .unwrap();
    say(&model).unwrap();
    fs::write(inside.join("outside.data"), [0; 20]).unwrap();
    assert!(say(&model).unwrap_err().contains("which holds 20 bytes"));

    // Names of one length, so that the bytes around stay right.
    let renamed = |name: &[u8; 12]| {
        let at = model
            .windows(12)
            .position(|w| w == b"outside.data")
            .unwrap();
        let mut bytes = model.clone();
        bytes[at..at + 12].copy_from_slice(name);
        bytes
    };
    for name in [b"../outs.data", b"/etc/passwd0", b"a/../../b.da"] {
        assert!(
            say(&renamed(name))
                .unwrap_err()
                .contains("not below the model's folder")
        );
    }
    #[cfg(unix)]
    {
        fs::remove_file(inside.join("outside.data")).unwrap();
        std::os::unix::fs::symlink("../outside.data", inside.join("outside.data")).unwrap();
        assert!(say(&model).unwrap_err().contains("leads out"));
    }
    let in_memory = Model::from_bytes("memory.onnx", model).unwrap();
    let error = HeadSearch::of(&in_memory).unwrap_err();
    assert!(sentence(&error).contains("open the model's file"));
}
