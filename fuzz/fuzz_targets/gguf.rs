//! Arbitrary bytes as a language model.
#![no_main]

use std::sync::LazyLock;

#[path = "../../crates/qualm-text/tests/lm/exercise.rs"]
mod exercise;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for files of this program's own"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = exercise::model(FOLDER.path(), bytes);
});
