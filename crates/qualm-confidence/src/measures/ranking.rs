//! Does confidence tell right answers from wrong ones?

use super::Levels;

/// AUROC of confidence, right answers positive: the chance that a right answer states more than a
/// wrong one, ties counting one half. `None` if all answers are right or all are wrong.
#[must_use]
pub fn auroc(levels: &Levels) -> Option<f64> {
    let total = levels.total();
    let misses = total.records - total.hits;
    let mut below = 0.0;
    let mut pairs = 0.0;
    for (_, tally) in levels.iter() {
        let wrong = tally.records - tally.hits;
        pairs += tally.hits * (below + wrong / 2.0);
        below += wrong;
    }
    (total.hits > 0.0 && misses > 0.0).then(|| pairs / (total.hits * misses))
}

/// Average precision of confidence, right answers positive: `sum (R_k - R_{k-1}) P_k` from the
/// highest confidence down, ties as one step. `None` if no answer is right.
#[must_use]
pub fn auprc_right(levels: &Levels) -> Option<f64> {
    average_precision(
        levels
            .iter()
            .rev()
            .map(|(_, tally)| (tally.hits, tally.records)),
        levels.total().hits,
    )
}

/// Average precision of doubt, wrong answers positive: as [`auprc_right`], from the lowest
/// confidence up. `None` if no answer is wrong.
#[must_use]
pub fn auprc_wrong(levels: &Levels) -> Option<f64> {
    average_precision(
        levels
            .iter()
            .map(|(_, tally)| (tally.records - tally.hits, tally.records)),
        levels.total().records - levels.total().hits,
    )
}

fn average_precision(steps: impl Iterator<Item = (f64, f64)>, positives: f64) -> Option<f64> {
    let (mut found, mut taken, mut sum) = (0.0, 0.0, 0.0);
    for (positive, records) in steps {
        found += positive;
        taken += records;
        sum += positive * found / taken;
    }
    (positives > 0.0).then(|| sum / positives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranking_worked_by_hand() {
        // Right: .9, .5; wrong: .5, .1. Of four pairs three are in order and one is tied.
        let levels = Levels::new(&[0.9, 0.5, 0.5, 0.1], &[true, true, false, false]).unwrap();
        assert_eq!(auroc(&levels), Some(3.5 / 4.0));
        let right = (1.0 + 2.0 / 3.0) / 2.0;
        assert_eq!(auprc_right(&levels), Some(right));
        assert_eq!(auprc_wrong(&levels), Some(right));
    }

    #[test]
    fn one_class_has_no_ranking() {
        let levels = Levels::new(&[0.9, 0.5], &[true, true]).unwrap();
        assert_eq!(auroc(&levels), None);
        assert_eq!(auprc_right(&levels), Some(1.0));
        assert_eq!(auprc_wrong(&levels), None);
    }
}
