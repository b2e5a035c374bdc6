//! Where tests find files that the repository does not hold.
#![allow(clippy::print_stdout, reason = "a test that skips says so")]

use std::path::PathBuf;

/// A file below the directory `QUALM_DATA`, `None` (said on standard output) when the variable is
/// unset and nobody insists.
///
/// # Panics
/// With `QUALM_REQUIRE_DATA=1`, when the variable is unset or the file is missing.
pub(crate) fn data_file(name: &str) -> Option<PathBuf> {
    let required = std::env::var("QUALM_REQUIRE_DATA").is_ok_and(|value| value == "1");
    let file = std::env::var_os("QUALM_DATA").map(|folder| PathBuf::from(folder).join(name));
    let found = file.filter(|file| file.exists());
    assert!(
        found.is_some() || !required,
        "QUALM_REQUIRE_DATA=1, but there is no {name} below QUALM_DATA"
    );
    if found.is_none() {
        println!("skipped: set QUALM_DATA to a directory that holds {name}");
    }
    found
}
