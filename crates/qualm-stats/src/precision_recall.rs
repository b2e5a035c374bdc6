//! Areas under the precision-recall curve, from groups of tied rows.
//!
//! `groups` are `(positive, negative)` counts, from the rows most like the positive class to
//! those least like it. Taking them one after the other walks the curve.

use crate::share::share_of;

/// The sum over groups of precision times the step in recall.
pub(crate) fn average_precision(groups: impl Iterator<Item = (u32, u32)>, positives: u32) -> f64 {
    let sum: f64 = steps(groups, positives)
        .map(|step| step.recall_gain * step.precision)
        .sum();
    at_most_one(sum)
}

/// Steps of recall add up to one only before rounding; an area does not exceed it.
fn at_most_one(area: f64) -> f64 {
    area.min(1.0)
}

/// The area by the trapezoid rule, of the curve that starts at recall 0, precision 1.
pub(crate) fn trapezoid_area(groups: impl Iterator<Item = (u32, u32)>, positives: u32) -> f64 {
    let mut precision_before = 1.0;
    let sum: f64 = steps(groups, positives)
        .map(|step| {
            let height = (precision_before + step.precision) / 2.0;
            precision_before = step.precision;
            step.recall_gain * height
        })
        .sum();
    at_most_one(sum)
}

/// One group's step along the curve.
struct Step {
    recall_gain: f64,
    /// The precision once the group is taken.
    precision: f64,
}

fn steps(groups: impl Iterator<Item = (u32, u32)>, positives: u32) -> impl Iterator<Item = Step> {
    let (mut positives_taken, mut taken) = (0_u64, 0_u64);
    groups.map(move |(positive, negative)| {
        positives_taken += u64::from(positive);
        taken += u64::from(positive) + u64::from(negative);
        Step {
            recall_gain: share_of(u64::from(positive), u64::from(positives)),
            precision: share_of(positives_taken, taken),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-15, "{left} is not {right}");
    }

    #[test]
    fn areas_worked_by_hand() {
        // Precision after each group: 1, 2/4, 3/6, 3/7; a third of recall in the first three.
        let groups = [(1, 0), (1, 2), (1, 1), (0, 1)];
        assert_close(
            average_precision(groups.into_iter(), 3),
            (1.0 + 0.5 + 0.5) / 3.0,
        );
        assert_close(
            trapezoid_area(groups.into_iter(), 3),
            (1.0 + 0.75 + 0.5) / 3.0,
        );
    }

    #[test]
    fn a_useless_order_has_the_precision_of_a_guess() {
        assert_eq!(average_precision([(3, 5)].into_iter(), 3), 3.0 / 8.0);
    }
}
