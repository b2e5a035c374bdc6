//! Features and logits are those of the real ONNX Runtime, recorded by tests/onnxruntime/record.py
//! at the root of this project.
#![cfg(feature = "run")]

mod common;

use std::path::Path;

use qualm_data::{FeatureSet, MemorySet, TensorFile};
use qualm_onnx::{ExtractOptions, Extraction, HeadSearch, Inputs, Model, RuntimeOptions, Session};

/// The numbers of record.py: Knuth's MMIX generator, upper 24 bits, below `largest`.
fn seeded(count: usize, largest: f64) -> impl Iterator<Item = f32> {
    let mut state = 1u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / f64::from(1 << 24) * largest) as f32
    })
    .take(count)
}

fn npy(path: &Path, shape: &[usize], numbers: impl Iterator<Item = f32>) {
    let shape: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(numbers.flat_map(f32::to_le_bytes));
    std::fs::write(path, bytes).unwrap();
}

/// Largest difference over the spread of the recorded numbers.
fn difference(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let n = theirs.len() as f64;
    let mean = theirs.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let variance = theirs
        .iter()
        .map(|&x| (f64::from(x) - mean).powi(2))
        .sum::<f64>()
        / n;
    let largest = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| f64::from((a - b).abs()));
    largest.fold(0.0, f64::max) / variance.sqrt()
}

fn agrees(model: &Path, name: &str, shape: &[usize], numbers: Vec<f32>) {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows.npy");
    npy(&rows, &[&[4], shape].concat(), numbers.into_iter());

    let model = Model::open(model).unwrap();
    let head = HeadSearch::of(&model)
        .unwrap()
        .choose(&model, None)
        .unwrap();
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnxruntime");
    let recorded = recorded.join(format!("{name}.npz"));
    let theirs = FeatureSet::open(recorded.to_str().unwrap()).unwrap();
    let theirs = MemorySet::read(&theirs).unwrap();
    for kind in common::runtimes() {
        let session = Session::new(&model, &head, RuntimeOptions { kind, threads: 2 }).unwrap();
        let inputs = Inputs::Tensor(TensorFile::open(rows.to_str().unwrap()).unwrap());
        // Four rows in batches of three: the last one is short.
        let options = ExtractOptions {
            batch: 3,
            ..ExtractOptions::default()
        };
        let extraction = Extraction::new("rows", &session, inputs, options).unwrap();
        let ours = MemorySet::read(&extraction).unwrap();
        for (what, ours, theirs) in [
            ("features", &ours.rows().features, &theirs.rows().features),
            ("logits", &ours.rows().logits, &theirs.rows().logits),
        ] {
            let difference = difference(ours, theirs);
            assert!(
                difference < 1e-4,
                "{name} in {kind:?}: {what} differ by {difference:e}"
            );
        }
    }
    // And the head that was found makes these logits of these features.
    let features = theirs.rows().features.chunks(head.head.dim());
    for (features, logits) in features.zip(theirs.rows().logits.chunks(head.head.classes())) {
        for (class, logit) in logits.iter().enumerate() {
            let weight = &head.head.weight()[class * features.len()..][..features.len()];
            let product: f64 = weight
                .iter()
                .zip(features)
                .map(|(&w, &x)| f64::from(w) * f64::from(x))
                .sum();
            let found = product + f64::from(head.head.bias()[class]);
            assert!((found - f64::from(*logit)).abs() < 1e-3, "{found} {logit}");
        }
    }
}

#[test]
fn efficientnet_lite0() {
    if let Some(model) = common::data("data/efficientnet_lite0/efficientnet_lite0.onnx") {
        let numbers = seeded(4 * 3 * 224 * 224, 2.0).map(|x| x - 1.0).collect();
        agrees(&model, "efficientnet_lite0", &[3, 224, 224], numbers);
    }
}

#[test]
fn resnet8() {
    if let Some(model) = common::data("data/resnet8_cifar10/resnet8_cifar10.onnx") {
        let numbers = seeded(4 * 3 * 32 * 32, 256.0).collect();
        agrees(&model, "resnet8_cifar10", &[3, 32, 32], numbers);
    }
}

#[test]
fn magika() {
    if let Some(model) = common::magika() {
        let numbers = seeded(4 * 2048, 256.0).map(f32::trunc).collect();
        agrees(&model, "magika", &[2048], numbers);
    }
}
