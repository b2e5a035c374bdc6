//! How well one score separates two classes, whatever its scale.
//!
//! A score here is an outlier score: **higher means more like out-of-distribution (OOD)**. A
//! row is flagged as OOD when its score lies above a threshold and accepted as in-distribution
//! (ID) otherwise.
//!
//! # Which class is positive
//! Precision, recall and false positives depend on which class is called positive, and the
//! literature uses both. Every metric here that depends on it says so in its name:
//!
//! | name | positive | a false positive is |
//! |---|---|---|
//! | `..._id` | in-distribution | an OOD row that was accepted |
//! | `..._ood` | out-of-distribution | an ID row that was flagged |
//!
//! `fpr95_id` is the FPR95 of the papers on ViM, energy and nearest neighbours; `fpr95_ood`
//! is that of OpenOOD since version 1.5. They can be .52 and .96 on the same scores.
//!
//! # Ties
//! Rows of equal score are never put in an order: they stand on the same side of every
//! threshold. AUROC counts a tied pair half; the other metrics step over a group of ties at
//! once, so a detector gains nothing from ties.

use std::cmp::Ordering;

use rayon::slice::ParallelSliceMut;

use crate::counts::{self, Counts, Totals};
use crate::error::{MOST_ROWS, Sample, StatsError, check_scores};
use crate::precision_recall::{average_precision, trapezoid_area};
use crate::share::share_of;

/// The rows of two classes in the order of their scores, ready for every ranking metric.
///
/// Building it sorts once, O(n log n); each metric is then one pass over the distinct scores.
///
/// ```
/// use qualm_stats::Ranking;
///
/// let id = [0.1, 0.2, 0.2, 0.4];
/// let ood = [0.2, 0.5];
/// let ranking = Ranking::new(&id, &ood)?;
/// // Of 8 pairs the OOD row is higher in 5 and tied in 2.
/// assert_eq!(ranking.auroc(), 6.0 / 8.0);
/// // Accepting 95 % of 4 ID rows takes all of them, and with them the OOD row at 0.2.
/// assert_eq!(ranking.fpr95_id(), 0.5);
/// // Flagging 95 % of 2 OOD rows takes both, and with them three ID rows.
/// assert_eq!(ranking.fpr95_ood(), 0.75);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The distinct scores, ascending.
    scores: Vec<f64>,
    /// The rows at each of them.
    counts: Vec<Counts>,
    totals: Totals,
}

impl Ranking {
    /// Ranks the scores of in-distribution rows `id` and out-of-distribution rows `ood`.
    ///
    /// The order of rows within a class does not matter. Infinite scores are allowed.
    ///
    /// # Errors
    /// [`StatsError::EmptyClass`] if a class has no rows, [`StatsError::NotANumber`] for the
    /// first NaN, [`StatsError::TooManyRows`] above 2^31 - 1 rows in a class.
    pub fn new(id: &[f64], ood: &[f64]) -> Result<Ranking, StatsError> {
        let totals = Totals {
            id: class_size(Sample::InDistribution, id.len())?,
            ood: class_size(Sample::OutOfDistribution, ood.len())?,
        };
        check_scores(Sample::InDistribution, id)?;
        check_scores(Sample::OutOfDistribution, ood)?;
        let (scores, counts) = merge_ties(&sorted(id), &sorted(ood));
        Ok(Ranking {
            scores,
            counts,
            totals,
        })
    }

    /// The number of in-distribution rows.
    pub fn id_rows(&self) -> usize {
        self.totals.id as usize
    }

    /// The number of out-of-distribution rows.
    pub fn ood_rows(&self) -> usize {
        self.totals.ood as usize
    }

    /// The area under the ROC curve: the chance that an OOD row scores above an ID row, ties
    /// counting half. The same whichever class is positive.
    ///
    /// Exact: whole counts and one division (Mann and Whitney 1947).
    pub fn auroc(&self) -> f64 {
        counts::auroc(&self.counts, self.totals)
    }

    /// Average precision with OOD positive: the sum over thresholds of precision times the
    /// step in recall. Equals scikit-learn's `average_precision_score`.
    pub fn average_precision_ood(&self) -> f64 {
        average_precision(self.ood_first(), self.totals.ood)
    }

    /// Average precision with ID positive, ranked by the negated score.
    pub fn average_precision_id(&self) -> f64 {
        average_precision(self.id_first(), self.totals.id)
    }

    /// The area under the precision-recall curve by the trapezoid rule with OOD positive;
    /// the curve starts at recall 0, precision 1. Equals scikit-learn's `auc` of its
    /// `precision_recall_curve`.
    ///
    /// Straight lines between points of a precision-recall curve are optimistic (Davis and
    /// Goadrich 2006); prefer [`Ranking::average_precision_ood`] except to compare with
    /// published tables, most of which use this one.
    pub fn aupr_trapezoid_ood(&self) -> f64 {
        trapezoid_area(self.ood_first(), self.totals.ood)
    }

    /// The area under the precision-recall curve by the trapezoid rule with ID positive.
    pub fn aupr_trapezoid_id(&self) -> f64 {
        trapezoid_area(self.id_first(), self.totals.id)
    }

    /// The share of OOD rows accepted when at least 95 % of ID rows are accepted.
    ///
    /// The threshold is the lowest that accepts 95 % of ID; rows at the threshold are
    /// accepted, so ties count against the detector.
    pub fn fpr95_id(&self) -> f64 {
        counts::fpr_id(&self.counts, self.totals, 0.95)
    }

    /// The share of ID rows flagged when at least 95 % of OOD rows are flagged.
    ///
    /// The threshold is the highest that flags 95 % of OOD; rows tied with the last of them
    /// are flagged too, so ties count against the detector.
    pub fn fpr95_ood(&self) -> f64 {
        counts::fpr_ood(&self.counts, self.totals, 0.95)
    }

    /// As [`Ranking::fpr95_id`], for any `recall` in `(0, 1]`.
    ///
    /// # Errors
    /// [`StatsError::BadRecall`] if `recall` is outside that range.
    pub fn fpr_id(&self, recall: f64) -> Result<f64, StatsError> {
        check_recall(recall)?;
        Ok(counts::fpr_id(&self.counts, self.totals, recall))
    }

    /// As [`Ranking::fpr95_ood`], for any `recall` in `(0, 1]`.
    ///
    /// # Errors
    /// [`StatsError::BadRecall`] if `recall` is outside that range.
    pub fn fpr_ood(&self, recall: f64) -> Result<f64, StatsError> {
        check_recall(recall)?;
        Ok(counts::fpr_ood(&self.counts, self.totals, recall))
    }

    /// The share of all rows decided rightly when rows with score > `threshold` are flagged.
    ///
    /// The plain share, so the larger class weighs more; NaN flags nothing.
    pub fn accuracy_at(&self, threshold: f64) -> f64 {
        let right: u64 = self
            .scores
            .iter()
            .zip(&self.counts)
            .map(|(&score, counts)| {
                u64::from(if score > threshold {
                    counts.ood
                } else {
                    counts.id
                })
            })
            .sum();
        share_of(
            right,
            u64::from(self.totals.id) + u64::from(self.totals.ood),
        )
    }

    /// The best mean, over thresholds, of the share of OOD rows flagged and the share of ID
    /// rows accepted (one minus the detection error of Liang, Li and Srikant 2018). At least
    /// 1/2, which a threshold beyond all rows reaches.
    pub fn detection_accuracy(&self) -> f64 {
        // Both shares over the common denominator `pairs`, so the maximum is exact.
        let weight = |rows: u64, total: u32| u128::from(rows) * u128::from(total);
        let (mut id_accepted, mut ood_flagged) = (0, u64::from(self.totals.ood));
        let mut best = weight(ood_flagged, self.totals.id);
        for counts in &self.counts {
            id_accepted += u64::from(counts.id);
            ood_flagged -= u64::from(counts.ood);
            best = best
                .max(weight(id_accepted, self.totals.ood) + weight(ood_flagged, self.totals.id));
        }
        best as f64 / (2 * u128::from(self.totals.pairs())) as f64
    }

    /// The distinct scores with their counts, ascending.
    pub(crate) fn groups(&self) -> impl DoubleEndedIterator<Item = (f64, Counts)> + '_ {
        self.scores.iter().copied().zip(self.counts.iter().copied())
    }

    pub(crate) fn counts(&self) -> &[Counts] {
        &self.counts
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    /// `(positive, negative)` rows a group, from the most OOD-like score down.
    fn ood_first(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.counts
            .iter()
            .rev()
            .map(|counts| (counts.ood, counts.id))
    }

    /// `(positive, negative)` rows a group, from the most ID-like score up.
    fn id_first(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.counts.iter().map(|counts| (counts.id, counts.ood))
    }
}

fn check_recall(recall: f64) -> Result<(), StatsError> {
    if recall > 0.0 && recall <= 1.0 {
        Ok(())
    } else {
        Err(StatsError::BadRecall { recall })
    }
}

/// Refuses a class so large that the distinct scores of two such could not be numbered by `u32`.
fn class_size(which: Sample, rows: usize) -> Result<u32, StatsError> {
    match u32::try_from(rows) {
        Ok(size) if size <= MOST_ROWS => Ok(size),
        _ => Err(StatsError::TooManyRows { which, rows }),
    }
}

/// A sorted copy. Equal scores are interchangeable, so an unstable parallel sort gives the
/// same order of values for any number of threads.
pub(crate) fn sorted(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    // -0 and +0 are one score; adding +0 turns the first into the second.
    sorted.iter_mut().for_each(|score| *score += 0.0);
    sorted.par_sort_unstable_by(f64::total_cmp);
    sorted
}

/// Merges two ascending lists into distinct scores and the rows of each class at them.
fn merge_ties(id: &[f64], ood: &[f64]) -> (Vec<f64>, Vec<Counts>) {
    let (mut scores, mut counts) = (Vec::new(), Vec::new());
    let mut id = id.iter().copied().peekable();
    let mut ood = ood.iter().copied().peekable();
    while let Some(score) = lower(id.peek(), ood.peek()) {
        let mut here = Counts::default();
        while id.next_if_eq(&score).is_some() {
            here.id += 1;
        }
        while ood.next_if_eq(&score).is_some() {
            here.ood += 1;
        }
        scores.push(score);
        counts.push(here);
    }
    (scores, counts)
}

fn lower(left: Option<&f64>, right: Option<&f64>) -> Option<f64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(match left.total_cmp(right) {
            Ordering::Greater => *right,
            Ordering::Less | Ordering::Equal => *left,
        }),
        (left, right) => left.or(right).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(id: &[f64], ood: &[f64]) -> Ranking {
        Ranking::new(id, ood).unwrap()
    }

    #[test]
    fn ties_worked_by_hand() {
        // From the top: 3 (1 OOD), 2 (1 OOD, 2 ID), 1 (1 OOD, 1 ID), 0 (1 ID).
        let ranking = ranking(&[0.0, 1.0, 2.0, 2.0], &[1.0, 2.0, 3.0]);
        // OOD at 1 beats one ID and ties with one, at 2 beats two and ties with two, at 3 beats four.
        assert_eq!(ranking.auroc(), (1.5 + 3.0 + 4.0) / 12.0);
        assert_eq!(ranking.fpr95_id(), 2.0 / 3.0);
        assert_eq!(ranking.fpr95_ood(), 3.0 / 4.0);
        assert_eq!(ranking.fpr_id(0.5), Ok(1.0 / 3.0));
        assert_eq!(ranking.fpr_ood(1.0 / 3.0), Ok(0.0));
        assert_eq!(ranking.accuracy_at(1.0), 4.0 / 7.0);
        assert_eq!(ranking.accuracy_at(f64::NAN), 4.0 / 7.0);
        // Flagging above 0: 1/4 of ID right, all OOD. Above 2: all ID, 1/3 of OOD: 2/3 is best.
        assert_eq!(ranking.detection_accuracy(), 2.0 / 3.0);
    }

    #[test]
    fn equal_scores_tell_nothing() {
        let ranking = ranking(&[2.0; 5], &[2.0; 3]);
        assert_eq!(ranking.auroc(), 0.5);
        assert_eq!(ranking.detection_accuracy(), 0.5);
        assert_eq!(ranking.average_precision_ood(), 3.0 / 8.0);
        assert_eq!((ranking.fpr95_id(), ranking.fpr95_ood()), (1.0, 1.0));
    }

    #[test]
    fn classes_apart_are_told_apart() {
        let ranking = ranking(&[f64::NEG_INFINITY, 1.0], &[2.0, f64::INFINITY]);
        assert_eq!(ranking.auroc(), 1.0);
        assert_eq!(ranking.detection_accuracy(), 1.0);
        assert_eq!((ranking.fpr95_id(), ranking.fpr95_ood()), (0.0, 0.0));
        assert_eq!(ranking.aupr_trapezoid_id(), 1.0);
        assert_eq!((ranking.id_rows(), ranking.ood_rows()), (2, 2));
    }

    #[test]
    fn the_two_zeros_are_tied() {
        assert_eq!(ranking(&[0.0, -0.0], &[-0.0, 0.0]).auroc(), 0.5);
    }

    #[test]
    fn recall_reaches_its_target_exactly() {
        // 95 of 100 ID rows are 95 %: the 96th must not be needed.
        let id: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(ranking(&id, &[94.5]).fpr95_id(), 0.0);
        assert_eq!(ranking(&id, &[93.5]).fpr95_id(), 1.0);
        let ood: Vec<f64> = id.iter().map(|score| -score).collect();
        assert_eq!(ranking(&[-94.5], &ood).fpr95_ood(), 0.0);
        assert_eq!(ranking(&[-93.5], &ood).fpr95_ood(), 1.0);
    }

    #[test]
    fn one_class_alone_is_refused() {
        let empty = |which| Err(StatsError::EmptyClass { which });
        assert_eq!(Ranking::new(&[], &[1.0]), empty(Sample::InDistribution));
        assert_eq!(Ranking::new(&[1.0], &[]), empty(Sample::OutOfDistribution));
    }

    #[test]
    fn a_recall_outside_its_range_is_refused() {
        let ranking = ranking(&[0.0], &[1.0]);
        for recall in [0.0, -0.1, 1.1] {
            let refused = Err(StatsError::BadRecall { recall });
            assert_eq!(ranking.fpr_id(recall), refused);
            assert_eq!(ranking.fpr_ood(recall), refused);
        }
        assert!(ranking.fpr_id(f64::NAN).is_err());
    }

    #[test]
    fn a_class_beyond_the_counters_is_refused() {
        let which = Sample::OutOfDistribution;
        let most = MOST_ROWS as usize;
        assert_eq!(class_size(which, most), Ok(MOST_ROWS));
        for rows in [most + 1, usize::MAX] {
            let refused = Err(StatsError::TooManyRows { which, rows });
            assert_eq!(class_size(which, rows), refused);
        }
    }
}
