//! Files that are not in the repository.
#![allow(clippy::print_stdout, reason = "a test that skips says so")]

use std::path::PathBuf;

use qualm_text::lm::LanguageModel;

/// stories260K's folder, below the folder `QUALM_DATA`; `None`, with a line that says so, where the
/// variable is unset.
///
/// # Panics
/// Where `QUALM_REQUIRE_DATA=1` and a file is not there.
pub(crate) fn stories_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("QUALM_DATA");
    let folder = folder.map(|folder| PathBuf::from(folder).join("data/stories260k"));
    if let Some(folder) = folder.filter(|folder| folder.exists()) {
        return Some(folder);
    }
    assert!(
        std::env::var_os("QUALM_REQUIRE_DATA").is_none_or(|required| required != "1"),
        "QUALM_REQUIRE_DATA=1, but there is no data/stories260k below QUALM_DATA"
    );
    println!("skipped: set QUALM_DATA to a folder that holds data/stories260k");
    None
}

/// stories260K, where it is at hand.
pub(crate) fn stories() -> Option<LanguageModel> {
    let folder = stories_folder()?;
    let weights = folder.join("stories260K.bin");
    Some(LanguageModel::open_stories(&weights, &folder.join("tok512.bin")).unwrap())
}

/// The file that `QUALM_SMOLLM2` names; it is in no folder of test data.
pub(crate) fn smollm2() -> Option<PathBuf> {
    let file = std::env::var_os("QUALM_SMOLLM2").map(PathBuf::from);
    if file.is_none() {
        println!("skipped: set QUALM_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf (docs/data.md)");
    }
    file
}
