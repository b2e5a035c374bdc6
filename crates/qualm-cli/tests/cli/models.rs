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

#[test]
fn attach_writes_a_model_that_says_when_it_doubts() {
    let desk = Desk::with_model();
    desk.put("model.onnx", head_model(&made::head()));
    let error = desk.refuses("model attach model.onnx model.qualm -o safer.onnx");
    says(&error, &["3 detectors, vim, knn, msp", "--method"]);
    let ran = desk.ok("model attach model.onnx model.qualm --method vim -o safer.onnx");
    says(
        &ran.stderr,
        &["vim with 200 reference rows", "wrote safer.onnx"],
    );
    let json = desk.ok("model inspect safer.onnx --json").json();
    let outputs: Vec<_> = json["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["name"])
        .collect();
    assert_eq!(outputs, ["logits", "ood_score", "ood_p_value", "ood_flag"]);
    // The head is found in it as before.
    assert_eq!(json["head"]["node"], "head");

    let refused = |line: &str, words: &[&str]| says(&desk.refuses(line), words);
    refused(
        "model attach safer.onnx model.qualm --method vim -o x.onnx",
        &["knows the name `ood_score` already"],
    );
    refused(
        "model attach model.onnx model.qualm --method gen -o x.onnx",
        &["no detector `gen`, but vim, knn, msp"],
    );
    refused(
        "model attach model.onnx model.qualm --method vim --false-alarms 5 -o x.onnx",
        &["no share"],
    );
    let few = desk
        .ok("model attach model.onnx model.qualm --method msp --false-alarms 0.001 -o few.onnx");
    says(&few.stderr, &["no input can be flagged at 0.001"]);

    let mut weight = made::head().weight().to_vec();
    weight[0] += 0.5;
    let other = Head::new(weight, made::head().bias().to_vec(), made::DIM).unwrap();
    desk.put("other.onnx", head_model(&other));
    refused(
        "model attach other.onnx model.qualm --method vim -o x.onnx",
        &["other.onnx", "not the one that the bundle was fitted with"],
    );
    let small = Head::new(vec![1.0; 8], vec![0.0; 2], 4).unwrap();
    desk.put("small.onnx", head_model(&small));
    refused(
        "model attach small.onnx model.qualm --method vim -o x.onnx",
        &["2 classes and 4 features"],
    );
    desk.ok("fit --train train.npz --head head.npz --hold-back 0 --methods vim -o bare.qualm");
    refused(
        "model attach model.onnx bare.qualm -o x.onnx",
        &["no reference", "qualm calibrate"],
    );
}
