//! What can be wrong with records, values and settings.

use std::path::{Path, PathBuf};

use qualm_data::DataError;
use qualm_stats::StatsError;
use thiserror::Error;

/// Why a file, a record or a request cannot be worked with.
///
/// ```
/// use qualm_confidence::ConfidenceError;
///
/// let error = ConfidenceError::line("answers.jsonl", 7, "has no answer");
/// assert_eq!(error.to_string(), "answers.jsonl, line 7: has no answer");
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfidenceError {
    /// A file cannot be read as what it should be.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do, one sentence without a full stop.
        reason: String,
    },
    /// One line of a file is not what it should be.
    #[error("{path}, line {line}: {reason}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it, one sentence without a full stop.
        reason: String,
    },
    /// Values or settings that nothing can be computed from.
    #[error("{0}")]
    Values(String),
    /// A model cannot be asked or gave no answer.
    #[error("{0}")]
    Model(String),
    /// Statistics refused their input.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// A file could not be written.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ConfidenceError {
    /// A file that cannot be read as what it should be.
    pub fn file(path: impl AsRef<Path>, reason: impl Into<String>) -> ConfidenceError {
        ConfidenceError::File {
            path: path.as_ref().to_owned(),
            reason: reason.into(),
        }
    }

    /// A line, counted from 1, that is not what it should be.
    pub fn line(path: impl AsRef<Path>, line: u64, reason: impl Into<String>) -> ConfidenceError {
        ConfidenceError::Line {
            path: path.as_ref().to_owned(),
            line,
            reason: reason.into(),
        }
    }
}
