//! The ROC curve of a ranking, for plotting.

use crate::ranking::Ranking;
use crate::share::share_of;

/// What one threshold does: rows with a score above it are flagged.
///
/// ```
/// use qualm_stats::Ranking;
///
/// let curve = Ranking::new(&[0.1, 0.3], &[0.3, 0.7])?.roc();
/// let points: Vec<_> = curve
///     .iter()
///     .map(|point| (point.threshold, point.false_positive_rate, point.true_positive_rate))
///     .collect();
/// assert_eq!(
///     points,
///     [(0.7, 0.0, 0.0), (0.3, 0.0, 0.5), (0.1, 0.5, 1.0), (f64::NEG_INFINITY, 1.0, 1.0)],
/// );
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The share of in-distribution rows flagged.
    pub false_positive_rate: f64,
    /// The share of out-of-distribution rows flagged.
    pub true_positive_rate: f64,
    /// The threshold.
    pub threshold: f64,
}

impl Ranking {
    /// The ROC curve with OOD positive, from "nothing flagged" at (0, 0) to "all flagged" at
    /// (1, 1): one point a distinct score, then the last at threshold -∞.
    pub fn roc(&self) -> Vec<RocPoint> {
        let totals = self.totals();
        let (mut id, mut ood) = (0_u64, 0_u64);
        let mut curve = Vec::with_capacity(self.counts().len() + 1);
        let mut point = |id, ood, threshold| {
            curve.push(RocPoint {
                false_positive_rate: share_of(id, u64::from(totals.id)),
                true_positive_rate: share_of(ood, u64::from(totals.ood)),
                threshold,
            });
        };
        for (score, counts) in self.groups().rev() {
            point(id, ood, score);
            id += u64::from(counts.id);
            ood += u64::from(counts.ood);
        }
        point(id, ood, f64::NEG_INFINITY);
        curve
    }

    /// At most `max_points` points of [`Ranking::roc`], both ends among them (so at least 2).
    ///
    /// They are spread evenly along the curve rather than over the rows, so a steep start
    /// keeps its shape: each point left out lies, adding up both directions, within
    /// `2 / (max_points - 1)` of a point that is kept.
    pub fn roc_thinned(&self, max_points: usize) -> Vec<RocPoint> {
        let mut curve = self.roc();
        let cells = max_points.max(2) - 1;
        if curve.len() <= cells + 1 {
            return curve;
        }
        let last = curve.len() - 1;
        let mut index = 0;
        let mut next_cell = 0;
        // The curve only ever goes up and right, so both rates together measure the way
        // along it, from 0 to 2; the first point of each cell of that way stays.
        curve.retain(|point| {
            let way = (point.false_positive_rate + point.true_positive_rate) / 2.0;
            let cell = ((way * cells as f64) as usize).min(cells - 1);
            let keep = index == last || cell >= next_cell;
            index += 1;
            if keep {
                next_cell = cell + 1;
            }
            keep
        });
        curve
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn noisy(rows: usize) -> Ranking {
        let mut stream = Stream::new(11, 0);
        let id: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
        let ood: Vec<f64> = (0..rows / 3).map(|_| stream.normal() + 2.0).collect();
        Ranking::new(&id, &ood).unwrap()
    }

    #[test]
    fn the_area_under_the_curve_is_auroc() {
        let ranking = noisy(300);
        let area: f64 = ranking
            .roc()
            .windows(2)
            .map(|pair| {
                (pair[1].false_positive_rate - pair[0].false_positive_rate)
                    * (pair[1].true_positive_rate + pair[0].true_positive_rate)
                    / 2.0
            })
            .sum();
        assert!((area - ranking.auroc()).abs() < 1e-12);
    }

    #[test]
    fn thinning_keeps_the_ends_the_budget_and_the_shape() {
        let ranking = noisy(3_000);
        let full = ranking.roc();
        for max_points in [0, 2, 3, 10, 101, 1_000_000] {
            let thin = ranking.roc_thinned(max_points);
            assert!(thin.len() <= max_points.max(2), "{max_points}");
            assert_eq!(
                (thin.first(), thin.last()),
                (full.first(), full.last()),
                "{max_points}"
            );
            let step = 2.0 / (max_points.max(2) - 1) as f64;
            for point in &full {
                let near = thin.iter().any(|kept| {
                    (kept.false_positive_rate - point.false_positive_rate).abs()
                        + (kept.true_positive_rate - point.true_positive_rate).abs()
                        <= step + 1e-12
                });
                assert!(near, "{point:?} is far from all {max_points} points");
            }
        }
        assert!(
            ranking.roc_thinned(101).len() > 90,
            "the budget is put to use"
        );
    }
}
