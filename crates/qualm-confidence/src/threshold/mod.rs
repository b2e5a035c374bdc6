//! The guaranteed filter: a threshold that lets through at most a stated share of what is bad.
//!
//! A filter blocks items whose score is high, or low. A *miss* is a bad item that it lets through. From the
//! scores of n known bad items comes the highest threshold whose miss rate is at most e with
//! probability 1 - d, and what it costs in blocked good items.
//!
//! # What is promised
//! Over draws of the n bad items, at least a share 1 - d of such filters has a miss rate of at
//! most e, whatever the scores and however they are tied. The bad items must be drawn
//! independently from the same source as those to come: a filter knows nothing of a new kind of
//! attack. Nothing is promised of good items; their price is measured.

use qualm_stats::{Interval, binomial_cdf, clopper_pearson, rate_at_most};
use serde::Serialize;

use crate::ConfidenceError;

mod file;
mod report;

pub use file::{ScoreTable, scores_of_records};
pub use report::{Outcome, filter};

/// What a filter shall keep to.
///
/// ```
/// use qualm_confidence::threshold::Promise;
///
/// // "Three nines": one miss in a thousand, with 95 % confidence.
/// let promise = Promise { miss_rate: 0.001, delta: 0.05 };
/// assert_eq!(promise.items_needed()?, 2_995);
/// assert_eq!(promise.misses_allowed(5_000)?, Some(1));
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Promise {
    /// e: the share of bad items that may be let through.
    pub miss_rate: f64,
    /// d: the probability that more are.
    pub delta: f64,
}

impl Promise {
    fn check(self) -> Result<(), ConfidenceError> {
        for (name, value) in [("miss rate", self.miss_rate), ("delta", self.delta)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(ConfidenceError::Values(format!(
                    "the {name} is {value}, but must lie strictly between 0 and 1"
                )));
            }
        }
        Ok(())
    }

    /// Whether so few misses among so many items, were e the miss rate, have a probability of at
    /// most d, but for rounding.
    fn seldom(self, misses: u64, items: u64) -> bool {
        binomial_cdf(misses, items, self.miss_rate) <= self.delta * (1.0 + 1e-12)
    }

    /// The fewest bad items that can support it: the least n with `(1 - e)^n <= d`.
    ///
    /// # Errors
    /// When the miss rate or delta is not strictly between 0 and 1.
    pub fn items_needed(self) -> Result<u64, ConfidenceError> {
        self.check()?;
        // The quotient is right but for rounding; the power decides.
        let mut items = (self.delta.ln() / (-self.miss_rate).ln_1p()).ceil() as u64;
        let enough = |items: u64| self.seldom(0, items);
        while items > 1 && enough(items - 1) {
            items -= 1;
        }
        while !enough(items) {
            items += 1;
        }
        Ok(items.max(1))
    }

    /// The most misses among `items` calibration items that the promise allows: the largest k with
    /// `P(Bin(items, e) <= k) <= d`. Nothing where even none are too many.
    ///
    /// # Errors
    /// When the miss rate or delta is not strictly between 0 and 1.
    pub fn misses_allowed(self, items: u64) -> Result<Option<u64>, ConfidenceError> {
        self.check()?;
        let few = |misses: u64| self.seldom(misses, items);
        if items == 0 || !few(0) {
            return Ok(None);
        }
        let (mut allowed, mut many) = (0, items);
        while many - allowed > 1 {
            let middle = allowed + (many - allowed) / 2;
            if few(middle) {
                allowed = middle;
            } else {
                many = middle;
            }
        }
        Ok(Some(allowed))
    }
}

/// Which end of a score is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Scores at or above the threshold are blocked: outlier scores.
    #[default]
    High,
    /// Scores at or below the threshold are blocked: confidences.
    Low,
}

impl Blocks {
    /// The score as one that is suspicious where it is high, or back.
    fn turned(self, score: f64) -> f64 {
        match self {
            Blocks::High => score,
            // Not -score, which makes -0 of 0.
            Blocks::Low => 0.0 - score,
        }
    }
}

/// A threshold that keeps a promise; what lies at it is blocked.
///
/// ```
/// use qualm_confidence::threshold::{Blocks, Filter, Promise};
///
/// let bad: Vec<f64> = (1..=100).map(f64::from).collect();
/// let filter = Filter::fit(&bad, Blocks::High, Promise { miss_rate: 0.1, delta: 0.05 })?;
/// // P(Bin(100, .1) <= 4) = .024 and P(Bin(100, .1) <= 5) = .058: four may be missed.
/// assert_eq!((filter.threshold, filter.misses), (5.0, 4));
/// let price = filter.share_blocked(&[0.0, 4.9, 5.0, 7.0])?;
/// assert_eq!(price.share.value, 0.5);
///
/// let promise = Promise { miss_rate: 0.001, delta: 0.05 };
/// let error = Filter::fit(&bad, Blocks::High, promise).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "100 bad items cannot show that misses are at most 0.1 % with 95 % confidence: that takes \
///      2995, none of them missed; with 100 the least miss rate that can be promised is 2.952 %",
/// );
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Filter {
    /// What is promised.
    pub promise: Promise,
    /// Which side of the threshold is blocked.
    pub blocks: Blocks,
    /// Scores at this and beyond it are blocked.
    pub threshold: f64,
    /// n, the bad items that it was fitted on.
    pub items: u64,
    /// The misses that were allowed among them.
    pub misses_allowed: u64,
    /// The misses among them, fewer where scores are tied.
    pub misses: u64,
}

impl Filter {
    /// The threshold that blocks least and keeps the promise: of the scores of n bad items the
    /// (k + 1)-th least suspicious, where k is [`Promise::misses_allowed`].
    ///
    /// Where high scores are blocked, let q be the highest threshold whose miss rate is at most e. A threshold above q breaks the
    /// promise, and then at most k of n items score at most q, although each does so with a
    /// probability of at least e; that happens with a probability of at most
    /// `P(Bin(n, e) <= k) <= d` (Clopper and Pearson 1934). No step asks for scores to differ.
    ///
    /// # Errors
    /// When a score is NaN, the promise is none, or the items are too few to support it; the
    /// sentence then says how many it takes.
    pub fn fit(bad: &[f64], blocks: Blocks, promise: Promise) -> Result<Filter, ConfidenceError> {
        check_scores("bad", bad)?;
        let items = bad.len() as u64;
        let Some(misses_allowed) = promise.misses_allowed(items)? else {
            return Err(unsupported(items, promise)?);
        };
        let mut sorted: Vec<f64> = bad.iter().map(|&score| blocks.turned(score)).collect();
        // Below the number of items, since P(Bin(n, e) <= n) = 1 > d.
        let place = misses_allowed as usize;
        let (below, threshold, _) = sorted.select_nth_unstable_by(place, f64::total_cmp);
        let threshold = *threshold;
        Ok(Filter {
            promise,
            blocks,
            threshold: blocks.turned(threshold),
            items,
            misses_allowed,
            misses: below.iter().filter(|score| **score < threshold).count() as u64,
        })
    }

    /// Whether an item is blocked. NaN is blocked: nothing is known of it.
    #[must_use]
    pub fn blocks(&self, score: f64) -> bool {
        let beyond = match self.blocks {
            Blocks::High => score >= self.threshold,
            Blocks::Low => score <= self.threshold,
        };
        score.is_nan() || beyond
    }

    /// The share of items that is blocked: of good ones the price, of new bad ones one minus the
    /// miss rate.
    ///
    /// # Errors
    /// When there are no items or a score is NaN.
    pub fn share_blocked(&self, scores: &[f64]) -> Result<Share, ConfidenceError> {
        check_scores("good", scores)?;
        let blocked = scores.iter().filter(|score| self.blocks(**score)).count() as u64;
        let items = scores.len() as u64;
        Ok(Share {
            items,
            blocked,
            share: clopper_pearson(blocked, items, 0.95)?,
        })
    }
}

/// How many items a filter blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The items.
    pub items: u64,
    /// Those that are blocked.
    pub blocked: u64,
    /// Their share, with its 95 % interval of Clopper and Pearson.
    #[serde(serialize_with = "triple")]
    pub share: Interval,
}

fn triple<S: serde::Serializer>(share: &Interval, serializer: S) -> Result<S::Ok, S::Error> {
    [share.value, share.lo, share.hi].serialize(serializer)
}

fn unsupported(items: u64, promise: Promise) -> Result<ConfidenceError, ConfidenceError> {
    let least = if items == 0 {
        String::new()
    } else {
        let rate = rate_at_most(0, items, promise.delta)?;
        // Rounded up: a promise must not look better than it is.
        let least = (rate * 1e5).ceil() / 1e3;
        format!("; with {items} the least miss rate that can be promised is {least} %")
    };
    Ok(ConfidenceError::Values(format!(
        "{items} bad items cannot show that misses are at most {} % with {} % confidence: that \
         takes {}, none of them missed{least}",
        percent(promise.miss_rate),
        percent(1.0 - promise.delta),
        promise.items_needed()?
    )))
}

/// A share as percent, without what rounding adds in the last digits.
fn percent(share: f64) -> f64 {
    (share * 1e12).round() / 1e10
}

fn check_scores(which: &str, scores: &[f64]) -> Result<(), ConfidenceError> {
    match scores.iter().position(|score| score.is_nan()) {
        None => Ok(()),
        Some(at) => Err(ConfidenceError::Values(format!(
            "the score of {which} item {at}, counted from 0, is NaN; leave it out or find out why"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn three_nines_take_2995_items() {
        let promise = Promise {
            miss_rate: 0.001,
            delta: 0.05,
        };
        assert_eq!(promise.items_needed().unwrap(), 2_995);
        assert_eq!(promise.misses_allowed(2_994).unwrap(), None);
        assert_eq!(promise.misses_allowed(2_995).unwrap(), Some(0));
        // P(Bin(n, .001) <= 1) = .999^(n - 1) (.999 + .001 n), .05 between 4,741 and 4,742.
        assert_eq!(promise.misses_allowed(4_741).unwrap(), Some(0));
        assert_eq!(promise.misses_allowed(4_742).unwrap(), Some(1));
        let bad: Vec<f64> = (0..2_995).map(f64::from).collect();
        let filter = Filter::fit(&bad, Blocks::High, promise).unwrap();
        assert_eq!(
            (filter.threshold, filter.misses_allowed, filter.misses),
            (0.0, 0, 0)
        );
        assert!(filter.blocks(0.0) && !filter.blocks(-0.1) && filter.blocks(f64::NAN));
        let told = Filter::fit(&bad[1..], Blocks::High, promise)
            .unwrap_err()
            .to_string();
        assert!(told.contains("that takes 2995"), "{told}");
    }

    #[test]
    fn items_needed_is_exact_at_whole_powers() {
        // (1/2)^3 = 1/8.
        let promise = |miss_rate, delta| Promise { miss_rate, delta };
        assert_eq!(promise(0.5, 0.125).items_needed().unwrap(), 3);
        assert_eq!(promise(0.5, 0.124).items_needed().unwrap(), 4);
        assert_eq!(promise(0.9, 0.5).items_needed().unwrap(), 1);
        for (e, d) in [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (0.1, f64::NAN)] {
            assert!(promise(e, d).items_needed().is_err());
        }
    }

    /// Over 10,000 calibrations the promise is broken in at most a share d, and as often as the
    /// binomial law says where no scores are tied.
    #[test]
    fn promises_are_broken_as_seldom_as_stated() {
        let promise = Promise {
            miss_rate: 0.05,
            delta: 0.1,
        };
        let items = 207;
        let allowed = promise.misses_allowed(items).unwrap().unwrap();
        let expected = binomial_cdf(allowed, items, 0.05);
        let draws = 10_000;
        // Levels of the score: with few, most items are tied.
        for levels in [None, Some(1_000.0), Some(40.0), Some(15.0), Some(2.0)] {
            let mut stream = Stream::new(11, 0);
            let mut broken = 0;
            for _ in 0..draws {
                let draw = |_| {
                    let u = stream.unit();
                    levels.map_or(u, |levels: f64| (u * levels).floor() / levels)
                };
                let bad: Vec<f64> = (0..items).map(draw).collect();
                let filter = Filter::fit(&bad, Blocks::High, promise).unwrap();
                // Scores are uniform, so the miss rate, P(score < threshold), is the threshold.
                broken += u32::from(filter.threshold > promise.miss_rate + 1e-12);
            }
            let share = f64::from(broken) / f64::from(draws);
            println!(
                "{levels:?} levels: broken {share}, allowed {}",
                promise.delta
            );
            assert!(share <= promise.delta, "{levels:?}: {share}");
            if levels.is_none() {
                assert!((share - expected).abs() < 0.012, "{share} {expected}");
            }
        }
    }

    #[test]
    fn ties_are_blocked_together() {
        let promise = Promise {
            miss_rate: 0.1,
            delta: 0.05,
        };
        let mut bad = vec![1.0; 10];
        bad.extend(vec![2.0; 90]);
        let filter = Filter::fit(&bad, Blocks::High, promise).unwrap();
        assert_eq!(
            (filter.threshold, filter.misses_allowed, filter.misses),
            (1.0, 4, 0)
        );
        let price = filter.share_blocked(&[0.0, 1.0, 0.5, 0.9]).unwrap();
        assert_eq!((price.items, price.blocked), (4, 1));
        assert!(price.share.lo < 0.01 && price.share.hi > 0.7);
    }

    #[test]
    fn low_scores_are_blocked_as_high_ones_are() {
        let promise = Promise {
            miss_rate: 0.1,
            delta: 0.05,
        };
        let bad: Vec<f64> = (1..=100).map(f64::from).collect();
        let low = Filter::fit(&bad, Blocks::Low, promise).unwrap();
        assert_eq!((low.threshold, low.misses), (96.0, 4));
        assert!(low.blocks(96.0) && low.blocks(1.0) && !low.blocks(96.5));
    }

    #[test]
    fn nothing_follows_from_no_items_or_from_nan() {
        let promise = Promise {
            miss_rate: 0.1,
            delta: 0.05,
        };
        let told = Filter::fit(&[], Blocks::High, promise)
            .unwrap_err()
            .to_string();
        assert!(
            told.ends_with("that takes 29, none of them missed"),
            "{told}"
        );
        let told = Filter::fit(&[1.0, f64::NAN], Blocks::High, promise)
            .unwrap_err()
            .to_string();
        assert!(told.starts_with("the score of bad item 1"), "{told}");
        let filter = Filter::fit(&[1.0; 29], Blocks::High, promise).unwrap();
        assert!(filter.share_blocked(&[]).is_err());
    }
}
