//! Models as ONNX files.

use qualm_data::Head;
use qualm_onnx::{Additions, Axis, Element, head_model};

use crate::desk::{Desk, says};
use crate::made;

/// A desk with `model.onnx`, which is the made-up head.
fn with_model_file() -> Desk {
    let desk = Desk::new();
    desk.put("model.onnx", head_model(&made::head()));
    desk
}

#[test]
fn inspect_shows_a_model_and_saves_its_head() {
    let desk = with_model_file();
    let ran = desk.ok("model inspect model.onnx --save-head head.npz");
    says(
        ran.text(),
        &[
            "ai.onnx 13",
            "f32 n x 8",
            "1 Gemm",
            "3 classes from 8 features",
        ],
    );
    says(&ran.stderr, &["wrote head.npz"]);
    let saved = Head::open(desk.path("head.npz").to_str().unwrap()).unwrap();
    assert_eq!(saved, made::head());

    let json = desk.ok("model inspect model.onnx --json").json();
    assert_eq!(json["head"]["node"], "head");
    assert_eq!(json["head"]["dim"], made::DIM);
    assert_eq!(json["inputs"][0]["shape"], serde_json::json!(["n", 8]));
    assert_eq!(json["opsets"]["ai.onnx"], 13);
    assert!(json["no_head"].is_null());
}

#[test]
fn inspect_says_what_stands_where_a_head_was_looked_for() {
    let desk = with_model_file();
    let rows = [Axis::Named("n".into()), Axis::Known(3)];
    let mut graph = Additions::default();
    graph.node("Relu", "last", &["logits"], &["y"], &[]);
    graph.output("y", Element::F32, &rows);
    let model = qualm_onnx::Model::open(&desk.path("model.onnx")).unwrap();
    desk.put("both.onnx", model.with(&graph));
    // One of two outputs leads to a head, which is then the one.
    desk.ok("model inspect both.onnx --save-head head.npz");

    let mut graph = Additions::default();
    graph.input("x", Element::F32, &rows);
    graph.node("Relu", "last", &["x"], &["y"], &[]);
    graph.output("y", Element::F32, &rows);
    desk.put("relu.onnx", graph.into_model(13));
    let ran = desk.ok("model inspect relu.onnx");
    says(ran.text(), &["no linear head", "Relu (`last`)"]);
    let error = desk.refuses("model inspect relu.onnx --save-head none.npz");
    says(&error, &["relu.onnx", "no linear head"]);
    let error = desk.refuses("model inspect model.onnx --head tail");
    says(&error, &["model.onnx", "no node `tail`"]);
}

#[test]
fn what_is_no_model_is_refused() {
    let desk = Desk::with_sets();
    for (file, words) in [
        ("train.npz", "no ONNX model"),
        ("missing.onnx", "missing.onnx"),
        (".", "no regular file"),
    ] {
        says(&desk.refuses(&format!("model inspect {file}")), &[words]);
    }
}

#[cfg(feature = "run-models")]
#[test]
fn extract_runs_a_model_and_fit_takes_what_comes_out() {
    let desk = Desk::with_sets();
    desk.put("model.onnx", head_model(&made::head()));
    let ran = desk.ok("model extract model.onnx train.npz --batch 7 -o set.safetensors");
    says(
        &ran.stderr,
        &["600 rows, 8 features, 3 logits", "wrote set.safetensors"],
    );
    // The model is a head, so its features are what it was given and its logits check out.
    let ran = desk.ok("check set.safetensors --head head.npz --json");
    assert_eq!(ran.code, Some(0));
    desk.ok("fit --train set.safetensors --head head.npz --reference val.npz --methods vim,msp -o m.qualm");
    let again =
        desk.ok("model extract model.onnx set.safetensors -o again.safetensors --batch 100");
    says(&again.stderr, &["600 rows"]);

    let error = desk.refuses("model extract model.onnx head.npz:features=bias -o x.npz");
    says(&error, &["do not fit the model's input, f32 n x 8"]);
    let error = desk.refuses("model extract model.onnx . -o x.npz");
    says(&error, &["--preset"]);
    let error = desk.refuses("model extract model.onnx . --preset raw -o x.npz");
    says(&error, &["no .jpg, .jpeg, .png or .webp"]);
    desk.put("a.png", "no picture");
    let error = desk.refuses("model extract model.onnx a.png --preset raw -o x.npz");
    says(&error, &["model.onnx", "no batch of pictures"]);
    let error = desk.refuses("model extract model.onnx train.npz --mean 1,2 -o x.npz");
    says(&error, &["write three numbers"]);
}
