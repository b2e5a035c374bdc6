//! Where results go.

use std::path::Path;

use qualm_data::{AtomicFile, DataError};

/// Refuses a place that cannot be written to, before hours are spent on what should stand there.
pub(crate) fn check(path: &Path) -> Result<(), DataError> {
    AtomicFile::create(path).map(drop)
}
