//! Conformal sets of records.

use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use serde::Serialize;

use super::{Conformal, Coverage, Options, Score, Sets, tune_raps, tuning_split};
use crate::ConfidenceError;
use crate::evaluate::By;
use crate::recalibrate::{FittedIds, Part, labelled, stacked};
use crate::records::Record;

/// Which score, before it is tuned.
///
/// ```
/// use qualm_confidence::conformal::Wanted;
///
/// assert_eq!("raps".parse::<Wanted>()?, Wanted::Raps);
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// [`Score::Lac`].
    Lac,
    /// [`Score::Aps`].
    Aps,
    /// [`Score::Raps`], tuned on a fifth of the calibration records.
    Raps,
}

impl std::str::FromStr for Wanted {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Wanted, ConfidenceError> {
        match text {
            "lac" => Ok(Wanted::Lac),
            "aps" => Ok(Wanted::Aps),
            "raps" => Ok(Wanted::Raps),
            _ => Err(ConfidenceError::Values(format!(
                "there is no score '{text}': use lac, aps or raps"
            ))),
        }
    }
}

/// Sets for records, and how often they hold the label.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSets<'a> {
    /// The thresholds.
    pub fitted: Conformal,
    /// The records with probabilities, in their order; a set stands for each in `sets`.
    pub records: Vec<&'a Record>,
    /// The sets.
    pub sets: Sets,
    /// Coverage over all labelled records, then group by group.
    pub coverage: Vec<GroupCoverage>,
}

/// Coverage of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupCoverage {
    /// The group.
    pub group: String,
    /// Its coverage.
    #[serde(flatten)]
    pub coverage: Coverage,
}

/// Calibrates on some records and makes sets for others.
///
/// # Errors
/// When the two share an id, have no probabilities or other numbers of classes, or as
/// [`Conformal::fit`].
pub fn sets_of_records<'a>(
    calibration: &[Record],
    new: &'a [Record],
    wanted: Wanted,
    options: &Options,
    by: Option<&By>,
) -> Result<RecordSets<'a>, ConfidenceError> {
    let rows = labelled(calibration);
    let ids = FittedIds::of(rows.iter().map(|(record, _, _)| record.id.as_str()));
    ids.refuse(new.iter().map(|record| record.id.as_str()))?;
    let fitted = fit(&rows, wanted, options)?;

    let with_probs = |record: &'a Record| Some((record, record.probs.as_deref()?));
    let (records, rows): (Vec<&Record>, Vec<&[f64]>) = new.iter().filter_map(with_probs).unzip();
    let (probabilities, classes) = stacked(rows.into_iter(), Part::Probs)?;
    let sets = fitted.sets(&probabilities, classes)?;

    let mut groups: Vec<Option<&str>> = vec![None];
    let group = |record: &'a Record| by.and_then(|by| by.group(record));
    for record in &records {
        let group = group(record);
        if group.is_some() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut coverage = Vec::new();
    for of_group in groups {
        let rows: Vec<(usize, usize)> = records
            .iter()
            .enumerate()
            .filter(|(_, record)| of_group.is_none() || group(record) == of_group)
            .filter_map(|(row, record)| Some((row, record.label?)))
            .collect();
        if !rows.is_empty() {
            coverage.push(GroupCoverage {
                group: of_group.unwrap_or("all").to_owned(),
                coverage: sets.coverage(rows)?,
            });
        }
    }
    Ok(RecordSets {
        fitted,
        records,
        sets,
        coverage,
    })
}

fn fit(
    rows: &[(&Record, &[f64], usize)],
    wanted: Wanted,
    options: &Options,
) -> Result<Conformal, ConfidenceError> {
    let take = |places: &[usize]| -> Result<(Vec<f64>, usize, Vec<usize>), ConfidenceError> {
        let chosen = places.iter().map(|&place| rows[place].1);
        let (probabilities, classes) = stacked(chosen, Part::Probs)?;
        let labels = places.iter().map(|&place| rows[place].2).collect();
        Ok((probabilities, classes, labels))
    };
    let all: Vec<usize> = (0..rows.len()).collect();
    let (score, calibration) = match wanted {
        Wanted::Lac => (Score::Lac, all),
        Wanted::Aps => (Score::Aps, all),
        Wanted::Raps => {
            let (tuning, rest) = tuning_split(rows.len(), options.seed);
            let (probabilities, classes, labels) = take(&tuning)?;
            (tune_raps(&probabilities, classes, &labels, options)?, rest)
        }
    };
    let (probabilities, classes, labels) = take(&calibration)?;
    Conformal::fit(score, &probabilities, classes, &labels, options)
}

impl RecordSets<'_> {
    /// The report: coverage and size of sets, group by group.
    #[must_use]
    pub fn report(&self) -> Report {
        let options = self.fitted.options();
        let promised = 1.0 - options.alpha;
        let mut report = Report::new("Sets that hold the right class").summary(format!(
            "{}, calibrated on {} records to hold the label of {:.1} % of records like these{}.",
            self.fitted.score(),
            self.fitted.rows(),
            100.0 * promised,
            if options.by_class {
                ", class by class"
            } else {
                ""
            }
        ));
        for note in self.fitted.notes() {
            report = report.push(Verdict::new(Tone::Bad, format!("{note}.")));
        }
        let mut table = Table::new([
            Column::text("group"),
            Column::number("records"),
            Column::number("coverage"),
            Column::number("classes in a set"),
            Column::number("one class"),
            Column::number("empty"),
        ])
        .note("Coverage with 95 % intervals of Clopper and Pearson.");
        for GroupCoverage { group, coverage } in &self.coverage {
            let share = coverage.coverage;
            if share.hi < promised {
                report = report.push(Verdict::new(
                    Tone::Bad,
                    format!(
                        "{group}: sets hold the label less often than promised: these records are \
                         unlike those calibrated on."
                    ),
                ));
            }
            table = table.row([
                Cell::text(group),
                Cell::number(coverage.rows as f64, 0),
                Cell::interval(share.value, share.lo, share.hi, 4),
                Cell::number(coverage.mean_size, 3),
                Cell::number(coverage.single as f64, 0),
                Cell::number(coverage.empty as f64, 0),
            ]);
        }
        if self.coverage.is_empty() {
            let text = "No record has a label: coverage is unknown.";
            return report.push(Verdict::new(Tone::Note, text));
        }
        report.push(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(name: &str, rows: usize, split: &str) -> Vec<Record> {
        let row = |i: usize| {
            let p = 0.5 + 0.4 * (i % 10) as f64 / 10.0;
            let mut record = Record {
                id: format!("{name}{i}"),
                probs: Some(vec![p, 0.7 * (1.0 - p), 0.3 * (1.0 - p)]),
                label: Some(usize::from(i.is_multiple_of(4))),
                ..Record::default()
            };
            record.shift.split = Some(split.to_owned());
            record
        };
        (0..rows).map(row).collect()
    }

    #[test]
    fn coverage_is_told_by_group_and_shared_ids_are_refused() {
        let calibration = records("a", 100, "home");
        let mut new = records("b", 50, "home");
        let mut away = records("c", 60, "away");
        away.iter_mut().for_each(|record| record.label = Some(2));
        new.extend(away);
        for wanted in [Wanted::Lac, Wanted::Aps, Wanted::Raps] {
            let options = Options::default();
            let by = Some(&By::Split);
            let found = sets_of_records(&calibration, &new, wanted, &options, by).unwrap();
            let groups: Vec<&str> = found.coverage.iter().map(|c| c.group.as_str()).collect();
            assert_eq!(groups, ["all", "home", "away"]);
            assert_eq!(found.sets.rows(), 110);
            let rows = if wanted == Wanted::Raps { 80 } else { 100 };
            assert_eq!(found.fitted.rows(), rows);
            let page = qualm_report::to_markdown(&found.report());
            assert!(
                page.contains("away: sets hold the label less often"),
                "{page}"
            );
            assert!(!page.contains("home: sets"), "{page}");
        }
        new.push(calibration[3].clone());
        let options = Options::default();
        let told = sets_of_records(&calibration, &new, Wanted::Lac, &options, None).unwrap_err();
        assert!(
            told.to_string().contains("'a3' the first of them"),
            "{told}"
        );
    }
}
