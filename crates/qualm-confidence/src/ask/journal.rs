//! What a model was asked so far, so that an interrupted run goes on where it stopped.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ConfidenceError;

/// A file of replies, one a line behind a first line that says what they are replies to.
pub struct Journal {
    path: PathBuf,
    file: File,
    replies: HashMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    reply: Value,
}

impl Journal {
    /// Opens or begins a journal. `about` is what replies depend on: a journal about something
    /// else is refused. A last line that was cut short is dropped.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] and [`ConfidenceError::Line`] for a file that cannot be read or
    /// written, or that is of another run.
    pub fn open(path: impl AsRef<Path>, about: &Value) -> Result<Journal, ConfidenceError> {
        let path = path.as_ref();
        let failed = |error: std::io::Error| ConfidenceError::file(path, error.to_string());
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            replies: HashMap::new(),
        };
        let mut lines = BufReader::new(journal.file.try_clone().map_err(failed)?);
        let mut line = Vec::new();
        let mut whole = 0;
        for number in 1.. {
            line.clear();
            let read = lines.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            journal.take(number, &line, about)?;
            whole += read as u64;
        }
        journal.file.set_len(whole).map_err(failed)?;
        if whole == 0 {
            journal.write(about)?;
        }
        Ok(journal)
    }

    fn take(&mut self, number: u64, line: &[u8], about: &Value) -> Result<(), ConfidenceError> {
        let wrong = |reason: String| ConfidenceError::line(&self.path, number, reason);
        if number == 1 {
            let found: Value =
                serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            if found != *about {
                return Err(ConfidenceError::file(
                    &self.path,
                    "holds the replies of a run with other settings: finish that one, or delete \
                     the file",
                ));
            }
            return Ok(());
        }
        let entry: Entry =
            serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        self.replies.insert(entry.key, entry.reply);
        Ok(())
    }

    /// How many replies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.replies.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// The reply under a key.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] if it is of another kind.
    pub fn reply<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ConfidenceError> {
        let Some(reply) = self.replies.get(key) else {
            return Ok(None);
        };
        serde_json::from_value(reply.clone())
            .map(Some)
            .map_err(|error| ConfidenceError::file(&self.path, format!("reply '{key}': {error}")))
    }

    /// Keeps a reply.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] if it cannot be written.
    pub fn keep(&mut self, key: &str, reply: &impl Serialize) -> Result<(), ConfidenceError> {
        let reply = serde_json::to_value(reply)
            .map_err(|error| ConfidenceError::file(&self.path, error.to_string()))?;
        self.write(&Entry {
            key: key.to_owned(),
            reply: reply.clone(),
        })?;
        self.replies.insert(key.to_owned(), reply);
        Ok(())
    }

    fn write(&mut self, entry: &impl Serialize) -> Result<(), ConfidenceError> {
        let failed = |error: String| ConfidenceError::file(&self.path, error);
        let mut line = serde_json::to_vec(entry).map_err(|error| failed(error.to_string()))?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(|error| ConfidenceError::file(&self.path, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_outlive_a_run_that_was_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.part");
        let about = json!({"seed": 1});
        let mut journal = Journal::open(&path, &about).unwrap();
        journal.keep("a", &vec![0.1, -0.25]).unwrap();
        journal.keep("b", &"text").unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let journal = Journal::open(&path, &about).unwrap();
            let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(journal.len(), ends.saturating_sub(1), "cut at {cut}");
        }
        std::fs::write(&path, &whole).unwrap();
        let journal = Journal::open(&path, &about).unwrap();
        assert_eq!(journal.reply("a").unwrap(), Some(vec![0.1, -0.25]));
        assert_eq!(journal.reply::<String>("c").unwrap(), None);
        assert!(journal.reply::<String>("a").is_err());
    }

    #[test]
    fn another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.part");
        drop(Journal::open(&path, &json!({"seed": 1})).unwrap());
        let error = Journal::open(&path, &json!({"seed": 2})).err().unwrap();
        assert!(error.to_string().contains("other settings"));
    }
}
