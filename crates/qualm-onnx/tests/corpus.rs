//! Every model of the fuzz corpus, every cut of it and every flipped byte is read or refused
//! without a panic.

mod exercise;

use std::fs;
use std::path::Path;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut models: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "onnx")
        })
        .collect();
    models.sort();
    assert!(models.len() >= 10, "only {} models", models.len());
    models.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_corpus_and_every_cut_of_it_is_read_or_refused() {
    for model in corpus() {
        for end in 0..=model.len() {
            exercise::model(&model[..end]);
        }
    }
}

#[test]
fn every_flipped_byte_of_the_corpus_is_read_or_refused() {
    for mut model in corpus() {
        for at in 0..model.len() {
            for flip in [0x01, 0x08, 0x80, 0xff] {
                model[at] ^= flip;
                exercise::model(&model);
                model[at] ^= flip;
            }
        }
    }
}
