//! What a repair changed, measured on records that it was not fitted on.

use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use serde::Serialize;

use super::Part;
use super::of_records::{graded, labelled, largest};
use crate::ConfidenceError;
use crate::evaluate::{By, class_measures};
use crate::measures::{Binning, Levels, brier, expected_error, negative_log_likelihood};
use crate::records::Record;

/// Bins of the expected calibration error.
const BINS: usize = 15;

/// Honesty of one group of records, before or after.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Honesty {
    /// Records with a value that are graded.
    pub records: usize,
    /// The share that is right.
    pub accuracy: f64,
    /// Mean confidence.
    pub confidence: f64,
    /// Expected calibration error over 15 bins of equal width.
    pub ece: f64,
    /// Brier score; of probabilities of classes the sum over classes.
    pub brier: f64,
    /// Negative log-likelihood, clipped at 1e-6.
    pub nll: f64,
}

/// One group before and after a repair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The group.
    pub group: String,
    /// As stated.
    pub before: Honesty,
    /// As repaired.
    pub after: Honesty,
}

/// Measures the same records before and after a repair, group by group; groups without graded
/// records are left out. Records must be others than those fitted on.
///
/// # Errors
/// When records differ in their number of classes.
pub fn compare(
    before: &[Record],
    after: &[Record],
    part: Part,
    by: Option<&By>,
) -> Result<Vec<Change>, ConfidenceError> {
    let mut groups: Vec<Option<&str>> = vec![None];
    for record in before {
        let group = by.and_then(|by| by.group(record));
        if group.is_some() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut changes = Vec::new();
    for group in groups {
        let inside =
            |record: &&Record| group.is_none() || by.and_then(|by| by.group(record)) == group;
        let honesty = |records: &[Record]| honesty(records.iter().filter(inside), part);
        if let (Some(before), Some(after)) = (honesty(before)?, honesty(after)?) {
            changes.push(Change {
                group: group.unwrap_or("all").to_owned(),
                before,
                after,
            });
        }
    }
    Ok(changes)
}

fn honesty<'a>(
    records: impl Iterator<Item = &'a Record>,
    part: Part,
) -> Result<Option<Honesty>, ConfidenceError> {
    let mut rows: Vec<(&[f64], usize)> = Vec::new();
    let (confidence, correct): (Vec<f64>, Vec<bool>) = match part {
        Part::Kind(kind) => {
            let graded = graded(records, kind).into_iter();
            graded.map(|(_, value, correct)| (value, correct)).unzip()
        }
        Part::Probs => {
            rows = labelled(records)
                .into_iter()
                .map(|(_, probs, label)| (probs, label))
                .collect();
            let of_predicted = |(probs, label): &(&[f64], usize)| {
                let predicted = largest(probs);
                (probs[predicted].min(1.0), predicted == *label)
            };
            rows.iter().map(of_predicted).unzip()
        }
    };
    if confidence.is_empty() {
        return Ok(None);
    }
    let levels = Levels::new(&confidence, &correct)?;
    let (brier, nll) = match class_measures(&rows, BINS)? {
        Some(of_classes) => (of_classes.brier, of_classes.nll),
        None => (brier(&levels), negative_log_likelihood(&levels)),
    };
    Ok(Some(Honesty {
        records: correct.len(),
        accuracy: levels.total().accuracy(),
        confidence: confidence.iter().sum::<f64>() / confidence.len() as f64,
        ece: expected_error(&levels, Binning::EqualWidth(BINS)),
        brier,
        nll,
    }))
}

/// The report of a repair: a table of groups, before and after.
#[must_use]
pub fn report(title: &str, changes: &[Change]) -> Report {
    let mut table = Table::new([
        Column::text("group"),
        Column::number("records"),
        Column::number("accuracy"),
        Column::number("confidence"),
        Column::number("repaired"),
        Column::number("ECE"),
        Column::number("repaired"),
        Column::number("Brier"),
        Column::number("repaired"),
        Column::number("NLL"),
        Column::number("repaired"),
    ]);
    for Change {
        group,
        before,
        after,
    } in changes
    {
        table = table.row([
            Cell::text(group),
            Cell::number(before.records as f64, 0),
            Cell::number(after.accuracy, 4),
            Cell::number(before.confidence, 4),
            Cell::number(after.confidence, 4),
            Cell::number(before.ece, 4),
            Cell::number(after.ece, 4),
            Cell::number(before.brier, 4),
            Cell::number(after.brier, 4),
            Cell::number(before.nll, 4),
            Cell::number(after.nll, 4),
        ]);
    }
    let mut report = Report::new(title);
    for change in changes {
        if change.after.brier > change.before.brier && change.after.nll > change.before.nll {
            report = report.push(Verdict::new(
                Tone::Bad,
                format!(
                    "{}: the repair made Brier score and NLL worse: these records are unlike the \
                     fitted ones, or those were too few.",
                    change.group
                ),
            ));
        }
    }
    if changes.is_empty() {
        return report.push(Verdict::new(
            Tone::Note,
            "No record that was not fitted on is graded: nothing to measure.",
        ));
    }
    report.push(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::records::Stated;

    #[test]
    fn groups_are_measured_before_and_after() {
        let record = |split: &str, value, correct| {
            let mut record = Record {
                id: "q".to_owned(),
                correct: Some(correct),
                confidence: vec![Stated::point(Kind::PTrue, value)],
                ..Record::default()
            };
            record.shift.split = Some(split.to_owned());
            record
        };
        let before = [record("home", 1.0, true), record("away", 1.0, false)];
        let after = [record("home", 0.5, true), record("away", 0.5, false)];
        let part = Part::Kind(Kind::PTrue);
        let changes = compare(&before, &after, part, Some(&By::Split)).unwrap();
        let [all, home, away] = &changes[..] else {
            panic!("{changes:?}");
        };
        assert_eq!((all.before.ece, all.after.ece), (0.5, 0.0));
        assert_eq!((home.before.brier, home.after.brier), (0.0, 0.25));
        assert_eq!((away.before.brier, away.after.brier), (1.0, 0.25));
        assert_eq!(compare(&before, &after, Part::Probs, None).unwrap(), []);
        let page = qualm_report::to_markdown(&report("title", &changes));
        assert!(page.contains("home: the repair made"), "{page}");
        assert!(!page.contains("away: the repair made"), "{page}");
    }
}
