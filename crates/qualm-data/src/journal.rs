use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::DataError;

/// Results on disk, a line of JSON each, written as they come: what long work that was ended has
/// done, the next run need not do.
///
/// ```
/// use qualm_data::Journal;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("results.jsonl");
/// let (journal, known) = Journal::<u32>::open(&path, false)?;
/// assert!(known.is_empty());
/// journal.keep(&17)?;
/// let (_, known) = Journal::<u32>::open(&path, true)?;
/// assert_eq!(known, [17]);
/// // What stands there is not written over.
/// assert!(Journal::<u32>::open(&path, false).is_err());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug)]
pub struct Journal<T> {
    path: PathBuf,
    file: Mutex<File>,
    entries: PhantomData<fn(&T)>,
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Begins a journal, or goes on with the one that stands there where `resume` is set. A last
    /// line that was cut off in the middle is dropped; nothing else of it is touched.
    ///
    /// # Errors
    /// When the file cannot be read or written, a line before the last is no such result, or a
    /// journal stands there and is not to be gone on with.
    pub fn open(path: &Path, resume: bool) -> Result<(Self, Vec<T>), DataError> {
        let wrong = |problem: String| DataError::malformed(path.display().to_string(), problem);
        let written = match fs::read_to_string(path) {
            Ok(text) if !resume && !text.is_empty() => {
                let problem = "a journal stands here; go on with it by `--resume`, or name \
                               another folder";
                return Err(wrong(problem.to_owned()));
            }
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(DataError::io(path, "read", error)),
        };
        let mut known = Vec::new();
        let mut whole = 0;
        for (line, number) in written.split_inclusive('\n').zip(1..) {
            let Some(entry) = line.strip_suffix('\n') else {
                break;
            };
            let entry = serde_json::from_str(entry);
            known.push(entry.map_err(|error| wrong(format!("line {number}: {error}")))?);
            whole += line.len();
        }
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| DataError::io(path, "open", error))?;
        file.set_len(whole as u64)
            .map_err(|error| DataError::io(path, "write", error))?;
        let journal = Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            entries: PhantomData,
        };
        Ok((journal, known))
    }

    /// Adds a result.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, entry: &T) -> Result<(), DataError> {
        let io = |error| DataError::io(&self.path, "write", error);
        let mut line = serde_json::to_string(entry).map_err(|error| io(error.into()))?;
        line.push('\n');
        let mut file = match self.file.lock() {
            Ok(file) => file,
            Err(poisoned) => poisoned.into_inner(),
        };
        file.write_all(line.as_bytes()).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_in_the_middle_is_dropped_and_another_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        fs::write(&path, "1\n2\n3").unwrap();
        let (journal, known) = Journal::<u32>::open(&path, true).unwrap();
        assert_eq!(known, [1, 2]);
        journal.keep(&4).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n4\n");
        fs::write(&path, "1\nx\n3\n").unwrap();
        let error = Journal::<u32>::open(&path, true).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        let error = Journal::<u32>::open(&path, false).unwrap_err().to_string();
        assert!(error.contains("--resume"), "{error}");
    }
}
