use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
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
    /// Begins a journal, or goes on with what stands there where `resume` is set. A last line that
    /// was cut off in the middle is dropped.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a line before the last is no outcome.
    pub fn open(path: &Path, resume: bool) -> Result<(Self, Vec<Outcome>), ProxyError> {
        let fault = |error: &dyn std::fmt::Display| ProxyError::File {
            path: path.display().to_string(),
            problem: error.to_string(),
        };
        let mut known = Vec::new();
        if resume && path.exists() {
            let reader = BufReader::new(File::open(path).map_err(|error| fault(&error))?);
            let lines: Vec<String> = reader
                .lines()
                .collect::<Result<_, _>>()
                .map_err(|error| fault(&error))?;
            for (at, line) in lines.iter().enumerate() {
                match serde_json::from_str(line) {
                    Ok(outcome) => known.push(outcome),
                    Err(_) if at + 1 == lines.len() => {}
                    Err(error) => return Err(fault(&format!("line {}: {error}", at + 1))),
                }
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(path);
        let journal = Self {
            path: path.into(),
            file: Mutex::new(file.map_err(|error| fault(&error))?),
        };
        for outcome in &known {
            journal.keep(outcome)?;
        }
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
