//! Intervals around changes: what would they be on other people and other questions?

use qualm_stats::Interval;
use qualm_stats::random::Stream;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// The share of intervals that should hold the truth.
pub(super) const LEVEL: f64 = 0.95;

/// Sums over the trials of one unit: of one person, or one trial where nobody knows whose it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) trials: f64,
    pub(super) loss_change: f64,
    pub(super) accuracy_change: f64,
    /// Trials with right advice, and the change of loss in them.
    pub(super) right: f64,
    pub(super) right_change: f64,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.trials += other.trials;
        self.loss_change += other.loss_change;
        self.accuracy_change += other.accuracy_change;
        self.right += other.right;
        self.right_change += other.right_change;
    }

    /// The mean change of loss where the advice is right and where it is wrong; 0 where there is
    /// no such trial.
    pub(super) fn by_advice(&self) -> (f64, f64) {
        let mean = |sum: f64, count: f64| if count > 0.0 { sum / count } else { 0.0 };
        (
            mean(self.right_change, self.right),
            mean(
                self.loss_change - self.right_change,
                self.trials - self.right,
            ),
        )
    }
}

/// All statistics of all units with percentile intervals: units are drawn with replacement, once
/// for all statistics. Replicate r draws from stream r of the seed.
pub(super) fn intervals<const N: usize>(
    units: &[Sums],
    resamples: usize,
    seed: u64,
    statistics: impl Fn(&Sums) -> [f64; N] + Sync,
) -> [Interval; N] {
    let total = |drawn: &mut dyn Iterator<Item = &Sums>| {
        let mut total = Sums::default();
        drawn.for_each(|unit| total.add(unit));
        total
    };
    let value = statistics(&total(&mut units.iter()));
    let replicates: Vec<[f64; N]> = (0..resamples as u64)
        .into_par_iter()
        .map(|replicate| {
            let mut stream = Stream::new(seed, replicate);
            let mut drawn = (0..units.len()).map(|_| &units[stream.below(units.len())]);
            statistics(&total(&mut drawn))
        })
        .collect();
    let tail = (1.0 - LEVEL) / 2.0;
    std::array::from_fn(|at| {
        let mut sorted: Vec<f64> = replicates.iter().map(|values| values[at]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Interval {
            value: value[at],
            lo: quantile(&sorted, tail).unwrap_or(value[at]),
            hi: quantile(&sorted, 1.0 - tail).unwrap_or(value[at]),
        }
    })
}

/// Linear between neighbours (Hyndman and Fan's type 7); none of an empty list.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let below = sorted[place as usize];
    let above = sorted[(place as usize + 1).min(last)];
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_a_mean_is_as_wide_as_theory_says() {
        let mut stream = Stream::new(1, 0);
        let units: Vec<Sums> = (0..400)
            .map(|_| Sums {
                trials: 1.0,
                loss_change: stream.normal(),
                ..Sums::default()
            })
            .collect();
        let [mean] = intervals(&units, 2000, 2, |sums| [sums.loss_change / sums.trials]);
        // 2 * 1.96 / sqrt(400), give or take the sample's own spread.
        assert!((mean.hi - mean.lo - 0.196).abs() < 0.03);
        assert!(mean.lo < mean.value && mean.value < mean.hi);
    }

    #[test]
    fn changes_are_told_apart_by_advice() {
        let sums = Sums {
            trials: 10.0,
            loss_change: -1.0,
            right: 8.0,
            right_change: -2.0,
            ..Sums::default()
        };
        assert_eq!(sums.by_advice(), (-0.25, 0.5));
        assert_eq!(Sums::default().by_advice(), (0.0, 0.0));
    }
}
