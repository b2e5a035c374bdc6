//! What records without a stated value could do to a measure at worst and at best.

use serde::Serialize;

use crate::measures::{self, Binning, Levels};

/// Bounds over every way in which absent confidences could have been stated. Nothing is imputed:
/// the measures themselves are over stated values alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// The mean confidence.
    pub confidence: [f64; 2],
    /// The Brier score: absent confidences that were all right, or all wrong.
    pub brier: [f64; 2],
    /// The expected calibration error over bins of equal width. An absent record moves the sums of
    /// residuals by at most 1 in all, so these bounds hold but need not be reached.
    pub ece: [f64; 2],
    /// AUROC; `None` if all answers are right or all are wrong.
    pub auroc: Option<[f64; 2]>,
}

/// The bounds for stated values and the correctness of the records without one.
pub(super) fn bounds(
    confidences: &[f64],
    correct: &[bool],
    levels: &Levels,
    absent: &[bool],
    bins: usize,
) -> Bounds {
    let stated = confidences.len() as f64;
    let missing = absent.len() as f64;
    let records = stated + missing;
    let share = |sum: f64| [sum / records, (sum + missing) / records];
    let error = stated * measures::expected_error(levels, Binning::EqualWidth(bins));
    let filled = |right: f64| {
        let value = |&answer: &bool| if answer { right } else { 1.0 - right };
        let all: Vec<f64> = confidences
            .iter()
            .copied()
            .chain(absent.iter().map(value))
            .collect();
        let correct: Vec<bool> = correct.iter().chain(absent).copied().collect();
        let levels = Levels::new(&all, &correct).ok()?;
        measures::auroc(&levels)
    };
    Bounds {
        confidence: share(stated * levels.mean(|c, _| c)),
        brier: share(stated * measures::brier(levels)),
        ece: [
            (error - missing).max(0.0) / records,
            ((error + missing) / records).min(1.0),
        ],
        auroc: filled(0.0).zip(filled(1.0)).map(|(lo, hi)| [lo, hi]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_worked_by_hand() {
        let (confidences, correct) = ([0.9, 0.2], [true, false]);
        let levels = Levels::new(&confidences, &correct).unwrap();
        let found = bounds(&confidences, &correct, &levels, &[true, false], 10);
        let near = |a: [f64; 2], b: [f64; 2]| {
            assert!(
                (a[0] - b[0]).abs() < 1e-12 && (a[1] - b[1]).abs() < 1e-12,
                "{a:?} {b:?}"
            );
        };
        near(found.confidence, [1.1 / 4.0, 3.1 / 4.0]);
        near(found.brier, [0.05 / 4.0, 2.05 / 4.0]);
        // Residuals .1 and .2 in two bins.
        near(found.ece, [0.0, 2.3 / 4.0]);
        // At worst the absent right answer says 0 and the absent wrong one says 1.
        near(found.auroc.unwrap(), [0.25, 1.0]);
    }
}
