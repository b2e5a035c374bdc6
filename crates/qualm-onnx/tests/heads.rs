//! The head is found however an exporter wrote it, and what is no head is said to be none.

use std::path::Path;

use qualm_onnx::{
    Additions, Attribute, Axis, Element, HeadKind, HeadSearch, Layout, LinearHead, Model,
};

fn corpus(name: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    Model::open(&folder.join(format!("{name}.onnx"))).unwrap()
}

fn found(model: &Model) -> LinearHead {
    HeadSearch::of(model).unwrap().choose(model, None).unwrap()
}

fn refusal(model: &Model, wanted: Option<&str>) -> String {
    let search = HeadSearch::of(model).unwrap();
    search.choose(model, wanted).unwrap_err().to_string()
}

#[test]
fn one_head_is_found_in_ten_spellings() {
    for (name, kind, features, logits, layout) in [
        ("gemm", HeadKind::Gemm, "x", "y", Layout::Rows),
        ("gemm_scaled", HeadKind::Gemm, "x", "y", Layout::Rows),
        ("gemm_columns", HeadKind::Gemm, "x", "y", Layout::Columns),
        ("matmul_add", HeadKind::MatMul, "x", "logits", Layout::Rows),
        ("half", HeadKind::MatMul, "x", "y", Layout::Rows),
        ("conv", HeadKind::Conv, "x", "c", Layout::Channels),
        ("old", HeadKind::Gemm, "x", "y", Layout::Rows),
        ("spelled_out", HeadKind::MatMul, "x", "l", Layout::Rows),
        ("branch", HeadKind::Gemm, "f", "y", Layout::Rows),
        ("outside", HeadKind::Gemm, "x", "y", Layout::Rows),
    ] {
        let model = corpus(name);
        assert_eq!(model.inputs().len(), 1, "{name}");
        let head = found(&model);
        assert_eq!(head.head.weight(), [1.0, 0.0, 0.5, 0.0, 1.0, 0.5], "{name}");
        assert_eq!(head.head.bias(), [0.1, -0.1], "{name}");
        assert_eq!((head.kind, head.layout), (kind, layout), "{name}");
        assert_eq!(
            (head.features.as_str(), head.logits.as_str()),
            (features, logits),
            "{name}"
        );
        let node = if name == "old" { "y" } else { "fc" };
        assert_eq!(head.node, node, "{name}");
        // The same by its name.
        let search = HeadSearch::of(&model).unwrap();
        assert_eq!(
            search.choose(&model, Some(node)).unwrap().logits,
            logits,
            "{name}"
        );
    }
}

#[test]
fn what_is_no_head_is_said_to_be_what_it_is() {
    let model = corpus("relu");
    let message = refusal(&model, None);
    assert!(
        message.contains("output `y` comes from Relu (`relu`)"),
        "{message}"
    );
    assert!(refusal(&model, Some("relu")).contains("no linear layer: Relu"));
    assert!(refusal(&model, Some("fd")).contains("no node `fd`"));
    // But it can be named.
    let search = HeadSearch::of(&model).unwrap();
    let head = search.choose(&model, Some("fc")).unwrap();
    assert_eq!((head.logits.as_str(), head.output), ("l", None));
}

#[test]
fn of_several_heads_one_is_chosen() {
    let n = Axis::Named("n".into());
    let mut graph = Additions::default();
    graph.input("x", Element::F32, &[n.clone(), Axis::Known(2)]);
    graph.floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    for (node, output) in [("first", "a"), ("second", "b")] {
        graph.node(
            "Gemm",
            node,
            &["x", "w"],
            &[output],
            &[Attribute::Float("alpha", 0.5)],
        );
        graph.output(output, Element::F32, &[n.clone(), Axis::Known(2)]);
    }
    // Probabilities of the first: the same head.
    graph.node(
        "Softmax",
        "softmax",
        &["a"],
        &["p"],
        &[Attribute::Integer("axis", -1)],
    );
    graph.output("p", Element::F32, &[n, Axis::Known(2)]);
    let model = Model::from_bytes("two.onnx", graph.into_model(13)).unwrap();
    let message = refusal(&model, None);
    assert!(
        message.contains("2 linear heads, `first` (Gemm, 2 classes from 2 features)"),
        "{message}"
    );
    let search = HeadSearch::of(&model).unwrap();
    let head = search.choose(&model, Some("second")).unwrap();
    assert_eq!(head.output.as_deref(), Some("b"));
    assert_eq!(head.head.weight(), [0.5, 1.5, 1.0, 2.0]);
    assert_eq!(head.head.bias(), [0.0, 0.0]);
}

#[test]
fn weights_that_depend_on_the_input_make_no_head() {
    let mut graph = Additions::default();
    graph.input("x", Element::F32, &[Axis::Known(2), Axis::Known(2)]);
    graph.node("MatMul", "square", &["x", "x"], &["y"], &[]);
    graph.output("y", Element::F32, &[Axis::Known(2), Axis::Known(2)]);
    let model = Model::from_bytes("square.onnx", graph.into_model(13)).unwrap();
    assert!(refusal(&model, None).contains("whose weight is no constant"));
}

#[test]
fn an_edit_keeps_every_byte() {
    let before =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/old.onnx")).unwrap();
    let model = Model::from_bytes("old.onnx", before.clone()).unwrap();
    assert_eq!(model.with(&Additions::default()), before);
    let mut additions = Additions::default();
    additions.output("z", Element::F32, &[]);
    let after = model.with(&additions);
    let edited = Model::from_bytes("edited.onnx", after.clone()).unwrap();
    assert_eq!(edited.outputs().len(), 2);
    assert_eq!(edited.producer(), model.producer());
    assert!(
        after.windows(6).any(|bytes| bytes == b"nobody"),
        "metadata stays"
    );
}
