use qualm_stats::{BetaBinomial, Reference};

use super::alarm_law::{AlarmLaw, Half};
use super::halves::Halves;
use super::options::EvaluationOptions;
use super::result::{FalseAlarms, FittingRows, Promise, ReferenceUsed};
use super::scores::{AllScores, Scores};
use crate::{OodError, ReferenceRows};

/// How test rows and sets are judged: by the bundle's reference, or by the test rows themselves.
pub(super) enum Judge<'a> {
    Bundle(&'a ReferenceRows),
    /// The half of each test row.
    CrossFitted {
        of_rows: Vec<usize>,
        sizes: [u64; 2],
        grouped: bool,
    },
}

impl<'a> Judge<'a> {
    /// The bundle's reference where it has one, else two halves of the test rows; `None` where
    /// one of these would be empty.
    pub(super) fn new(reference: Option<&'a ReferenceRows>, halves: &Halves) -> Option<Self> {
        if let Some(reference) = reference {
            return Some(Self::Bundle(reference));
        }
        let of_rows = halves.of_rows();
        let second = of_rows.iter().sum::<usize>() as u64;
        let sizes = [of_rows.len() as u64 - second, second];
        (sizes[0] > 0 && sizes[1] > 0).then(|| Self::CrossFitted {
            of_rows,
            sizes,
            grouped: halves.grouped(),
        })
    }

    /// What it promises about the share of `rows` test rows that are flagged.
    pub(super) fn promise(
        &self,
        rows: u64,
        options: &EvaluationOptions,
    ) -> Result<Promise, OodError> {
        let (alarms, level) = (options.false_alarms, options.level);
        let share = |count: f64| count / rows as f64;
        let (reference, mean, range) = match self {
            Self::Bundle(reference) => {
                let law = BetaBinomial::of_false_alarms(reference.len() as u64, alarms, rows);
                let reference = ReferenceUsed::Bundle {
                    rows: reference.len() as u64,
                };
                (reference, law.mean(), law.interval(level)?)
            }
            Self::CrossFitted { sizes, grouped, .. } => {
                let [a, b] = *sizes;
                // Of as many new rows as there are places in the order, the mean is the rank.
                let rank = |rows| BetaBinomial::of_false_alarms(rows, alarms, rows + 1).mean();
                let halves = [a, b].map(|rows| Half {
                    rows,
                    rank: rank(rows).round() as u64,
                });
                let mean = |of, by| BetaBinomial::of_false_alarms(by, alarms, of).mean();
                let reference = ReferenceUsed::CrossFitted {
                    halves: *sizes,
                    grouped: *grouped,
                };
                let range = AlarmLaw::new(halves).interval(level);
                (reference, mean(a, b) + mean(b, a), range)
            }
        };
        Ok(Promise {
            reference,
            expected: share(mean),
            range: [*range.start(), *range.end()].map(|count| share(count as f64)),
        })
    }

    /// What one detector flags: of the test rows, and of each set.
    pub(super) fn flags(
        &self,
        scores: &AllScores,
        detector: usize,
        alarms: f64,
    ) -> Result<(FalseAlarms, Vec<f64>), OodError> {
        let test = scores.test.of(detector).unwrap_or_default();
        let (thresholds, threshold, flagged) = match self {
            Self::Bundle(reference) => {
                let threshold = reference.overall(detector)?.threshold(alarms);
                (vec![threshold], threshold, above(test, threshold))
            }
            Self::CrossFitted { of_rows, .. } => {
                let mut halves = [Vec::new(), Vec::new()];
                for (&score, &half) in test.iter().zip(of_rows) {
                    halves[half].push(score);
                }
                let [a, b] = halves;
                let thresholds = [Reference::new(a.clone())?, Reference::new(b.clone())?]
                    .map(|reference| reference.threshold(alarms));
                let flagged = above(&a, thresholds[1]) + above(&b, thresholds[0]);
                let whole = Reference::new(test.to_vec())?.threshold(alarms);
                (thresholds.to_vec(), whole, flagged)
            }
        };
        let detected = |set: &Scores| {
            let set = set.of(detector).unwrap_or_default();
            let share = |&threshold| above(set, threshold) as f64 / set.len() as f64;
            thresholds.iter().map(share).sum::<f64>() / thresholds.len() as f64
        };
        let false_alarms = FalseAlarms {
            flagged,
            share: flagged as f64 / test.len() as f64,
            threshold,
        };
        Ok((false_alarms, scores.sets.iter().map(detected).collect()))
    }
}

/// The trap: what thresholds from the scores of the fitting rows would flag of the test rows, a
/// share a detector.
pub(super) fn trap(
    fitting: &Scores,
    test: &Scores,
    options: &EvaluationOptions,
) -> Result<(FittingRows, Vec<f64>), OodError> {
    let alarms = options.false_alarms;
    let law = BetaBinomial::of_false_alarms(fitting.rows(), alarms, test.rows());
    let range = law.interval(options.level)?;
    let shares = fitting
        .columns()
        .iter()
        .zip(test.columns())
        .map(|(fitting, test)| {
            let threshold = Reference::new(fitting.clone())?.threshold(alarms);
            Ok(above(test, threshold) as f64 / test.len() as f64)
        })
        .collect::<Result<_, OodError>>()?;
    let rows = FittingRows {
        rows: fitting.rows(),
        range: [*range.start(), *range.end()].map(|count| count as f64 / test.rows() as f64),
    };
    Ok((rows, shares))
}

fn above(scores: &[f64], threshold: f64) -> u64 {
    scores.iter().filter(|&&score| score > threshold).count() as u64
}
