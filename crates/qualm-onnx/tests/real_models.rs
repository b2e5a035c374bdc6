//! The heads of models that other people trained.

mod common;

use std::path::Path;

use qualm_onnx::{HeadKind, HeadSearch, LinearHead, Model};

fn found(path: &Path) -> LinearHead {
    let model = Model::open(path).unwrap();
    HeadSearch::of(&model)
        .unwrap()
        .choose(&model, None)
        .unwrap()
}

fn shape(head: &LinearHead) -> (HeadKind, usize, usize) {
    (head.kind, head.head.classes(), head.head.dim())
}

#[test]
fn efficientnet_lite0() {
    let Some(path) = common::data("data/efficientnet_lite0/efficientnet_lite0.onnx") else {
        return;
    };
    let head = found(&path);
    assert_eq!(shape(&head), (HeadKind::Gemm, 1000, 1280));
    assert_eq!(
        (head.features.as_str(), head.logits.as_str()),
        ("features", "logits")
    );
    // Its other output, the features, comes from no linear layer.
    let model = Model::open(&path).unwrap();
    let ends = HeadSearch::of(&model).unwrap().dead_ends;
    assert!(ends.len() == 1 && ends[0].found.starts_with("GlobalAveragePool"));
}

#[test]
fn resnet8() {
    let Some(path) = common::data("data/resnet8_cifar10/resnet8_cifar10.onnx") else {
        return;
    };
    let head = found(&path);
    assert_eq!(shape(&head), (HeadKind::Gemm, 10, 64));
    let stored = common::data("data/resnet8_cifar10/features.safetensors").unwrap();
    let spec = format!("{}:weight=head.weight,bias=head.bias", stored.display());
    assert_eq!(head.head, qualm_data::Head::open(&spec).unwrap());
}

#[test]
fn magika() {
    let Some(path) = common::magika() else { return };
    let head = found(&path);
    assert_eq!(shape(&head), (HeadKind::MatMul, 214, 512));
    assert!(head.logits.ends_with("Dense_1/AddV2:0"), "{}", head.logits);
}
