//! Records to look at without a model: what SmolLM2-135M-Instruct answered to the tiny arithmetic
//! suite, and how sure it said it was.

use std::io::Cursor;

use crate::ConfidenceError;
use crate::records::{RecordReader, Records};

/// As written by `qualm confidence ask` on 2026-11-26, without samples and token probabilities (model
/// and command: `docs/confidence.md`).
const RECORDS: &str = include_str!("demo/records.jsonl");

/// The embedded records.
///
/// # Errors
/// None with the records that are embedded.
pub fn records() -> Result<Records, ConfidenceError> {
    let mut reader = RecordReader::default();
    reader.jsonl_from("the demo's records", Cursor::new(RECORDS))?;
    Ok(reader.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_read_and_graded() {
        let records = records().unwrap().strict().unwrap();
        assert!(records.len() > 100);
        assert!(records.iter().all(|record| record.correct().is_some()));
    }
}
