//! Sentence vectors of a real encoder, all-MiniLM-L6-v2.
#![cfg(feature = "run")]
#![allow(clippy::print_stdout, reason = "a test that skips says so")]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use qualm_data::{FeatureSet, KeyColumn, MemorySet, Source};
use qualm_onnx::{
    ExtractOptions, Extraction, Model, RuntimeOptions, TextFeatures, TextSession, encoder_model,
};
use qualm_text::{Pool, TextColumns, Texts, Tokenizer};

/// The folder of all-MiniLM-L6-v2, which `QUALM_MINILM` names; it is in no folder of test data.
fn minilm() -> Option<PathBuf> {
    let folder = std::env::var_os("QUALM_MINILM").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: set QUALM_MINILM to the folder of all-MiniLM-L6-v2 (docs/data.md)");
    }
    folder
}

/// Vectors of unit length of the texts of a file.
fn vectors(minilm: &Path, texts: &Path) -> MemorySet {
    let model = Model::from_bytes("minilm", encoder_model(minilm).unwrap()).unwrap();
    let features = Some(TextFeatures::Pooled(Pool::Mean));
    let session = TextSession::new(
        &model,
        features,
        None,
        None,
        true,
        RuntimeOptions::with_threads(2),
    )
    .unwrap();
    let texts = Texts::open(texts, &TextColumns::default()).unwrap();
    let tokenizer = Tokenizer::open(&minilm.join("tokenizer.json"), Some(256)).unwrap();
    let extraction = Extraction::of_texts(session, texts, tokenizer, ExtractOptions::default());
    assert_eq!(extraction.schema().dim, Some(384));
    MemorySet::read(&extraction).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn cosines_are_those_of_the_model_card() {
    let Some(minilm) = minilm() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.txt");
    let texts = "That is a happy person\nThat is a very happy person\nToday is a sunny day\n";
    std::fs::write(&path, texts).unwrap();
    let set = vectors(&minilm, &path);
    let rows: Vec<&[f32]> = set.rows().features.chunks(384).collect();
    for (row, wanted) in [(1, 0.9429), (2, 0.2569)] {
        let found = cosine(rows[0], rows[row]);
        assert!((found - wanted).abs() < 1e-3, "{found} {wanted}");
    }
}

/// The text of a row of one part of CLINC150.
fn clinc150(path: PathBuf, part: &str) -> Vec<String> {
    let whole: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let rows = whole[part].as_array().unwrap().iter();
    rows.map(|row| row[0].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn vectors_are_those_that_numpy_recorded() {
    let (Some(minilm), Some(recorded), Some(texts)) = (
        minilm(),
        common::data("data/clinc150_minilm/embeddings.safetensors"),
        common::data("data/clinc150/data_full.json"),
    ) else {
        return;
    };
    let spec = format!(
        "{}:features=oos_test.embedding,labels=,ids=",
        recorded.display()
    );
    let recorded = MemorySet::read(&FeatureSet::open(&spec).unwrap()).unwrap();
    let mut lines = String::new();
    let texts = clinc150(texts, "oos_test");
    for (row, text) in texts.iter().enumerate().take(300) {
        let line = serde_json::json!({ "text": text, "id": row, "label": -1 });
        writeln!(lines, "{line}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.jsonl");
    std::fs::write(&path, lines).unwrap();
    let set = vectors(&minilm, &path);
    assert_eq!(set.rows().labels, [-1; 300]);
    let KeyColumn::Text(ids) = &set.rows().ids else {
        panic!("ids are texts")
    };
    assert!(
        ids.iter()
            .enumerate()
            .all(|(row, id)| *id == row.to_string())
    );
    let pairs = set
        .rows()
        .features
        .chunks(384)
        .zip(recorded.rows().features.chunks(384));
    for (row, (ours, theirs)) in pairs.enumerate() {
        // Recorded as halves, without any padding.
        let largest = ours
            .iter()
            .zip(theirs)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(largest < 2e-4, "row {row}: {largest}");
    }
}
