//! What can be wrong with the numbers handed in.

use std::fmt;

use thiserror::Error;

/// The most rows of one class that can be ranked.
pub(crate) const MOST_ROWS: u32 = u32::MAX / 2;

/// The sample an error speaks of.
///
/// ```
/// use qualm_stats::Sample;
///
/// assert_eq!(Sample::InDistribution.to_string(), "in-distribution");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Rows like the training data.
    InDistribution,
    /// Rows unlike the training data.
    OutOfDistribution,
    /// In-distribution rows held back from fitting.
    Reference,
    /// The first of two compared lists.
    First,
    /// The second of two compared lists.
    Second,
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Sample::InDistribution => "in-distribution",
            Sample::OutOfDistribution => "out-of-distribution",
            Sample::Reference => "reference",
            Sample::First => "first",
            Sample::Second => "second",
        })
    }
}

/// Why a number cannot be computed from these numbers.
///
/// ```
/// use qualm_stats::{Ranking, StatsError};
///
/// let error = Ranking::new(&[0.5, f64::NAN], &[1.0]).unwrap_err();
/// assert!(matches!(error, StatsError::NotANumber { index: 1, .. }));
/// assert_eq!(
///     error.to_string(),
///     "the in-distribution score at index 1 is NaN: repair what computed it or leave that row out",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A sample without rows.
    #[error("there are no {which} scores: give at least one {which} row")]
    EmptyClass {
        /// The sample that is empty.
        which: Sample,
    },
    /// A score that is NaN, which has no place in any order.
    #[error(
        "the {which} score at index {index} is NaN: repair what computed it or leave that row out"
    )]
    NotANumber {
        /// The sample that holds it.
        which: Sample,
        /// Its place in that sample, from 0.
        index: usize,
    },
    /// A sample too small for the spread of its scores to be estimated.
    #[error("{needed} {which} rows are the least this can be computed from, not {rows}")]
    TooFewRows {
        /// The sample that is too small.
        which: Sample,
        /// The rows it has.
        rows: usize,
        /// The rows it needs.
        needed: usize,
    },
    /// A sample larger than the counters, which are narrow to keep resampling in cache.
    #[error(
        "{rows} {which} rows are more than the {MOST_ROWS} that can be ranked: rank a sample of them"
    )]
    TooManyRows {
        /// The sample that is too large.
        which: Sample,
        /// The rows it has.
        rows: usize,
    },
    /// Two lists that should describe the same rows and cannot.
    #[error(
        "the two lists hold {first} and {second} scores: \
         a paired comparison needs the same rows in the same order"
    )]
    LengthMismatch {
        /// The length of the first list.
        first: usize,
        /// The length of the second list.
        second: usize,
    },
    /// A confidence level that is not a share between nothing and everything.
    #[error("the level {level} is not strictly between 0 and 1: give for example 0.95")]
    BadLevel {
        /// The level asked for.
        level: f64,
    },
    /// A recall that no threshold can reach, or that every threshold reaches.
    #[error("the recall {recall} is not above 0 and at most 1: give for example 0.95")]
    BadRecall {
        /// The recall asked for.
        recall: f64,
    },
    /// Too few bootstrap replicates for an interval.
    #[error("{resamples} resamples make no interval: ask for at least 2, better 1000")]
    TooFewResamples {
        /// The number asked for.
        resamples: usize,
    },
    /// A share of nothing, or of fewer trials than hits.
    #[error(
        "{count} of {trials} is no share: give at least one trial, and no more hits than trials"
    )]
    NoTrials {
        /// The hits.
        count: u64,
        /// The trials.
        trials: u64,
    },
    /// A list without any variation, whose correlation with another is 0 / 0.
    #[error(
        "every value of the {which} list is the same, so its correlation is undefined: \
         check what computed it"
    )]
    Constant {
        /// The list without variation.
        which: Sample,
    },
}

/// Refuses an empty sample and the first NaN; infinities have a place in the order and pass.
pub(crate) fn check_scores(which: Sample, scores: &[f64]) -> Result<(), StatsError> {
    if scores.is_empty() {
        return Err(StatsError::EmptyClass { which });
    }
    match scores.iter().position(|score| score.is_nan()) {
        Some(index) => Err(StatsError::NotANumber { which, index }),
        None => Ok(()),
    }
}

/// Refuses a level that is not strictly between 0 and 1.
pub(crate) fn check_level(level: f64) -> Result<(), StatsError> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(StatsError::BadLevel { level })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_pass_and_the_first_nan_is_named() {
        let which = Sample::OutOfDistribution;
        assert_eq!(
            check_scores(which, &[f64::INFINITY, f64::NEG_INFINITY]),
            Ok(())
        );
        assert_eq!(
            check_scores(which, &[0.0, f64::NAN, f64::NAN]),
            Err(StatsError::NotANumber { which, index: 1 })
        );
        assert_eq!(
            check_scores(which, &[]),
            Err(StatsError::EmptyClass { which })
        );
    }

    #[test]
    fn a_level_is_strictly_between_nothing_and_everything() {
        for level in [0.0, 1.0, -0.5, 1.5, f64::INFINITY] {
            assert_eq!(check_level(level), Err(StatsError::BadLevel { level }));
        }
        assert!(check_level(f64::NAN).is_err());
        assert_eq!(check_level(0.95), Ok(()));
    }
}
