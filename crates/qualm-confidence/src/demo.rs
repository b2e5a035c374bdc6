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
    use crate::Kind;
    use crate::evaluate::{By, Measure, Settings, evaluate};
    use qualm_stats::Bootstrap;

    #[test]
    fn every_record_is_read_and_graded() {
        let records = records().unwrap().strict().unwrap();
        assert!(records.len() > 100);
        assert!(records.iter().all(|record| record.correct().is_some()));
    }
    /// What a pilot had led to expect of a model this small: the probability of its answer tells
    /// right from wrong, and says more than the accuracy on sums and differences.
    #[test]
    fn the_probability_of_answers_tells_right_from_wrong() {
        let records = records().unwrap().strict().unwrap();
        let settings = Settings {
            by: Some(By::Split),
            train: Some("add-subtract".into()),
            bootstrap: Bootstrap {
                resamples: 0,
                ..Bootstrap::default()
            },
            ..Settings::default()
        };
        let results = evaluate(&records, &settings).unwrap().results;
        let mut groups = 0;
        for result in results {
            if result.kind != Kind::AnswerLogprob || result.group == "all" {
                continue;
            }
            groups += 1;
            let found = result.found.unwrap();
            let [auroc, brier] =
                [Measure::Auroc, Measure::Brier].map(|m| found.measure(m).unwrap().value);
            assert!(auroc >= 0.85, "{}: {auroc}", result.group);
            assert!(brier < found.constant.brier, "{}: {brier}", result.group);
        }
        assert_eq!(groups, 2);
    }
}
