use std::fmt;

use super::damaged;
use crate::DataError;
use crate::bytes::Bytes;

/// Runs a step of the Parquet library, which panics on some damaged files. What it worked on is
/// dropped unseen after that, so nothing half-changed is used again; the error is all that is said
/// of it.
pub(super) fn contained<T, E: fmt::Display>(
    bytes: &Bytes,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    match crate::contained(step) {
        Some(done) => done.map_err(|error| damaged(bytes, error)),
        None => Err(damaged(bytes, "its pages make no sense")),
    }
}
