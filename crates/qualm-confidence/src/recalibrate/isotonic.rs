//! Isotonic regression: the non-decreasing function of the confidence nearest to what was right.

use super::curve::Curve;
use super::data::{Answers, Fitted};
use crate::ConfidenceError;

/// Neighbours that share one mean after [`pool_adjacent`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// How many values went into it.
    pub values: usize,
    /// The sum of their weights.
    pub weight: f64,
    /// The sum of value times weight.
    pub sum: f64,
}

impl Pool {
    /// A pool of one value.
    #[must_use]
    pub fn of(value: f64, weight: f64) -> Pool {
        Pool {
            values: 1,
            weight,
            sum: value * weight,
        }
    }

    /// The weighted mean, the fitted value of all its members.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.sum / self.weight
    }

    /// Both pools as one.
    #[must_use]
    pub fn with(self, other: Pool) -> Pool {
        Pool {
            values: self.values + other.values,
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
        }
    }
}

/// The non-decreasing sequence `m` of least `sum_i weight_i (value_i - m_i)^2`, as pools in order:
/// the algorithm of pooled adjacent violators (Ayer et al., "An empirical distribution function
/// for sampling with incomplete information" (1955)), in linear time.
///
/// Values stand in the order of what they should not decrease in; values that are tied in it
/// belong into one value beforehand (their mean, with the sum of their weights), see [`tied`].
/// Weights must be positive. Neighbouring pools differ in their mean.
///
/// ```
/// use qualm_confidence::recalibrate::isotonic::pool_adjacent;
///
/// let pools = pool_adjacent([(0.0, 1.0), (1.0, 1.0), (0.0, 1.0), (1.0, 2.0)]);
/// let fitted: Vec<(usize, f64)> = pools.iter().map(|p| (p.values, p.mean())).collect();
/// assert_eq!(fitted, [(1, 0.0), (2, 0.5), (1, 1.0)]);
/// ```
pub fn pool_adjacent(values_and_weights: impl IntoIterator<Item = (f64, f64)>) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for (value, weight) in values_and_weights {
        let mut last = Pool::of(value, weight);
        while let Some(before) = pools.pop_if(|before| before.mean() >= last.mean()) {
            last = before.with(last);
        }
        pools.push(last);
    }
    pools
}

/// Answers of one confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// The confidence that they share.
    pub confidence: f64,
    /// How many there are, at least 1.
    pub rows: u64,
    /// How many of them are correct.
    pub correct: u64,
}

impl Tie {
    /// Share of correct answers.
    #[must_use]
    pub fn accuracy(self) -> f64 {
        self.correct as f64 / self.rows as f64
    }
}

/// Answers by confidence, ascending; answers of the same confidence are one entry, because no
/// function of the confidence can tell them apart. Both slices have one entry an answer.
///
/// ```
/// use qualm_confidence::recalibrate::isotonic::tied;
///
/// let ties = tied(&[0.9, 0.5, 0.9], &[true, false, false]);
/// assert_eq!(ties.iter().map(|tie| tie.rows).collect::<Vec<_>>(), [1, 2]);
/// assert_eq!(ties[1].accuracy(), 0.5);
/// ```
#[must_use]
pub fn tied(confidence: &[f64], correct: &[bool]) -> Vec<Tie> {
    let mut rows: Vec<(f64, bool)> = confidence
        .iter()
        // -0.0 is the same confidence as 0.0, but sorts before it.
        .map(|c| c + 0.0)
        .zip(correct.iter().copied())
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    rows.chunk_by(|a, b| a.0 == b.0)
        .map(|rows| Tie {
            confidence: rows[0].0,
            rows: rows.len() as u64,
            correct: rows.iter().filter(|row| row.1).count() as u64,
        })
        .collect()
}

/// [`pool_adjacent`] over ties: each pool with the ties in it.
pub fn pooled(ties: &[Tie]) -> impl Iterator<Item = (Pool, &[Tie])> {
    let pools = pool_adjacent(ties.iter().map(|tie| (tie.accuracy(), tie.rows as f64)));
    let mut rest = ties;
    pools.into_iter().map(move |pool| {
        let (members, others) = rest.split_at(pool.values);
        rest = others;
        (pool, members)
    })
}

/// Isotonic calibration (Zadrozny and Elkan, "Transforming classifier scores into accurate
/// multiclass probability estimates" (2002)): the accuracy of each pool over all its confidences,
/// straight lines in the gaps between pools, constant outside, as scikit-learn has it.
///
/// No other non-decreasing function, the unchanged confidence among them, has a lower Brier score
/// on the fitted answers.
///
/// # Errors
/// None that [`Answers`] lets through.
pub fn isotonic(answers: &Answers<'_>) -> Result<Fitted<Curve>, ConfidenceError> {
    let ties = tied(answers.confidence(), answers.correct());
    let knots = pooled(&ties).flat_map(|(pool, ties)| ends(pool.mean(), ties));
    curve(knots.collect())
}

/// Centred isotonic regression (Oron and Flournoy, "Centered isotonic regression" (2017)): each
/// pool is one knot at the mean of its confidences, so that the curve rises between pools instead
/// of standing on steps. Pools of accuracy 0 or 1 keep their whole width: the curve cannot go on
/// beyond them.
///
/// # Errors
/// None that [`Answers`] lets through.
pub fn centred(answers: &Answers<'_>) -> Result<Fitted<Curve>, ConfidenceError> {
    let ties = tied(answers.confidence(), answers.correct());
    let knots = pooled(&ties).flat_map(|(pool, ties)| {
        let mean = pool.mean();
        if mean <= 0.0 || mean >= 1.0 {
            return ends(mean, ties);
        }
        let sum: f64 = ties
            .iter()
            .map(|tie| tie.confidence * tie.rows as f64)
            .sum();
        let (first, last) = (ties[0].confidence, ties[ties.len() - 1].confidence);
        vec![((sum / pool.weight).clamp(first, last), mean)]
    });
    curve(knots.collect())
}

/// The first and the last confidence of a pool, once if they are one.
fn ends(mean: f64, ties: &[Tie]) -> Vec<(f64, f64)> {
    let (first, last) = (ties[0].confidence, ties[ties.len() - 1].confidence);
    if first == last {
        vec![(first, mean)]
    } else {
        vec![(first, mean), (last, mean)]
    }
}

fn curve(knots: Vec<(f64, f64)>) -> Result<Fitted<Curve>, ConfidenceError> {
    let steps = knots.chunk_by(|a, b| a.1 == b.1).count();
    let curve = Curve::through(knots).map_err(ConfidenceError::Values)?;
    let mut fitted = Fitted::quiet(curve);
    if steps == 1 {
        fitted.notes.push(
            "surer answers were not right more often: every repaired confidence is the accuracy"
                .to_owned(),
        );
    }
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use qualm_stats::Stream;

    fn fitted(values: &[f64], weights: &[f64]) -> Vec<f64> {
        pool_adjacent(values.iter().copied().zip(weights.iter().copied()))
            .into_iter()
            .flat_map(|pool| vec![pool.mean(); pool.values])
            .collect()
    }

    #[test]
    fn violators_are_pooled_by_hand() {
        assert_eq!(fitted(&[1.0, 2.0, 3.0], &[1.0; 3]), [1.0, 2.0, 3.0]);
        assert_eq!(fitted(&[3.0, 2.0, 1.0], &[1.0; 3]), [2.0; 3]);
        // The last value pulls down the pool of the two before it, and that the first.
        assert_eq!(
            fitted(&[1.0, 4.0, 3.0, -4.0], &[1.0, 1.0, 1.0, 2.0]),
            [0.0; 4]
        );
        assert_eq!(
            fitted(&[2.0, 1.0, 5.0], &[1.0, 3.0, 1.0]),
            [1.25, 1.25, 5.0]
        );
        assert!(pool_adjacent([]).is_empty());
    }

    #[test]
    fn ties_are_one_entry_and_zeros_have_no_sign() {
        let ties = tied(&[0.0, 0.7, -0.0, 0.7], &[true, true, false, true]);
        let [zero, seven] = ties[..] else {
            panic!("{ties:?}");
        };
        assert_eq!((zero.rows, zero.correct, zero.accuracy()), (2, 1, 0.5));
        assert_eq!((seven.rows, seven.correct), (2, 2));
    }

    /// The fitted value is `max_{a <= i} min_{b >= i} mean(a..=b)`, whatever the algorithm.
    #[test]
    fn pools_are_the_max_min_of_means() {
        let mut stream = Stream::new(1, 0);
        for _ in 0..200 {
            let rows = 1 + stream.below(12);
            let values: Vec<f64> = (0..rows).map(|_| stream.below(3) as f64).collect();
            let weights: Vec<f64> = (0..rows).map(|_| 1.0 + stream.below(3) as f64).collect();
            let mean = |from: usize, to: usize| {
                let sum: f64 = (from..=to).map(|i| values[i] * weights[i]).sum();
                sum / weights[from..=to].iter().sum::<f64>()
            };
            for (i, ours) in fitted(&values, &weights).into_iter().enumerate() {
                let want = (0..=i)
                    .map(|a| (i..rows).map(|b| mean(a, b)).fold(f64::INFINITY, f64::min))
                    .fold(f64::NEG_INFINITY, f64::max);
                assert!((ours - want).abs() < 1e-12, "{values:?} {weights:?}");
            }
        }
    }

    #[test]
    fn pooled_ties_keep_their_members() {
        let ties = tied(&[0.1, 0.2, 0.3, 0.3], &[true, false, true, true]);
        let pools: Vec<(usize, f64)> = pooled(&ties)
            .map(|(p, ties)| (ties.len(), p.mean()))
            .collect();
        assert_eq!(pools, [(2, 0.5), (1, 1.0)]);
    }

    #[test]
    fn isotonic_and_centred_curves_by_hand() {
        // Accuracy 0 at .1, pooled 1/2 at .4 (right) and .6 (wrong), 1 at .7 and .9.
        let confidence = [0.1, 0.4, 0.6, 0.7, 0.9];
        let correct = [false, true, false, true, true];
        let answers = Answers::new(&confidence, &correct).unwrap();
        let knots = |fitted: Result<Fitted<Curve>, ConfidenceError>| -> Vec<(f64, f64)> {
            fitted.unwrap().recalibrator.knots().collect()
        };
        assert_eq!(
            knots(isotonic(&answers)),
            [(0.1, 0.0), (0.4, 0.5), (0.6, 0.5), (0.7, 1.0), (0.9, 1.0)]
        );
        assert_eq!(
            knots(centred(&answers)),
            [(0.1, 0.0), (0.5, 0.5), (0.7, 1.0), (0.9, 1.0)]
        );
    }

    #[test]
    fn reversed_confidence_is_told() {
        let answers = Answers::new(&[0.1, 0.9], &[true, false]).unwrap();
        let fitted = isotonic(&answers).unwrap();
        assert_eq!(fitted.recalibrator.apply(0.5), 0.5);
        assert!(fitted.notes[0].starts_with("surer answers were not"));
    }

    proptest! {
        #[test]
        fn isotonic_never_falls_and_never_raises_the_brier_score(
            rows in prop::collection::vec((0u32..=20, any::<bool>()), 2..80),
        ) {
            let confidence: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let correct: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let Ok(answers) = Answers::new(&confidence, &correct) else {
                return Ok(());
            };
            let brier = |of: &dyn Fn(f64) -> f64| -> f64 {
                let rows = confidence.iter().zip(&correct);
                rows.map(|(&c, &y)| (of(c) - f64::from(u8::from(y))).powi(2)).sum()
            };
            let curve = isotonic(&answers).unwrap().recalibrator;
            prop_assert!(brier(&|c| curve.apply(c)) <= brier(&|c| c) + 1e-12);
            for curve in [curve, centred(&answers).unwrap().recalibrator] {
                let values: Vec<f64> = (0..=100).map(|i| curve.apply(f64::from(i) / 100.0)).collect();
                prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
            }
        }
    }
}
