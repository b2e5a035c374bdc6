use std::path::PathBuf;

use thiserror::Error;

/// What can be wrong with a feature set, a head or a file that should hold one.
///
/// Every message is one sentence that names the file, row or array and says what to do.
///
/// ```
/// use qualm_data::{DataError, Head};
/// let error = Head::new(vec![1.0, f32::NAN], vec![0.0], 2).unwrap_err();
/// assert!(matches!(error, DataError::NotFinite { row: 0, column: 1, .. }));
/// assert!(error.to_string().starts_with("head: row 0 holds NaN in `weight` column 1"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused to open, read or write.
    #[error("{}: {action} failed: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: "open", "read", "write" ...
        action: &'static str,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file is not what its format promises.
    #[error("{origin}: {problem}")]
    Malformed {
        /// The file or stream, with the array where one is meant.
        origin: String,
        /// One clause that says what is wrong and what to do.
        problem: String,
    },
    /// An array that was asked for is not there.
    #[error(
        "{origin}: no array named `{wanted}`; the file holds {found} (rename with {origin}:{role}=NAME)"
    )]
    MissingArray {
        /// The file.
        origin: String,
        /// The name looked for.
        wanted: String,
        /// What the array would have been used as, e.g. `features`.
        role: &'static str,
        /// The names that are there, comma separated.
        found: String,
    },
    /// A number is NaN or infinite.
    #[error(
        "{origin}: row {row} holds {value} in `{array}` column {column}; remove the row or mend the model that made it"
    )]
    NotFinite {
        /// The file.
        origin: String,
        /// Row, counted from 0 over the whole feature set.
        row: u64,
        /// `features`, `logits`, `weight` or `bias`.
        array: &'static str,
        /// Column, counted from 0.
        column: usize,
        /// The value as printed, `NaN`, `inf` or `-inf`.
        value: f32,
    },
    /// Two things that must agree in shape do not.
    #[error("{0}")]
    Shape(String),
}

impl DataError {
    /// A file that is not what its format promises.
    pub fn malformed(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed {
            origin: origin.into(),
            problem: one_line(problem.into()),
        }
    }

    /// The same error about numbers that came from `origin`.
    pub(crate) fn with_origin(mut self, file: &str) -> Self {
        if let Self::NotFinite { origin, .. } = &mut self {
            *origin = file.to_owned();
        }
        self
    }

    /// An error of the operating system about `path`.
    pub fn io(path: impl Into<PathBuf>, action: &'static str, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            action,
            source,
        }
    }
}

/// What a file says, made fit for an error of one line: control characters as escapes, and no more
/// than 600 characters of it.
///
/// ```
/// assert_eq!(qualm_data::one_line("no column `a\nb`".to_owned()), "no column `a\\nb`");
/// assert!(qualm_data::one_line("x".repeat(1000)).ends_with("xx..."));
/// ```
pub fn one_line(text: String) -> String {
    const LONGEST: usize = 600;
    let long = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    if long.is_none() && !text.contains(char::is_control) {
        return text;
    }
    let mut line = String::with_capacity(text.len().min(4 * LONGEST));
    for character in text[..long.unwrap_or(text.len())].chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    if long.is_some() {
        line.push_str("...");
    }
    line
}
