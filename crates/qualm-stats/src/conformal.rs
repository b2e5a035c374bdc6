//! From a score to a decision that keeps its promise: conformal p-values and thresholds.
//!
//! A [`Reference`] holds the outlier scores of in-distribution rows that were held back from
//! fitting. A new row's p-value is the share of them, the new row counted among them, that
//! look at least as unlike the training data. Flagging rows with p-value <= `level` then
//! flags in-distribution rows at a rate of at most `level`, whatever the detector and
//! whatever the distribution of its scores: no fit, no tuning, no large-sample argument
//! (Vovk, Gammerman and Shafer 2005; Laxhammar and Falkman 2010).
//!
//! # The one assumption: exchangeability
//! The new in-distribution row and the reference rows are exchangeable if every order of them
//! was equally likely to come about: nobody could tell, from the scores, which of them came
//! last. Rows drawn independently from one source are; the promise is void where they are not:
//!
//! - **Reference rows that the classifier or the detector was fitted on.** Both know them
//!   better than any new row, so new rows look odd beside them: on real features a reference
//!   drawn from the detector's fitting rows raised 15 to 39 % false alarms at a level of 5 %.
//! - **Duplicates and siblings across the split.** Crops of one image, frames of one video or
//!   visits of one patient on both sides make the reference look more familiar than a new
//!   row can be. Split by group.
//! - **Drift.** When the inputs change, the reference describes the past. More false alarms
//!   are then the very signal that something changed, but no longer at a known rate.
//! - **Picking the detector by its false alarms on the reference.** The chosen one has been
//!   lucky on just these rows.
//!
//! # What is promised: an average
//! The promise is marginal: it averages over the draw of the reference as well as of the new
//! row. One reference serves many decisions, and its luck is shared by all of them: with n
//! rows the actual rate of one fixed reference follows (for continuous scores) a Beta law
//! with mean `floor(level * (n + 1)) / (n + 1)`, and the count of false alarms among m new
//! rows the [beta-binomial law](crate::beta_binomial). A hundred reference rows at 5 % mean a
//! rate between 2 and 9 % in nine of ten cases; a thousand, between 3.9 and 6.2 %. Nor is
//! the promise kept separately for each class or group of rows: for that, hold a reference
//! each.

use crate::error::{Sample, StatsError, check_scores};
use crate::ranking::sorted;
use crate::share::{largest_count_within, share_of};

/// The outlier scores of held-back in-distribution rows, sorted.
///
/// ```
/// use qualm_stats::Reference;
///
/// let reference = Reference::new((1..=99).map(f64::from).collect())?;
/// assert_eq!(reference.p_value(200.0), 0.01);
/// assert_eq!(reference.p_value(95.0), 0.06);
///
/// // At most 5 % false alarms: flag what lies above the fifth largest score.
/// let threshold = reference.threshold(0.05);
/// assert_eq!(threshold, 95.0);
/// assert!(reference.p_value(95.1) <= 0.05);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Ascending, not empty, without NaN.
    scores: Vec<f64>,
}

impl Reference {
    /// Takes the scores in any order.
    ///
    /// # Errors
    /// [`StatsError::EmptyClass`] without scores, [`StatsError::NotANumber`] for the first NaN.
    pub fn new(scores: Vec<f64>) -> Result<Reference, StatsError> {
        check_scores(Sample::Reference, &scores)?;
        Ok(Reference {
            scores: sorted(&scores),
        })
    }

    /// The number of scores, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a reference is never empty")]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// The scores, ascending.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// `(1 + number of reference scores >= score) / (n + 1)`: small for a score that few
    /// reference rows reach. NaN for NaN.
    pub fn p_value(&self, score: f64) -> f64 {
        if score.is_nan() {
            return f64::NAN;
        }
        let below = self.scores.partition_point(|&other| other < score);
        share_of(
            (1 + self.len() - below) as u64,
            self.rows_with_the_new_one(),
        )
    }

    /// The threshold above which a score is flagged at `level`: for every `score`,
    /// `score > threshold(level)` exactly when `p_value(score) <= level`.
    ///
    /// It is the `floor(level * (n + 1))`-th largest reference score, the floor taken without
    /// rounding errors: 5 % of 99 + 1 rows are 5. Infinite, so that nothing is ever flagged,
    /// when `level` is below [`Reference::smallest_level`], or NaN. From a level of 1 on it
    /// is -∞: everything is flagged (but a score of -∞, which no threshold lies below).
    pub fn threshold(&self, level: f64) -> f64 {
        match self.rank_within(level) {
            0 => f64::INFINITY,
            rank => self
                .len()
                .checked_sub(rank)
                .map_or(f64::NEG_INFINITY, |index| self.scores[index]),
        }
    }

    /// The smallest level at which anything can be flagged, `1 / (n + 1)`: 1 % needs 99 rows.
    pub fn smallest_level(&self) -> f64 {
        share_of(1, self.rows_with_the_new_one())
    }

    /// The false-alarm rate that `level` really buys: `floor(level * (n + 1)) / (n + 1)`.
    ///
    /// On average over references and new rows, the rate is exactly this if scores are never
    /// tied, and at most this if they can be.
    pub fn guaranteed_false_alarms(&self, level: f64) -> f64 {
        share_of(self.rank_within(level) as u64, self.rows_with_the_new_one())
    }

    /// The largest whole `k` with `k / (n + 1) <= level`.
    fn rank_within(&self, level: f64) -> usize {
        largest_count_within(level, self.rows_with_the_new_one()) as usize
    }

    fn rows_with_the_new_one(&self) -> u64 {
        self.len() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(scores: &[f64]) -> Reference {
        Reference::new(scores.to_vec()).unwrap()
    }

    #[test]
    fn p_values_worked_by_hand() {
        let reference = reference(&[3.0, 1.0, 2.0, 2.0]);
        assert_eq!(reference.scores(), [1.0, 2.0, 2.0, 3.0]);
        let p_values = [0.5, 1.0, 2.0, 2.5, 3.0, 3.5].map(|score| reference.p_value(score));
        assert_eq!(p_values, [1.0, 1.0, 0.8, 0.4, 0.4, 0.2]);
        assert_eq!(reference.p_value(f64::INFINITY), 0.2);
        assert!(reference.p_value(f64::NAN).is_nan());
    }

    #[test]
    fn five_percent_of_a_hundred_are_five() {
        let rows: Vec<f64> = (1..=99).map(f64::from).collect();
        let reference = reference(&rows);
        assert_eq!(reference.threshold(0.05), 95.0);
        assert_eq!(reference.guaranteed_false_alarms(0.05), 0.05);
        // In floating point 0.29 * 100 < 29.
        assert_eq!(reference.threshold(0.29), 71.0);
        assert_eq!(reference.guaranteed_false_alarms(0.295), 0.29);
    }

    #[test]
    fn too_few_rows_never_flag() {
        let reference = reference(&[1.0; 9]);
        assert_eq!(reference.smallest_level(), 0.1);
        assert_eq!(reference.threshold(0.1), 1.0);
        assert_eq!(reference.threshold(0.099), f64::INFINITY);
        assert_eq!(reference.guaranteed_false_alarms(0.099), 0.0);
    }

    #[test]
    fn levels_beyond_the_unit_interval_flag_nothing_or_everything() {
        let reference = reference(&[1.0, 2.0]);
        for level in [0.0, -1.0, f64::NAN] {
            assert_eq!(reference.threshold(level), f64::INFINITY);
        }
        for level in [1.0, 2.0, f64::INFINITY] {
            assert_eq!(reference.threshold(level), f64::NEG_INFINITY);
        }
    }

    #[test]
    fn an_empty_or_undefined_reference_is_refused() {
        let which = Sample::Reference;
        assert_eq!(
            Reference::new(vec![]),
            Err(StatsError::EmptyClass { which })
        );
        assert_eq!(
            Reference::new(vec![1.0, f64::NAN]),
            Err(StatsError::NotANumber { which, index: 1 })
        );
    }
}
