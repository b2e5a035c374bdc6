//! Recalibrators of records.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Answers, FittedIds, Method, OfClasses, OfConfidence, Recalibrator, Saved, Scores};
use crate::records::{Record, Stated};
use crate::{ConfidenceError, Kind};

/// What of a record is repaired: one kind of confidence, or the probabilities of all classes.
///
/// ```
/// use qualm_confidence::Kind;
/// use qualm_confidence::recalibrate::Part;
///
/// assert_eq!("p_true".parse::<Part>()?, Part::Kind(Kind::PTrue));
/// assert_eq!("probs".parse::<Part>()?, Part::Probs);
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Part {
    /// One kind of confidence.
    Kind(Kind),
    /// The probabilities of all classes, with their labels.
    Probs,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Kind(kind) => kind.fmt(formatter),
            Part::Probs => formatter.write_str("probs"),
        }
    }
}

impl FromStr for Part {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Part, ConfidenceError> {
        match text {
            "probs" => Ok(Part::Probs),
            _ => Ok(Part::Kind(text.parse()?)),
        }
    }
}

impl TryFrom<String> for Part {
    type Error = ConfidenceError;

    fn try_from(text: String) -> Result<Part, ConfidenceError> {
        text.parse()
    }
}

impl From<Part> for String {
    fn from(part: Part) -> String {
        part.to_string()
    }
}

/// A recalibrator fitted to records, and what is to be said about the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRecords {
    /// What goes into a file.
    pub saved: Saved,
    /// Records that nothing could be learned from: without a value, or not graded.
    pub left_out: usize,
    /// What may be wrong with it, one sentence each.
    pub notes: Vec<String>,
}

/// Fits a method to one part of the records.
///
/// # Errors
/// When the part is not what the method takes, no record has it, or [`Method::fit_confidence`] or
/// [`Method::fit_classes`] refuses.
pub fn fit_records(
    records: &[Record],
    part: Part,
    method: Method,
) -> Result<FittedRecords, ConfidenceError> {
    let (ids, recalibrator, notes): (Vec<&str>, _, _) = match part {
        Part::Kind(kind) => {
            let rows = graded(records, kind);
            let ids = rows.iter().map(|(record, _, _)| record.id.as_str());
            let confidence: Vec<f64> = rows.iter().map(|(_, value, _)| *value).collect();
            let correct: Vec<bool> = rows.iter().map(|(_, _, correct)| *correct).collect();
            if rows.is_empty() {
                return Err(none(part));
            }
            let fitted = method.fit_confidence(&Answers::new(&confidence, &correct)?)?;
            let recalibrator = Recalibrator::Confidence(fitted.recalibrator);
            (ids.collect(), recalibrator, fitted.notes)
        }
        Part::Probs => {
            let rows = labelled(records);
            let ids = rows.iter().map(|(record, _, _)| record.id.as_str());
            let labels: Vec<usize> = rows.iter().map(|(_, _, label)| *label).collect();
            let (probs, classes) = stacked(rows.iter().map(|(_, probs, _)| *probs), part)?;
            let scores = Scores::from_probabilities(&probs, classes)?;
            let fitted = method.fit_classes(&scores, &labels)?;
            let recalibrator = Recalibrator::Classes(fitted.recalibrator);
            (ids.collect(), recalibrator, fitted.notes)
        }
    };
    Ok(FittedRecords {
        left_out: records.len() - ids.len(),
        saved: Saved {
            method: method.to_string(),
            part,
            rows: ids.len() as u64,
            ids: FittedIds::of(ids),
            recalibrator,
        },
        notes,
    })
}

/// The records that state a kind of confidence and are graded.
pub(crate) fn graded<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    kind: Kind,
) -> Vec<(&'a Record, f64, bool)> {
    let graded =
        |record: &'a Record| Some((record, record.confidence(kind)?.value?, record.correct()?));
    records.into_iter().filter_map(graded).collect()
}

/// The records with probabilities of classes and a label.
pub(crate) fn labelled<'a>(
    records: impl IntoIterator<Item = &'a Record>,
) -> Vec<(&'a Record, &'a [f64], usize)> {
    let labelled = |record: &'a Record| Some((record, record.probs.as_deref()?, record.label?));
    records.into_iter().filter_map(labelled).collect()
}

/// Rows of probabilities one after the other, with their number of classes.
pub(crate) fn stacked<'a>(
    rows: impl Iterator<Item = &'a [f64]>,
    part: Part,
) -> Result<(Vec<f64>, usize), ConfidenceError> {
    let (mut all, mut classes) = (Vec::new(), None);
    for row in rows {
        let classes = *classes.get_or_insert(row.len());
        if row.len() != classes {
            return Err(ConfidenceError::Values(format!(
                "probs has {classes} classes in one record and {} in another; give records of one \
                 classifier",
                row.len()
            )));
        }
        all.extend_from_slice(row);
    }
    Ok((all, classes.ok_or_else(|| none(part))?))
}

fn none(part: Part) -> ConfidenceError {
    ConfidenceError::Values(match part {
        Part::Kind(kind) => format!(
            "no record states {kind} and says whether it is right; name another kind, or see the \
             fields in docs/confidence.md"
        ),
        Part::Probs => "no record has probs and label; see the fields in docs/confidence.md".into(),
    })
}

impl Saved {
    /// Repairs records in their place: the value of the kind that was fitted, with the ends of its
    /// range, or the probabilities of classes. Gives the number of records repaired; others have
    /// nothing to repair.
    ///
    /// Where new probabilities predict another class, whether the record is right follows from its
    /// label, or is no longer known.
    ///
    /// # Errors
    /// When a record has another number of classes than those fitted on.
    pub fn apply(&self, records: &mut [Record]) -> Result<usize, ConfidenceError> {
        let mut repaired = 0;
        for record in records {
            let done = match (&self.recalibrator, self.part) {
                (Recalibrator::Confidence(fitted), Part::Kind(kind)) => {
                    repair_confidence(record, kind, fitted)?
                }
                (Recalibrator::Classes(fitted), Part::Probs) => repair_classes(record, fitted)?,
                _ => {
                    return Err(ConfidenceError::Values(format!(
                        "the recalibrator does not go with {}; fit it anew",
                        self.part
                    )));
                }
            };
            repaired += usize::from(done);
        }
        Ok(repaired)
    }
}

fn repair_confidence(
    record: &mut Record,
    kind: Kind,
    fitted: &OfConfidence,
) -> Result<bool, ConfidenceError> {
    let stated = record.confidence.iter_mut().find(|s| s.kind == kind);
    let Some(Stated {
        value: Some(value),
        lo,
        hi,
        ..
    }) = stated
    else {
        return Ok(false);
    };
    let one = |c: f64| fitted.apply(&[c]).map(|new| new[0]);
    *value = one(*value)?;
    let ends = (lo.map(one).transpose()?, hi.map(one).transpose()?);
    // A function that falls swaps them.
    (*lo, *hi) = match ends {
        (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
        ends => ends,
    };
    Ok(true)
}

fn repair_classes(record: &mut Record, fitted: &OfClasses) -> Result<bool, ConfidenceError> {
    let Some(probs) = &mut record.probs else {
        return Ok(false);
    };
    let scores = Scores::from_probabilities(probs, probs.len())?;
    let new = fitted.apply(&scores)?;
    if largest(&new) != largest(probs) {
        record.correct = None;
    }
    let confidence = new[largest(&new)].min(1.0);
    *probs = new;
    record.confidence.retain(|s| s.kind != Kind::Classifier);
    let stated = Stated::point(Kind::Classifier, confidence);
    record.confidence.push(stated);
    Ok(true)
}

/// The class of the largest probability, the first of several.
pub(super) fn largest(probs: &[f64]) -> usize {
    let mut best = 0;
    for (class, p) in probs.iter().enumerate() {
        if *p > probs[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, value: f64, correct: bool) -> Record {
        Record {
            id: id.to_owned(),
            correct: Some(correct),
            confidence: vec![Stated::point(Kind::PTrue, value)],
            ..Record::default()
        }
    }

    #[test]
    fn one_kind_is_repaired_and_the_rest_is_left_alone() {
        let mut records = vec![
            record("a", 0.9, true),
            record("b", 0.9, false),
            record("c", 0.2, false),
            Record {
                id: "d".to_owned(),
                ..Record::default()
            },
        ];
        let part = Part::Kind(Kind::PTrue);
        let fitted = fit_records(&records, part, Method::Isotonic).unwrap();
        assert_eq!((fitted.saved.rows, fitted.left_out), (3, 1));
        assert!(fitted.saved.ids.contains("c") && !fitted.saved.ids.contains("d"));
        records[0].confidence[0].lo = Some(0.2);
        records[0].confidence[0].hi = Some(0.95);
        records[0].confidence.push(Stated::point(Kind::PIk, 0.3));
        assert_eq!(fitted.saved.apply(&mut records).unwrap(), 3);
        let stated = &records[0].confidence[0];
        assert_eq!(
            (stated.value, stated.lo, stated.hi),
            (Some(0.5), Some(0.0), Some(0.5))
        );
        assert_eq!(records[0].confidence[1].value, Some(0.3));
        let error = fit_records(&records, Part::Kind(Kind::Consistency), Method::Platt);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("no record states consistency")
        );
    }

    #[test]
    fn probabilities_are_repaired_with_what_follows_from_them() {
        let row = |id: &str, probs: [f64; 2], label| Record {
            id: id.to_owned(),
            probs: Some(probs.to_vec()),
            label: Some(label),
            ..Record::default()
        };
        // The classifier calls class 1 what is class 0.
        let mut records: Vec<Record> = (0..20)
            .map(|i| row(&i.to_string(), [0.2, 0.8], usize::from(i % 5 == 0)))
            .collect();
        let method = Method::Vector { l2: 1e-3 };
        let fitted = fit_records(&records, Part::Probs, method).unwrap();
        assert_eq!(records[0].correct(), Some(true));
        assert_eq!(fitted.saved.apply(&mut records).unwrap(), 20);
        assert_eq!(records[0].correct(), Some(false));
        let value = records[0].confidence(Kind::Classifier).unwrap().value;
        assert!((value.unwrap() - 0.8).abs() < 0.01, "{value:?}");
        records.push(row("three", [0.5, 0.5], 0));
        records[20].probs = Some(vec![0.2, 0.3, 0.5]);
        assert!(fitted.saved.apply(&mut records).is_err());
        assert!(fit_records(&records, Part::Probs, method).is_err());
    }
}
