//! Is stated confidence honest, split by split?
//!
//! [`evaluate`] measures every kind of confidence on every group of records, with intervals, and
//! beside it what stating nothing but a constant would score.

mod absent;
mod bootstrap;
mod classes;
mod measure;
mod reliability;
mod repaired;
mod report;

use std::collections::BTreeMap;

use qualm_stats::{Bootstrap, Interval};
use serde::{Serialize, Serializer};

use crate::measures::{self, Levels};
use crate::records::Record;
use crate::{ConfidenceError, Kind};

pub use absent::Bounds;
pub use classes::{ClassMeasures, class_measures};
pub use measure::{Measure, Values, all};
pub use reliability::{Point, reliability};
pub use repaired::{Repair, cross_validated, repaired, repaired_from};
pub use report::report;

use bootstrap::Stated;

/// What groups records.
///
/// ```
/// use qualm_confidence::evaluate::By;
///
/// assert_eq!("shift".parse::<By>()?, By::Split);
/// assert_eq!("tag:topic".parse::<By>()?, By::Tag("topic".into()));
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The split.
    Split,
    /// The model.
    Model,
    /// One of the tags.
    Tag(String),
}

impl std::str::FromStr for By {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<By, ConfidenceError> {
        match text {
            "shift" | "split" => Ok(By::Split),
            "model" => Ok(By::Model),
            _ => match text.strip_prefix("tag:") {
                Some(name) if !name.is_empty() => Ok(By::Tag(name.to_owned())),
                _ => Err(ConfidenceError::Values(format!(
                    "records cannot be grouped by '{text}': use shift, model or tag:NAME"
                ))),
            },
        }
    }
}

impl By {
    /// The group that a record is in, if it says.
    #[must_use]
    pub fn group<'a>(&self, record: &'a Record) -> Option<&'a str> {
        match self {
            By::Split => record.shift.split.as_deref(),
            By::Model => record.model.as_deref(),
            By::Tag(name) => record.shift.tags.get(name).map(String::as_str),
        }
    }
}

/// How to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What groups records; `None` takes them as one group.
    pub by: Option<By>,
    /// The number of bins where there are bins.
    pub bins: usize,
    /// The resampling behind intervals; fewer than two resamples give none.
    pub bootstrap: Bootstrap,
    /// The group whose accuracy is the constant that is stated for comparison; each group's own
    /// otherwise, which no one can know beforehand.
    pub train: Option<String>,
}

impl Default for Settings {
    /// One group, 15 bins, 2000 resamples for 95 % intervals.
    fn default() -> Settings {
        Settings {
            by: None,
            bins: 15,
            bootstrap: Bootstrap {
                resamples: 2000,
                ..Bootstrap::default()
            },
            train: None,
        }
    }
}

/// What [`evaluate`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The records looked at.
    pub records: usize,
    /// Those of which nothing says whether they are right; they are measured nowhere.
    pub ungraded: usize,
    /// Every kind on every group that has records with this kind, kinds in the order of
    /// [`Kind::ALL`], groups in the order of the records.
    pub results: Vec<KindResult>,
    /// Whole probability vectors, group by group.
    pub classes: Vec<(String, ClassMeasures)>,
}

impl Evaluation {
    /// Appends what was found after a repair, under names that say so.
    pub fn append_repaired(&mut self, mut repaired: Evaluation, repair: &Repair) {
        for result in &mut repaired.results {
            result.group = format!("{}, by {}", result.group, repair.method);
        }
        self.results.append(&mut repaired.results);
        self.results.sort_by_key(|result| result.kind);
    }
}

/// One kind of confidence on one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindResult {
    /// The kind.
    pub kind: Kind,
    /// The group.
    pub group: String,
    /// The graded records that have this kind, with a value or without.
    pub records: usize,
    /// Those with a value.
    pub stated: usize,
    /// The number of records by status.
    pub statuses: BTreeMap<&'static str, usize>,
    /// What resampling drew: sources, or records where none is named.
    pub sources: usize,
    /// The measures; none where no value is stated.
    #[serde(flatten)]
    pub found: Option<Found>,
}

/// The measures of stated values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Every measure with its interval.
    #[serde(serialize_with = "by_name")]
    pub measures: [Option<Interval>; Measure::ALL.len()],
    /// What a constant would score on the same records.
    pub constant: Baseline,
    /// What "0 % always" would score on the same records.
    pub always_zero: Baseline,
    /// Bounds for absent values, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Bounds>,
    /// The reliability diagram.
    pub reliability: Vec<Point>,
    /// The isotonic fit: lowest and highest confidence of each block, and its accuracy.
    #[serde(skip)]
    pub isotonic: Vec<measures::Block>,
    /// Coverage and selective risk.
    #[serde(skip)]
    pub risk_coverage: Vec<(f64, f64)>,
    /// The confidences that were right.
    #[serde(skip)]
    pub right: Vec<f64>,
    /// The confidences that were wrong.
    #[serde(skip)]
    pub wrong: Vec<f64>,
}

impl Found {
    /// A measure with its interval, `None` where it is not defined.
    #[must_use]
    pub fn measure(&self, measure: Measure) -> Option<Interval> {
        self.measures[measure as usize]
    }
}

/// A confidence that is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// The confidence.
    pub confidence: f64,
    /// Its calibration error.
    pub ece: f64,
    /// Its Brier score.
    pub brier: f64,
    /// Its negative log-likelihood.
    pub nll: f64,
}

impl Baseline {
    fn of(confidence: f64, correct: &[bool]) -> Result<Baseline, ConfidenceError> {
        let levels = Levels::new(&vec![confidence; correct.len()], correct)?;
        Ok(Baseline {
            confidence,
            ece: (levels.total().accuracy() - confidence).abs(),
            brier: measures::brier(&levels),
            nll: measures::negative_log_likelihood(&levels),
        })
    }
}

fn by_name<S: Serializer>(
    measures: &[Option<Interval>; Measure::ALL.len()],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown {
        value: f64,
        lo: f64,
        hi: f64,
    }
    let shown = |found: Interval| Shown {
        value: found.value,
        lo: found.lo,
        hi: found.hi,
    };
    serializer.collect_map(
        Measure::ALL
            .iter()
            .zip(measures)
            .map(|(measure, found)| (measure, found.map(shown))),
    )
}

/// The name of all records together, where there are several groups.
const ALL: &str = "all";

/// Measures every kind of confidence on every group, and on all records where there are several
/// groups.
///
/// # Errors
/// [`ConfidenceError::Values`] if settings are out of range, if records name no group, or if
/// probability vectors of one group differ in length.
pub fn evaluate(records: &[Record], settings: &Settings) -> Result<Evaluation, ConfidenceError> {
    if settings.bins == 0 {
        return Err(ConfidenceError::Values(
            "there must be at least 1 bin".into(),
        ));
    }
    let groups = groups(records, settings.by.as_ref())?;
    let constant = settings
        .train
        .as_deref()
        .map(|train| constant(&groups, train))
        .transpose()?;
    let mut results = Vec::new();
    let mut classes = Vec::new();
    for kind in Kind::ALL {
        for (name, records) in &groups {
            results.extend(kind_result(kind, name, records, constant, settings)?);
        }
    }
    for (name, records) in &groups {
        let rows: Vec<(&[f64], usize)> = records
            .iter()
            .filter_map(|record| Some((record.probs.as_deref()?, record.label?)))
            .collect();
        if let Some(found) = class_measures(&rows, settings.bins)? {
            classes.push((name.clone(), found));
        }
    }
    Ok(Evaluation {
        records: records.len(),
        ungraded: records.iter().filter(|r| r.correct().is_none()).count(),
        results,
        classes,
    })
}

type Group<'a> = (String, Vec<&'a Record>);

fn groups<'a>(records: &'a [Record], by: Option<&By>) -> Result<Vec<Group<'a>>, ConfidenceError> {
    let all = || (ALL.to_owned(), records.iter().collect());
    let Some(by) = by else {
        return Ok(vec![all()]);
    };
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        let name = by.group(record).ok_or_else(|| {
            ConfidenceError::Values(format!(
                "record '{}' does not say which group it is in: evaluate without grouping, or \
                 name the column that says",
                record.id
            ))
        })?;
        let place = *places.entry(name).or_insert_with(|| {
            groups.push((name.to_owned(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(record);
    }
    if groups.len() > 1 {
        groups.push(all());
    }
    Ok(groups)
}

/// The accuracy of the group that stands for training.
fn constant(groups: &[Group<'_>], train: &str) -> Result<f64, ConfidenceError> {
    let (_, records) = groups
        .iter()
        .find(|(name, _)| name == train)
        .ok_or_else(|| {
            let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
            ConfidenceError::Values(format!(
                "there is no group '{train}', only {}",
                names.join(", ")
            ))
        })?;
    let correct: Vec<bool> = records
        .iter()
        .filter_map(|record| record.correct())
        .collect();
    let hits = correct.iter().filter(|&&right| right).count();
    match correct.len() {
        0 => Err(ConfidenceError::Values(format!(
            "nothing says which records of '{train}' are right"
        ))),
        count => Ok(hits as f64 / count as f64),
    }
}

fn kind_result(
    kind: Kind,
    group: &str,
    records: &[&Record],
    constant: Option<f64>,
    settings: &Settings,
) -> Result<Option<KindResult>, ConfidenceError> {
    let mut stated = Stated::default();
    let mut absent = Vec::new();
    let mut statuses = BTreeMap::new();
    for record in records {
        let (Some(confidence), Some(correct)) = (record.confidence(kind), record.correct()) else {
            continue;
        };
        *statuses.entry(confidence.status().name()).or_default() += 1;
        match confidence.value {
            Some(value) => {
                stated.confidences.push(value);
                stated.correct.push(correct);
                stated.sources.push(record.source.as_deref());
            }
            None => absent.push(correct),
        }
    }
    let count = stated.confidences.len();
    if count + absent.len() == 0 {
        return Ok(None);
    }
    let found = match count {
        0 => None,
        _ => Some(found(&stated, &absent, constant, settings)?),
    };
    Ok(Some(KindResult {
        kind,
        group: group.to_owned(),
        records: count + absent.len(),
        stated: count,
        statuses,
        sources: bootstrap::sources(&stated),
        found,
    }))
}

fn found(
    stated: &Stated<'_>,
    absent: &[bool],
    constant: Option<f64>,
    settings: &Settings,
) -> Result<Found, ConfidenceError> {
    let levels = Levels::new(&stated.confidences, &stated.correct)?;
    let measures = bootstrap::estimates(&levels, stated, settings.bins, settings.bootstrap);
    let constant = constant.unwrap_or(levels.total().accuracy());
    let bounds = || {
        absent::bounds(
            &stated.confidences,
            &stated.correct,
            &levels,
            absent,
            settings.bins,
        )
    };
    let those = |wanted: bool| {
        let rows = stated.confidences.iter().zip(&stated.correct);
        rows.filter(|(_, right)| **right == wanted)
            .map(|(c, _)| *c)
            .collect()
    };
    Ok(Found {
        measures,
        constant: Baseline::of(constant, &stated.correct)?,
        always_zero: Baseline::of(0.0, &stated.correct)?,
        absent: (!absent.is_empty()).then(bounds),
        reliability: reliability(&levels, settings.bins),
        isotonic: measures::isotonic(&levels),
        risk_coverage: measures::risk_coverage_curve(&levels),
        right: those(true),
        wrong: those(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: usize, split: &str, said: Option<f64>, right: bool) -> Record {
        let said = said.map_or(
            "{\"kind\":\"p_true\",\"status\":\"refusal\"}".into(),
            |said| format!("{{\"kind\":\"p_true\",\"value\":{said}}}"),
        );
        Record::from_json(&format!(
            r#"{{"id":"{id}","correct":{right},"shift":{{"split":"{split}"}},"confidence":[{said}]}}"#
        ))
        .unwrap()
    }

    fn settings(by: Option<By>) -> Settings {
        let mut settings = Settings {
            by,
            ..Settings::default()
        };
        settings.bootstrap.resamples = 20;
        settings
    }

    #[test]
    fn groups_are_measured_apart_and_together() {
        let records = [
            record(1, "b", Some(0.9), true),
            record(2, "b", Some(0.9), true),
            record(3, "a", Some(0.9), false),
            record(4, "a", None, true),
        ];
        let mut by_split = settings(Some(By::Split));
        by_split.train = Some("b".into());
        let found = evaluate(&records, &by_split).unwrap();
        let names: Vec<&str> = found.results.iter().map(|r| r.group.as_str()).collect();
        assert_eq!(names, ["b", "a", "all"]);
        let a = &found.results[1];
        assert_eq!((a.records, a.stated, a.statuses["refusal"]), (2, 1, 1));
        let measured = a.found.as_ref().unwrap();
        assert_eq!(measured.measure(Measure::Accuracy).unwrap().value, 0.0);
        assert_eq!(measured.measure(Measure::Auroc), None);
        assert_eq!(
            (measured.constant.confidence, measured.constant.brier),
            (1.0, 1.0)
        );
        assert_eq!(measured.always_zero.brier, 0.0);
        assert!(measured.absent.is_some());
        assert!(found.results[0].found.as_ref().unwrap().absent.is_none());
    }

    #[test]
    fn what_is_not_graded_is_counted_and_left_out() {
        let mut records = vec![record(1, "a", Some(0.9), true)];
        records.push(Record::from_json(r#"{"id":"2","token_logprobs":[-0.1]}"#).unwrap());
        let found = evaluate(&records, &settings(None)).unwrap();
        assert_eq!(
            (found.records, found.ungraded, found.results.len()),
            (2, 1, 1)
        );
        let error = evaluate(&records, &settings(Some(By::Split)))
            .unwrap_err()
            .to_string();
        assert!(error.contains("'2'"), "{error}");
    }

    #[test]
    fn kinds_are_never_mixed() {
        let line = r#"{"id":"1","correct":true,"confidence":[{"kind":"p_true","value":0.1},{"kind":"consistency","value":0.9}]}"#;
        let found = evaluate(&[Record::from_json(line).unwrap()], &settings(None)).unwrap();
        let said: Vec<(Kind, f64)> = found
            .results
            .iter()
            .map(|r| {
                (
                    r.kind,
                    r.found
                        .as_ref()
                        .unwrap()
                        .measure(Measure::Confidence)
                        .unwrap()
                        .value,
                )
            })
            .collect();
        assert_eq!(said, [(Kind::PTrue, 0.1), (Kind::Consistency, 0.9)]);
    }
}
