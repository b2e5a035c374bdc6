//! Files of records.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Columns, Record};
use crate::ConfidenceError;

/// A longer line is not a record.
const LONGEST_LINE: u64 = 16 << 20;

/// The records of one or more files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    /// What could be read, in the order of the files.
    pub records: Vec<Record>,
    /// What could not.
    pub bad: Vec<BadLine>,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl From<BadLine> for ConfidenceError {
    fn from(bad: BadLine) -> ConfidenceError {
        ConfidenceError::line(bad.path, bad.line, bad.reason)
    }
}

impl Records {
    /// Refuses to go on if any line could not be read.
    ///
    /// # Errors
    /// [`ConfidenceError::Line`] for the first such line.
    pub fn strict(self) -> Result<Vec<Record>, ConfidenceError> {
        match self.bad.into_iter().next() {
            Some(bad) => Err(bad.into()),
            None => Ok(self.records),
        }
    }
}

/// Reads files of records, one after the other, as one collection.
///
/// ```no_run
/// use qualm_confidence::records::{Columns, RecordReader};
///
/// let mut reader = RecordReader::default();
/// reader.jsonl("monday.jsonl")?;
/// reader.csv("tuesday.csv", &"id=item,correct=is_correct,verbal_number=stated/100".parse()?)?;
/// let records = reader.finish();
/// println!("{} records, {} bad lines", records.records.len(), records.bad.len());
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Default)]
pub struct RecordReader {
    found: Records,
    files: Vec<PathBuf>,
    /// File and line of each record, by its name.
    seen: HashMap<Name, (usize, u64)>,
}

/// What names a record: model, prompt, id.
type Name = (Option<String>, Option<String>, String);

impl RecordReader {
    /// Reads a JSONL file; empty lines are passed over.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] if the file cannot be read at all; bad lines are in the result.
    pub fn jsonl(&mut self, path: impl AsRef<Path>) -> Result<(), ConfidenceError> {
        let path = path.as_ref();
        self.jsonl_from(path, BufReader::new(open(path)?))
    }

    /// The same from anything that can be read, under a name for messages.
    ///
    /// # Errors
    /// As [`RecordReader::jsonl`].
    pub fn jsonl_from(
        &mut self,
        name: impl AsRef<Path>,
        mut file: impl BufRead,
    ) -> Result<(), ConfidenceError> {
        let path = name.as_ref();
        self.files.push(path.to_owned());
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = file
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|error| ConfidenceError::file(path, format!("cannot be read: {error}")))?;
            if read == 0 {
                break;
            }
            if read as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                let reason = format!("is longer than {} MiB: is this JSONL?", LONGEST_LINE >> 20);
                return Err(ConfidenceError::line(path, number, reason));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let record = std::str::from_utf8(&line)
                .map_err(|_| "is not UTF-8".to_owned())
                .and_then(Record::from_json);
            self.add(path, number, record);
        }
        Ok(())
    }

    /// Reads a CSV file with a header; `columns` says which column holds what.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] if the file cannot be read at all or lacks a named column; bad
    /// lines are in the result.
    pub fn csv(
        &mut self,
        path: impl AsRef<Path>,
        columns: &Columns,
    ) -> Result<(), ConfidenceError> {
        let path = path.as_ref();
        let unreadable =
            |error: csv::Error| ConfidenceError::file(path, format!("cannot be read: {error}"));
        let mut file = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(BufReader::new(open(path)?));
        self.files.push(path.to_owned());
        let header = file.headers().map_err(unreadable)?.clone();
        let plan = columns
            .place(&header)
            .map_err(|reason| ConfidenceError::file(path, reason))?;
        let mut row = csv::ByteRecord::new();
        while file.read_byte_record(&mut row).map_err(unreadable)? {
            let line = row.position().map_or(0, csv::Position::line);
            let record = match csv::StringRecord::from_byte_record(std::mem::take(&mut row)) {
                Err(_) => Err("is not UTF-8".to_owned()),
                Ok(row) if row.len() == header.len() => plan.record(&row, line),
                Ok(row) => Err(format!(
                    "has {} fields and the header has {}",
                    row.len(),
                    header.len()
                )),
            };
            self.add(path, line, record);
        }
        Ok(())
    }

    /// All that was read.
    #[must_use]
    pub fn finish(self) -> Records {
        self.found
    }

    fn add(&mut self, path: &Path, line: u64, record: Result<Record, String>) {
        match record.and_then(|record| self.named(record, line)) {
            Ok(record) => self.found.records.push(record),
            Err(reason) => self.found.bad.push(BadLine {
                path: path.to_owned(),
                line,
                reason,
            }),
        }
    }

    /// Refuses a record whose name another one has.
    fn named(&mut self, record: Record, line: u64) -> Result<Record, String> {
        let name = (
            record.model.clone(),
            record.prompt_id.clone(),
            record.id.clone(),
        );
        match self.seen.entry(name) {
            Entry::Vacant(free) => {
                free.insert((self.files.len() - 1, line));
                Ok(record)
            }
            Entry::Occupied(taken) => {
                let &(file, line) = taken.get();
                Err(format!(
                    "repeats '{}' of {}, line {line}: records are named by model, prompt_id and id",
                    record.id,
                    self.files[file].display()
                ))
            }
        }
    }
}

fn open(path: &Path) -> Result<File, ConfidenceError> {
    File::open(path)
        .map_err(|error| ConfidenceError::file(path, format!("cannot be opened: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn bad_lines_are_kept_with_number_and_reason() {
        let (_folder, path) = written(
            "a.jsonl",
            b"{\"id\":\"a\"}\n\n{\"id\":\"a\"}\nnot json\n\xff\xfe\n{\"id\":\"b\"}",
        );
        let mut reader = RecordReader::default();
        reader.jsonl(&path).unwrap();
        let records = reader.finish();
        let ids: Vec<&str> = records.records.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        let lines: Vec<u64> = records.bad.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [3, 4, 5]);
        assert!(
            records.bad[0].reason.contains("repeats 'a'")
                && records.bad[0].reason.contains("line 1")
        );
        assert!(records.bad[2].reason.contains("UTF-8"));
        let refused = records.strict().unwrap_err().to_string();
        assert!(refused.contains("line 3: repeats"), "{refused}");
    }

    #[test]
    fn columns_of_csv_become_records() {
        let (_folder, path) = written(
            "a.csv",
            b"item,said,ok,topic,p0,p1\nq1,85,True,\"law,\n old\",0.5,0.5\nq2,,False,art,0,1\nq3,140,yes,art,0,1\nq4\n",
        );
        let columns = "id=item,correct=ok,verbal_number=said/100,split=topic,tag.t=topic,probs=p*";
        let mut reader = RecordReader::default();
        reader.csv(&path, &columns.parse().unwrap()).unwrap();
        let records = reader.finish();
        assert_eq!(records.records.len(), 2, "{:?}", records.bad);
        let [first, second] = &records.records[..] else {
            panic!()
        };
        assert_eq!(first.confidence[0].value, Some(0.85));
        assert_eq!(first.shift.split.as_deref(), Some("law,\n old"));
        assert_eq!(first.shift.tags["t"], "law,\n old");
        assert_eq!(first.probs, Some(vec![0.5, 0.5]));
        assert_eq!((first.correct, second.correct), (Some(true), Some(false)));
        assert_eq!(second.confidence[0].value, None);
        assert_eq!(second.confidence[0].status(), crate::Status::Absent);
        assert_eq!(
            records.bad.iter().map(|b| b.line).collect::<Vec<_>>(),
            [5, 6]
        );
        assert!(
            records.bad[0].reason.contains("1.4"),
            "{}",
            records.bad[0].reason
        );
        assert!(records.bad[1].reason.contains("1 fields"));
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let (_folder, path) = written("a.csv", b"id,ok\n");
        let mut reader = RecordReader::default();
        let refused = reader
            .csv(&path, &"correct=right".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("'right'") && refused.contains("id, ok"),
            "{refused}"
        );
    }
}
