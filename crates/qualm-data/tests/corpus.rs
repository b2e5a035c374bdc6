//! Every file of the fuzz corpus, and every cut of it, is read or refused without a panic.

mod exercise;

use std::fs;
use std::path::Path;

fn replay(folder: &Path, file: &dyn Fn(&[u8])) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += replay(&path, file);
        } else {
            file(&fs::read(path).unwrap());
            count += 1;
        }
    }
    count
}

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

#[test]
fn the_corpus_is_read_or_refused() {
    let count = replay(&corpus(), &|bytes| {
        exercise::feature_set(bytes);
        exercise::head(bytes);
    });
    assert!(count >= 30, "only {count} files");
}

#[test]
fn every_cut_of_the_corpus_is_read_or_refused() {
    replay(&corpus(), &|bytes| {
        for end in 0..bytes.len().min(3000) {
            exercise::feature_set(&bytes[..end]);
        }
    });
}

#[test]
fn every_flipped_byte_of_the_corpus_is_read_or_refused() {
    replay(&corpus(), &|bytes| {
        let mut bytes = bytes.to_vec();
        for at in 0..bytes.len().min(3000) {
            for flip in [0x01, 0x80, 0xff] {
                bytes[at] ^= flip;
                exercise::feature_set(&bytes);
                exercise::head(&bytes);
                bytes[at] ^= flip;
            }
        }
    });
}
