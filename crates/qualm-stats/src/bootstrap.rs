//! Confidence intervals by resampling: what would the metric be on other rows of this kind?
//!
//! The two classes are resampled apart (stratified), each to its own size with replacement,
//! and the interval runs between percentiles of the replicates (Efron and Tibshirani 1993,
//! chapter 13). It answers for the choice of test rows alone, not for another training run,
//! and assumes that rows are independent: frames of one video are not.
//!
//! Near a perfect score the interval is too short: a detector without a single error on 50
//! rows gets `[1, 1]`, though its true AUROC is surely below 1.
//!
//! # Cost and reproducibility
//! A replicate neither sorts nor allocates: it draws n + m row numbers, counts them by distinct
//! score and walks the counts once. Replicate `r` draws from [`Stream`] number `r` of the
//! seed, from the rows in the order of their scores: the interval depends on the scores and
//! the seed alone, not on the threads or on the order in which rows were given.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::counts::{self, Counts, Totals};
use crate::error::{StatsError, check_level};
use crate::interval::Interval;
use crate::random::{DEFAULT_SEED, Stream};
use crate::ranking::Ranking;

/// How to resample.
///
/// ```
/// use qualm_stats::{Bootstrap, Ranking};
///
/// let id: Vec<f64> = (0..200).map(f64::from).collect();
/// let ood: Vec<f64> = (100..300).map(f64::from).collect();
/// let ranking = Ranking::new(&id, &ood)?;
/// let bootstrap = Bootstrap { resamples: 500, ..Bootstrap::default() };
/// let auroc = bootstrap.auroc(&ranking)?;
/// assert_eq!(auroc.value, ranking.auroc());
/// assert!(auroc.lo < auroc.value && auroc.value < auroc.hi);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The number of replicates, at least 2.
    pub resamples: usize,
    /// The share of intervals that should hold the truth, strictly between 0 and 1.
    pub level: f64,
    /// The seed of all replicates.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 1000 replicates, a 95 % interval, [`DEFAULT_SEED`].
    fn default() -> Bootstrap {
        Bootstrap {
            resamples: 1000,
            level: 0.95,
            seed: DEFAULT_SEED,
        }
    }
}

impl Bootstrap {
    /// [`Ranking::auroc`] with its interval.
    ///
    /// # Errors
    /// [`StatsError::TooFewResamples`] or [`StatsError::BadLevel`] if the fields of `self`
    /// are out of range.
    pub fn auroc(&self, ranking: &Ranking) -> Result<Interval, StatsError> {
        self.interval(ranking, counts::auroc)
    }

    /// [`Ranking::fpr95_id`] with its interval.
    ///
    /// # Errors
    /// As [`Bootstrap::auroc`].
    pub fn fpr95_id(&self, ranking: &Ranking) -> Result<Interval, StatsError> {
        self.interval(ranking, |counts, totals| {
            counts::fpr_id(counts, totals, 0.95)
        })
    }

    /// [`Ranking::fpr95_ood`] with its interval.
    ///
    /// # Errors
    /// As [`Bootstrap::auroc`].
    pub fn fpr95_ood(&self, ranking: &Ranking) -> Result<Interval, StatsError> {
        self.interval(ranking, |counts, totals| {
            counts::fpr_ood(counts, totals, 0.95)
        })
    }

    /// The mean of values of independent rows with its interval. Without values it is 0.
    ///
    /// ```
    /// let right = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0];
    /// let accuracy = qualm_stats::Bootstrap::default().mean(&right)?;
    /// assert!(accuracy.value == 0.75 && accuracy.lo < 0.6 && accuracy.hi == 1.0);
    /// # Ok::<(), qualm_stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bootstrap::auroc`].
    pub fn mean(&self, values: &[f64]) -> Result<Interval, StatsError> {
        let rows = values.len();
        let share = 1.0 / rows.max(1) as f64;
        let value = share * values.iter().sum::<f64>();
        self.percentiles(
            value,
            || (),
            |(), stream| share * (0..rows).map(|_| values[stream.below(rows)]).sum::<f64>(),
        )
    }

    fn interval(
        &self,
        ranking: &Ranking,
        metric: impl Fn(&[Counts], Totals) -> f64 + Sync + Send,
    ) -> Result<Interval, StatsError> {
        let totals = ranking.totals();
        let rows = RowGroups::of(ranking);
        self.percentiles(
            metric(ranking.counts(), totals),
            || vec![Counts::default(); ranking.counts().len()],
            |counts, stream| {
                rows.resample(stream, counts);
                metric(counts, totals)
            },
        )
    }

    /// An interval between percentiles of replicates, each drawn from a stream of its own with what
    /// `workspace` makes for a thread.
    fn percentiles<W>(
        &self,
        value: f64,
        workspace: impl Fn() -> W + Sync + Send,
        replicate: impl Fn(&mut W, &mut Stream) -> f64 + Sync + Send,
    ) -> Result<Interval, StatsError> {
        check_level(self.level)?;
        if self.resamples < 2 {
            return Err(StatsError::TooFewResamples {
                resamples: self.resamples,
            });
        }
        let mut replicates: Vec<f64> = (0..self.resamples)
            .into_par_iter()
            .map_init(workspace, |workspace, number| {
                replicate(workspace, &mut Stream::new(self.seed, number as u64))
            })
            .collect();
        replicates.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        Ok(Interval {
            value,
            lo: quantile(&replicates, tail),
            hi: quantile(&replicates, 1.0 - tail),
        })
    }
}

/// For each row of each class, in the order of scores, the group of ties it belongs to.
struct RowGroups {
    id: Vec<u32>,
    ood: Vec<u32>,
}

impl RowGroups {
    fn of(ranking: &Ranking) -> RowGroups {
        let totals = ranking.totals();
        let mut id = Vec::with_capacity(totals.id as usize);
        let mut ood = Vec::with_capacity(totals.ood as usize);
        for (group, counts) in (0_u32..).zip(ranking.counts()) {
            id.extend(std::iter::repeat_n(group, counts.id as usize));
            ood.extend(std::iter::repeat_n(group, counts.ood as usize));
        }
        RowGroups { id, ood }
    }

    /// Fills `counts`, one entry a group, with the rows of a fresh resample.
    fn resample(&self, stream: &mut Stream, counts: &mut [Counts]) {
        counts.fill(Counts::default());
        for _ in 0..self.id.len() {
            counts[self.id[stream.below(self.id.len())] as usize].id += 1;
        }
        for _ in 0..self.ood.len() {
            counts[self.ood[stream.below(self.ood.len())] as usize].ood += 1;
        }
    }
}

/// The quantile of a sorted, non-empty list, linear between neighbours (Hyndman and Fan's
/// type 7, the default of NumPy).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = sorted[place as usize];
    let above = sorted[(place as usize + 1).min(sorted.len() - 1)];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(stream: &mut Stream, rows: usize, mean: f64) -> Vec<f64> {
        (0..rows).map(|_| mean + stream.normal()).collect()
    }

    #[test]
    fn quantiles_worked_by_hand() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(quantile(&sorted, 0.0), 1.0);
        assert_eq!(quantile(&sorted, 0.25), 1.5);
        assert_eq!(quantile(&sorted, 0.75), 3.0);
        assert_eq!(quantile(&sorted, 1.0), 4.0);
    }

    #[test]
    fn a_resample_keeps_the_size_of_each_class() {
        let ranking = Ranking::new(&[0.0, 1.0, 1.0, 2.0], &[1.0, 3.0]).unwrap();
        let rows = RowGroups::of(&ranking);
        assert_eq!(
            (&rows.id[..], &rows.ood[..]),
            (&[0, 1, 1, 2][..], &[1, 3][..])
        );
        let mut counts = vec![Counts { id: 9, ood: 9 }; 4];
        for replicate in 0..20 {
            rows.resample(&mut Stream::new(0, replicate), &mut counts);
            assert_eq!(counts.iter().map(|counts| counts.id).sum::<u32>(), 4);
            assert_eq!(counts.iter().map(|counts| counts.ood).sum::<u32>(), 2);
            assert_eq!((counts[3].id, counts[0].ood), (0, 0));
        }
    }

    #[test]
    fn any_number_of_threads_and_any_order_of_rows_give_the_same_bits() {
        let mut stream = Stream::new(12, 0);
        let mut id = normals(&mut stream, 700, 0.0);
        let ood = normals(&mut stream, 300, 1.0);
        let intervals = |threads: usize, id: &[f64]| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let ranking = Ranking::new(id, &ood).unwrap();
                let bootstrap = Bootstrap::default();
                [
                    bootstrap.auroc(&ranking).unwrap(),
                    bootstrap.fpr95_id(&ranking).unwrap(),
                    bootstrap.fpr95_ood(&ranking).unwrap(),
                ]
                .map(|interval| [interval.value, interval.lo, interval.hi].map(f64::to_bits))
            })
        };
        let one = intervals(1, &id);
        assert_eq!(one, intervals(2, &id));
        assert_eq!(one, intervals(7, &id));
        stream.shuffle(&mut id);
        assert_eq!(one, intervals(2, &id));
    }

    #[test]
    fn another_seed_gives_another_interval() {
        let mut stream = Stream::new(13, 0);
        let ranking = Ranking::new(
            &normals(&mut stream, 50, 0.0),
            &normals(&mut stream, 50, 1.0),
        )
        .unwrap();
        let seeded = |seed| {
            Bootstrap {
                seed,
                ..Bootstrap::default()
            }
            .auroc(&ranking)
            .unwrap()
        };
        assert_ne!(seeded(1), seeded(2));
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        // Two normals one standard deviation apart: AUROC is Phi(1 / sqrt 2).
        let truth = 0.760_249_938_906_523_5;
        let bootstrap = Bootstrap {
            resamples: 400,
            level: 0.9,
            seed: 1,
        };
        let held = (0..500)
            .filter(|&repetition| {
                let mut stream = Stream::new(14, repetition);
                let id = normals(&mut stream, 80, 0.0);
                let ood = normals(&mut stream, 60, 1.0);
                let auroc = bootstrap.auroc(&Ranking::new(&id, &ood).unwrap()).unwrap();
                auroc.lo <= truth && truth <= auroc.hi
            })
            .count();
        // 450 of 500 by the book; 4 standard deviations are 27, and small samples cost a little.
        assert!((415..=477).contains(&held), "{held} of 500");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let ranking = Ranking::new(&[0.0], &[1.0]).unwrap();
        let refused = Bootstrap {
            resamples: 1,
            ..Bootstrap::default()
        };
        assert_eq!(
            refused.auroc(&ranking),
            Err(StatsError::TooFewResamples { resamples: 1 })
        );
        let refused = Bootstrap {
            level: 1.0,
            ..Bootstrap::default()
        };
        assert_eq!(
            refused.fpr95_id(&ranking),
            Err(StatsError::BadLevel { level: 1.0 })
        );
    }
}
