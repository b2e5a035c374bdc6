//! How many false alarms to expect: the exact law, given the size of the reference.
//!
//! Of m new in-distribution rows exchangeable with n reference rows, the number flagged at a
//! level follows, for scores without ties, the beta-binomial law with
//! `k = floor(level * (n + 1))`: as a binomial count whose rate was itself drawn from
//! Beta(k, n + 1 - k), the luck of the reference (Vovk 2012; Angelopoulos and Bates 2023,
//! appendix C). It is wider than the binomial law, which takes the rate for known, and does
//! not narrow below the Beta however many new rows come.

use std::ops::RangeInclusive;

use statrs::function::gamma::ln_gamma;

use crate::error::{StatsError, check_level};
use crate::share::largest_count_within;

/// The beta-binomial law of a count among `trials`, with whole weights.
///
/// Probabilities come from logarithms of the gamma function and carry a relative error of
/// about 1e-11 for thousands of rows, 1e-8 for millions. [`BetaBinomial::cdf`] and
/// [`BetaBinomial::interval`] add up to `trials` of them.
///
/// ```
/// use qualm_stats::BetaBinomial;
///
/// // 2,000 new rows against a reference of 199, at a level of 5 %.
/// let false_alarms = BetaBinomial::of_false_alarms(199, 0.05, 2_000);
/// assert_eq!(false_alarms.mean(), 100.0);
/// // The binomial law would say 81 to 120.
/// assert_eq!(false_alarms.interval(0.95)?, 46..=172);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    trials: u64,
    hits: u64,
    misses: u64,
}

impl BetaBinomial {
    /// The count of hits among `trials` whose rate was drawn from Beta(`hits`, `misses`).
    ///
    /// Without weight on hits the count is always 0, else without weight on misses always
    /// `trials`: the limits of the law.
    pub fn new(trials: u64, hits: u64, misses: u64) -> BetaBinomial {
        BetaBinomial {
            trials,
            hits,
            misses,
        }
    }

    /// The law of the number of false alarms among `new_rows` in-distribution rows flagged
    /// at `level` by a reference of `reference_rows`, as
    /// [`Reference::threshold`](crate::conformal::Reference::threshold) flags them.
    ///
    /// Exact without ties; with ties in the scores there are fewer false alarms.
    pub fn of_false_alarms(reference_rows: u64, level: f64, new_rows: u64) -> BetaBinomial {
        let places = reference_rows.saturating_add(1);
        let flagged = largest_count_within(level, places);
        BetaBinomial::new(new_rows, flagged, places - flagged)
    }

    /// The expected count.
    pub fn mean(&self) -> f64 {
        match self.certain() {
            Some(count) => count as f64,
            None => self.trials as f64 * self.hits as f64 / (self.hits as f64 + self.misses as f64),
        }
    }

    /// The probability of exactly `count`.
    pub fn pmf(&self, count: u64) -> f64 {
        if let Some(certain) = self.certain() {
            return if count == certain { 1.0 } else { 0.0 };
        }
        if count > self.trials {
            return 0.0;
        }
        let (trials, hits, misses) = (self.trials as f64, self.hits as f64, self.misses as f64);
        let (count, rest) = (count as f64, (self.trials - count) as f64);
        let orders = ln_gamma(trials + 1.0) - ln_gamma(count + 1.0) - ln_gamma(rest + 1.0);
        (orders + ln_beta(count + hits, rest + misses) - ln_beta(hits, misses)).exp()
    }

    /// The probability of at most `count`.
    pub fn cdf(&self, count: u64) -> f64 {
        if count >= self.trials {
            return 1.0;
        }
        (0..=count)
            .map(|count| self.pmf(count))
            .sum::<f64>()
            .min(1.0)
    }

    /// The counts that are left after cutting at most `(1 - level) / 2` of probability off
    /// each end; their probability is at least `level`.
    ///
    /// # Errors
    /// [`StatsError::BadLevel`] unless `level` is strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<RangeInclusive<u64>, StatsError> {
        check_level(level)?;
        let tail = (1.0 - level) / 2.0;
        let keeps = |cut: &mut f64, count: u64| {
            *cut += self.pmf(count);
            *cut > tail
        };
        // Some count is always kept: both tails together are less than everything.
        let lowest = (0..self.trials)
            .scan(0.0, |cut, count| Some((count, keeps(cut, count))))
            .find_map(|(count, kept)| kept.then_some(count))
            .unwrap_or(self.trials);
        let highest = (lowest + 1..=self.trials)
            .rev()
            .scan(0.0, |cut, count| Some((count, keeps(cut, count))))
            .find_map(|(count, kept)| kept.then_some(count))
            .unwrap_or(lowest);
        Ok(lowest..=highest)
    }

    /// The only possible count, if a weight is 0.
    fn certain(&self) -> Option<u64> {
        match (self.hits, self.misses) {
            (0, _) => Some(0),
            (_, 0) => Some(self.trials),
            _ => None,
        }
    }
}

/// The logarithm of Euler's beta function.
fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    }

    #[test]
    fn equal_weights_of_one_are_uniform() {
        let law = BetaBinomial::new(4, 1, 1);
        for count in 0..=4 {
            assert_close(law.pmf(count), 0.2);
        }
        assert_eq!(law.pmf(5), 0.0);
        assert_close(law.cdf(1), 0.4);
        assert_eq!(law.cdf(4), 1.0);
        assert_eq!(law.mean(), 2.0);
        assert_eq!(law.interval(0.5).unwrap(), 1..=3);
        assert_eq!(law.interval(0.999).unwrap(), 0..=4);
    }

    #[test]
    fn a_law_worked_by_urn() {
        // Polya's urn with 1 hit and 2 misses, 2 draws, each put back with one more.
        let law = BetaBinomial::new(2, 1, 2);
        assert_close(law.pmf(0), 2.0 / 3.0 * 3.0 / 4.0);
        assert_close(law.pmf(1), 2.0 * (1.0 / 3.0 * 2.0 / 4.0));
        assert_close(law.pmf(2), 1.0 / 3.0 * 2.0 / 4.0);
    }

    #[test]
    fn probabilities_of_a_large_law_add_up() {
        let law = BetaBinomial::of_false_alarms(9_999, 0.05, 20_000);
        assert_eq!(law, BetaBinomial::new(20_000, 500, 9_500));
        let sum: f64 = (0..=20_000).map(|count| law.pmf(count)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert_eq!(law.mean(), 1_000.0);
    }

    #[test]
    fn an_interval_is_the_shortest_that_cuts_no_more_than_the_tails() {
        let law = BetaBinomial::of_false_alarms(99, 0.1, 200);
        let range = law.interval(0.9).unwrap();
        let (lo, hi) = (*range.start(), *range.end());
        assert!(law.cdf(lo - 1) <= 0.05 && law.cdf(lo) > 0.05);
        assert!(1.0 - law.cdf(hi) <= 0.05 && 1.0 - law.cdf(hi - 1) > 0.05);
    }

    #[test]
    fn a_reference_too_small_to_flag_raises_no_alarm() {
        let law = BetaBinomial::of_false_alarms(9, 0.05, 1_000);
        assert_eq!((law.mean(), law.pmf(0), law.pmf(1)), (0.0, 1.0, 0.0));
        assert_eq!(law.cdf(0), 1.0);
        assert_eq!(law.interval(0.9).unwrap(), 0..=0);
        let everything = BetaBinomial::of_false_alarms(9, 1.0, 7);
        assert_eq!(everything.interval(0.9).unwrap(), 7..=7);
        assert_eq!((everything.cdf(6), everything.cdf(7)), (0.0, 1.0));
    }

    #[test]
    fn a_level_out_of_range_is_refused() {
        let refused = BetaBinomial::new(4, 1, 1).interval(1.0);
        assert_eq!(refused, Err(StatsError::BadLevel { level: 1.0 }));
    }
}
