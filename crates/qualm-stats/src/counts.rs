//! Metrics as functions of counts: how many rows of each class share a score, in order.
//!
//! The scores themselves do not matter to a ranking metric, only their order and their ties.
//! A resample of the rows keeps both and changes the counts alone, so the same functions
//! compute a metric and its bootstrap replicates.

use crate::share::{share_of, smallest_count_reaching};

/// How many rows of each class have one score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) id: u32,
    pub(crate) ood: u32,
}

/// How many rows each class has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) id: u32,
    pub(crate) ood: u32,
}

impl Totals {
    /// The number of pairs of one row of each class.
    pub(crate) fn pairs(self) -> u64 {
        u64::from(self.id) * u64::from(self.ood)
    }
}

/// The share of pairs in which the OOD row has the higher score, ties counting half.
///
/// `ascending` goes from the lowest score to the highest. All sums are of whole numbers, so
/// the only rounding is in the division at the end.
pub(crate) fn auroc(ascending: &[Counts], totals: Totals) -> f64 {
    let mut id_below = 0_u64;
    let mut doubled_wins = 0_u128;
    for counts in ascending {
        let id = u64::from(counts.id);
        doubled_wins += u128::from(counts.ood) * u128::from(2 * id_below + id);
        id_below += id;
    }
    doubled_wins as f64 / (2 * u128::from(totals.pairs())) as f64
}

/// The share of OOD rows accepted by the lowest threshold that accepts `recall` of ID.
pub(crate) fn fpr_id(ascending: &[Counts], totals: Totals, recall: f64) -> f64 {
    let groups = ascending.iter().map(|counts| (counts.id, counts.ood));
    false_positive_rate(groups, (totals.id, totals.ood), recall)
}

/// The share of ID rows flagged by the highest threshold that flags `recall` of OOD.
pub(crate) fn fpr_ood(ascending: &[Counts], totals: Totals, recall: f64) -> f64 {
    let groups = ascending.iter().rev().map(|counts| (counts.ood, counts.id));
    false_positive_rate(groups, (totals.ood, totals.id), recall)
}

/// Takes whole groups of `(positive, negative)` rows in order until `recall` of the positives
/// is reached; the share of the negatives taken along. Negatives tied with the last positive
/// are taken too: a threshold cannot tell them apart.
fn false_positive_rate(
    groups: impl Iterator<Item = (u32, u32)>,
    (positives, negatives): (u32, u32),
    recall: f64,
) -> f64 {
    let needed = smallest_count_reaching(recall, u64::from(positives));
    let (mut positives_taken, mut negatives_taken) = (0_u64, 0_u64);
    for (positive, negative) in groups {
        positives_taken += u64::from(positive);
        negatives_taken += u64::from(negative);
        if positives_taken >= needed {
            break;
        }
    }
    share_of(negatives_taken, u64::from(negatives))
}
