//! What RAPS charges for large sets, chosen on rows of its own.

use qualm_stats::random::Stream;

use super::score::descending;
use super::{Conformal, Options, Score, checked};
use crate::ConfidenceError;

/// The penalties to choose from, as in the paper's own experiments.
const LAMBDAS: [f64; 5] = [0.001, 0.01, 0.1, 0.2, 0.5];

/// Rows that are tuned on and rows that are left, in a seeded random order: a fifth, at least one,
/// and the rest.
#[must_use]
pub fn tuning_split(rows: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..rows).collect();
    Stream::new(seed, STREAM).shuffle(&mut order);
    let rest = order.split_off((rows / 5).max(1).min(rows));
    (order, rest)
}

/// The random stream of the split.
const STREAM: u64 = 2;

/// RAPS with the k that holds the label's rank in `1 - alpha` of the rows, and the lambda that then
/// makes the smallest sets on them (Angelopoulos et al., "Uncertainty sets for image classifiers
/// using conformal prediction" (2021), appendix E).
///
/// The rows must not be those that the sets are calibrated on afterwards: the choice would have
/// seen them.
///
/// # Errors
/// As [`Conformal::fit`].
pub fn tune_raps(
    probabilities: &[f64],
    classes: usize,
    labels: &[usize],
    options: &Options,
) -> Result<Score, ConfidenceError> {
    checked(probabilities, classes, Some(labels))?;
    let rows = probabilities.chunks_exact(classes).zip(labels);
    let mut ranks: Vec<f64> = rows
        .map(|(row, label)| {
            let place = descending(row)
                .into_iter()
                .position(|class| class == *label);
            place.map_or(classes, |place| place + 1) as f64
        })
        .collect();
    ranks.sort_unstable_by(f64::total_cmp);
    let within = ((1.0 - options.alpha) * ranks.len() as f64).ceil() as usize;
    let k = ranks[within.clamp(1, ranks.len()) - 1] as usize;
    let mut best = (f64::INFINITY, Score::Aps);
    for lambda in LAMBDAS {
        let score = Score::Raps { lambda, k };
        let fitted = Conformal::fit(score, probabilities, classes, labels, options)?;
        let sets = fitted.sets(probabilities, classes)?;
        let size = sets.coverage(labels.iter().copied().enumerate())?.mean_size;
        if size < best.0 {
            best = (size, score);
        }
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_tuned_on_and_no_row_is_lost() {
        let (tuned, rest) = tuning_split(101, 1);
        assert_eq!((tuned.len(), rest.len()), (20, 81));
        let mut all: Vec<usize> = tuned.iter().chain(&rest).copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<_>>());
        assert_ne!(tuning_split(101, 2).0, tuned);
        assert_eq!(tuning_split(1, 1), (vec![0], vec![]));
    }

    #[test]
    fn k_is_the_rank_that_nine_of_ten_labels_have() {
        // Twenty rows, the label second in all but two, where it is last.
        let rows = [0.5, 0.3, 0.15, 0.05].repeat(20);
        let mut labels = vec![1; 20];
        (labels[3], labels[7]) = (3, 3);
        let score = tune_raps(&rows, 4, &labels, &Options::default()).unwrap();
        assert!(matches!(score, Score::Raps { k: 2, .. }), "{score}");
    }
}
