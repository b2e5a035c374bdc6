//! Arbitrary bytes as a file of texts.
#![no_main]

use std::sync::LazyLock;

#[path = "../../crates/qualm-text/tests/exercise/mod.rs"]
mod exercise;

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for files of this program's own"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exercise::texts(FOLDER.path(), bytes));
