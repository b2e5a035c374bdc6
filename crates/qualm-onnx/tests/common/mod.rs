//! Files that are not in the repository.
#![allow(clippy::print_stdout, reason = "a test that skips says so")]
#![allow(dead_code, reason = "each test takes some of these")]

use std::path::PathBuf;

/// A file below the folder `QUALM_DATA`; `None`, with a line that says so, where the variable is
/// unset.
///
/// # Panics
/// Where `QUALM_REQUIRE_DATA=1` and the file is not there.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let file = std::env::var_os("QUALM_DATA").map(|folder| PathBuf::from(folder).join(name));
    if let Some(file) = file.filter(|file| file.exists()) {
        return Some(file);
    }
    assert!(
        std::env::var_os("QUALM_REQUIRE_DATA").is_none_or(|required| required != "1"),
        "QUALM_REQUIRE_DATA=1, but there is no {name} below QUALM_DATA"
    );
    println!("skipped: set QUALM_DATA to a folder that holds {name}");
    None
}

/// Magika's model, which `QUALM_MAGIKA` names; it is in no folder of test data.
pub(crate) fn magika() -> Option<PathBuf> {
    let file = std::env::var_os("QUALM_MAGIKA").map(PathBuf::from);
    if file.is_none() {
        println!("skipped: set QUALM_MAGIKA to the model.onnx of magika (docs/data.md)");
    }
    file
}

/// The runtimes at hand: ONNX Runtime where its library is named.
#[cfg(feature = "run")]
pub(crate) fn runtimes() -> Vec<qualm_onnx::RuntimeKind> {
    use qualm_onnx::RuntimeKind::{OnnxRuntime, Rten};
    if std::env::var_os("ORT_DYLIB_PATH").is_some() && cfg!(feature = "ort") {
        return vec![Rten, OnnxRuntime];
    }
    println!("without ONNX Runtime: it needs the feature `ort` and ORT_DYLIB_PATH");
    vec![Rten]
}
