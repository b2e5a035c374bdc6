//! Files of trials.

use std::io::Write;
use std::path::Path;

use qualm_data::AtomicFile;
use serde_json::json;

use super::trial::{Record, Trial, probability};
use crate::{ConfidenceError, json_lines};

/// Reads trials from a JSONL file of [`Record`]s; names beside those are passed over.
///
/// # Errors
/// [`ConfidenceError::File`] if the file cannot be read, [`ConfidenceError::Line`] for the first
/// line that is no record.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Trial>, ConfidenceError> {
    let mut trials = Vec::new();
    json_lines::read(path.as_ref(), |_, line| {
        let record: Record =
            serde_json::from_str(line).map_err(|error| json_lines::reason(&error))?;
        trials.push(record.trial()?);
        Ok(())
    })?;
    Ok(trials)
}

/// Writes trials so that [`read`] reads them; "yes" is right in every other one.
///
/// # Errors
/// [`ConfidenceError::Data`] if the file cannot be written.
pub fn write(path: impl AsRef<Path>, trials: &[Trial]) -> Result<(), ConfidenceError> {
    AtomicFile::save(path, |file| {
        for (at, trial) in trials.iter().enumerate() {
            let truth = at % 2 == 0;
            let yes = |answer: f64| probability(if truth { answer } else { -answer });
            let mut line = json!({
                "first": yes(trial.first),
                "advice": yes(trial.advice),
                "final": yes(trial.last),
                "truth": truth,
            });
            if let Some(person) = &trial.person {
                line["person"] = json!(person);
            }
            writeln!(file, "{line}")?;
        }
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Scenario;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        let mut trials = Scenario::BETTER.draw(40, 1);
        trials[3].person = Some("p".into());
        write(&path, &trials).unwrap();
        let again = read(&path).unwrap();
        assert_eq!(again.len(), 40);
        for (a, b) in again.iter().zip(&trials) {
            assert_eq!(a.person, b.person);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
            assert!(near(a.first, b.first) && near(a.advice, b.advice) && near(a.last, b.last));
        }
    }

    #[test]
    fn a_line_that_is_no_trial_is_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let good = r#"{"first": 0.5, "advice": 0.5, "final": 0.5, "truth": true, "task": 3}"#;
        writeln!(file, "{good}\n{{\"first\": 0.5}}").unwrap();
        let error = read(file.path()).unwrap_err().to_string();
        assert!(error.contains("line 2: missing field `advice`"), "{error}");
    }
}
