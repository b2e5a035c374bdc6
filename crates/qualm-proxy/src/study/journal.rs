use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::outcome::Outcome;
use crate::error::ProxyError;

/// Outcomes on disk, a line of JSON each, written as they come: what a study that was ended has
/// done, the next run need not do.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Begins a journal, or goes on with the one that stands there where `resume` is set. A last line
    /// that was cut off in the middle is dropped; nothing else of it is touched.
    ///
    /// # Errors
    /// When the file cannot be read or written, a line before the last is no outcome, or a journal
    /// stands there and is not to be gone on with.
    pub fn open(path: &Path, resume: bool) -> Result<(Self, Vec<Outcome>), ProxyError> {
        let fault = |error: &dyn std::fmt::Display| ProxyError::File {
            path: path.display().to_string(),
            problem: error.to_string(),
        };
        let written = match fs::read_to_string(path) {
            Ok(text) if !resume && !text.is_empty() => {
                return Err(fault(
                    &"a study stands here; go on with it by `--resume`, or name another folder",
                ));
            }
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fault(&error)),
        };
        let mut known = Vec::new();
        let mut whole = 0;
        for (at, line) in written.split_inclusive('\n').enumerate() {
            let Some(outcome) = line.strip_suffix('\n') else {
                break;
            };
            let outcome = serde_json::from_str(outcome);
            known.push(outcome.map_err(|error| fault(&format!("line {}: {error}", at + 1)))?);
            whole += line.len();
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(path);
        let file = file.map_err(|error| fault(&error))?;
        file.set_len(whole as u64).map_err(|error| fault(&error))?;
        let journal = Self {
            path: path.into(),
            file: Mutex::new(file),
        };
        Ok((journal, known))
    }

    /// Adds an outcome.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, outcome: &Outcome) -> Result<(), ProxyError> {
        let fault = |error: &dyn std::fmt::Display| ProxyError::File {
            path: self.path.display().to_string(),
            problem: error.to_string(),
        };
        let mut line = serde_json::to_string(outcome).map_err(|error| fault(&error))?;
        line.push('\n');
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        file.write_all(line.as_bytes())
            .map_err(|error| fault(&error))
    }
}
