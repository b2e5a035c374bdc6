//! Records to files.

use std::io::Write;
use std::path::Path;

use qualm_data::AtomicFile;

use super::Record;
use crate::ConfidenceError;

/// Writes records as JSON lines; a file that stands there is replaced once all are written.
///
/// # Errors
/// When the file cannot be written.
///
/// ```
/// use qualm_confidence::records::{Record, RecordReader, write_jsonl};
///
/// let records = [Record::from_json(r#"{"id": "q1", "correct": true}"#)?];
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a.jsonl");
/// write_jsonl(&path, &records)?;
/// let mut reader = RecordReader::default();
/// reader.jsonl(&path)?;
/// assert_eq!(reader.finish().records, records);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_jsonl(path: &Path, records: &[Record]) -> Result<(), ConfidenceError> {
    AtomicFile::save(path, |file| {
        for record in records {
            serde_json::to_writer(&mut *file, record)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })?;
    Ok(())
}
