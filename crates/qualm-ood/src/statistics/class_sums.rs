use rayon::prelude::*;

use super::Merge;

/// Sums that one thread keeps at a time: about half of its core's cache.
const SUMS: usize = 1 << 17;
/// Columns that it takes at least and at most: few columns are read in many short pieces, and many
/// leave a thread without work.
const STRIPE: std::ops::RangeInclusive<usize> = 64..=512;

/// Number of rows and sum of their numbers, class by class: of the features, the logits or the
/// probabilities of a row, see [`SumKind`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassSums {
    /// Rows of each class.
    pub(crate) counts: Vec<u64>,
    /// `C x width`, row-major.
    pub(crate) sums: Vec<f64>,
    width: usize,
}

/// What is summed, and over which rows of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SumKind {
    pub(crate) of: SumOf,
    pub(crate) by: SumBy,
}

/// Numbers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SumOf {
    /// Features as stored.
    Raw,
    /// Features of unit length.
    Unit,
    /// Logits.
    Logits,
    /// Softmax probabilities.
    Probabilities,
}

/// The class of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SumBy {
    /// All rows are of class 0.
    All,
    /// The row's label.
    Label,
    /// The row's label where the classifier predicts it; other rows are left out.
    Correct,
    /// The class that the classifier predicts.
    Predicted,
}

impl SumOf {
    pub(crate) const ALL: [Self; 4] = [Self::Raw, Self::Unit, Self::Logits, Self::Probabilities];

    /// Whether logits are looked at.
    pub(crate) fn logits(self) -> bool {
        matches!(self, Self::Logits | Self::Probabilities)
    }
}

impl SumBy {
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Label, Self::Correct, Self::Predicted];

    /// Whether labels are looked at.
    pub(crate) fn labels(self) -> bool {
        matches!(self, Self::Label | Self::Correct)
    }

    /// Whether predictions are looked at.
    pub(crate) fn predictions(self) -> bool {
        matches!(self, Self::Correct | Self::Predicted)
    }
}

impl SumKind {
    fn bit(self) -> u16 {
        1 << (self.of as usize * SumBy::ALL.len() + self.by as usize)
    }

    /// The kind in words, for names of arrays: `raw_label`.
    pub(crate) fn word(self) -> String {
        format!("{:?}_{:?}", self.of, self.by).to_lowercase()
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SumSet(u16);

impl SumSet {
    /// The set of one kind.
    pub(crate) const fn only(of: SumOf, by: SumBy) -> Self {
        Self(1 << (of as usize * SumBy::ALL.len() + by as usize))
    }

    /// What is in either.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds, in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = SumKind> {
        let kinds = SumOf::ALL
            .into_iter()
            .flat_map(|of| SumBy::ALL.into_iter().map(move |by| SumKind { of, by }));
        kinds.filter(move |kind| self.0 & kind.bit() != 0)
    }
}

impl ClassSums {
    /// The statistic of rows of `width` numbers; rows of class `None` are left out. Classes are
    /// below `classes`.
    pub(crate) fn of_block(
        rows: &[f32],
        width: usize,
        of_row: &[Option<usize>],
        classes: usize,
    ) -> Self {
        let mut counts = vec![0; classes];
        of_row
            .iter()
            .flatten()
            .for_each(|&class| counts[class] += 1);
        // An element's sum runs over the rows in their order, whatever the stripes.
        let stripe = (SUMS / classes.max(1)).clamp(*STRIPE.start(), *STRIPE.end());
        let stripes: Vec<(usize, usize)> = (0..width)
            .step_by(stripe)
            .map(|start| (start, (start + stripe).min(width)))
            .collect();
        let sums_of_stripes: Vec<Vec<f64>> = stripes
            .par_iter()
            .map(|&(start, end)| {
                let columns = end - start;
                let mut sums = vec![0f64; classes * columns];
                for (row, class) in rows.chunks_exact(width).zip(of_row) {
                    let Some(class) = class else { continue };
                    let to = &mut sums[class * columns..(class + 1) * columns];
                    qualm_linalg::accumulate(to, &row[start..end]);
                }
                sums
            })
            .collect();
        let mut sums = vec![0.0; classes * width];
        for (&(start, end), from) in stripes.iter().zip(&sums_of_stripes) {
            for (to, from) in sums
                .chunks_exact_mut(width)
                .zip(from.chunks_exact(end - start))
            {
                to[start..end].copy_from_slice(from);
            }
        }
        Self {
            counts,
            sums,
            width,
        }
    }

    /// Sums from parts that were written before.
    pub(crate) fn from_parts(counts: Vec<u64>, sums: Vec<f64>, width: usize) -> Self {
        Self {
            counts,
            sums,
            width,
        }
    }

    /// C.
    pub(crate) fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Numbers a class.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Mean of class `class`, or nothing for a class without rows.
    pub(crate) fn mean(&self, class: usize) -> Option<Vec<f64>> {
        let count = self.counts[class];
        let sums = &self.sums[class * self.width..(class + 1) * self.width];
        (count > 0).then(|| sums.iter().map(|s| s / count as f64).collect())
    }
}

impl Merge for ClassSums {
    fn merge(&mut self, later: Self) {
        if later.classes() > self.classes() {
            self.counts.resize(later.classes(), 0);
            self.sums.resize(later.sums.len(), 0.0);
        }
        self.counts
            .iter_mut()
            .zip(&later.counts)
            .for_each(|(a, b)| *a += b);
        self.sums
            .iter_mut()
            .zip(&later.sums)
            .for_each(|(a, b)| *a += b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_by_hand_and_a_class_without_rows() {
        let first = [Some(0), Some(0), None];
        let mut sums = ClassSums::of_block(&[1.0, 2.0, 3.0, 4.0, 9.0, 9.0], 2, &first, 2);
        let later = [Some(2), Some(0)];
        sums.merge(ClassSums::of_block(&[5.0, 6.0, 7.0, 8.0], 2, &later, 3));
        assert_eq!(sums.counts, [3, 0, 1]);
        assert_eq!(sums.mean(0), Some(vec![11.0 / 3.0, 14.0 / 3.0]));
        assert_eq!(sums.mean(1), None);
        assert_eq!(sums.mean(2), Some(vec![5.0, 6.0]));
    }

    #[test]
    fn a_set_lists_each_kind_once() {
        let she = SumSet::only(SumOf::Raw, SumBy::Correct);
        let set = she
            .or(SumSet::only(SumOf::Probabilities, SumBy::Predicted))
            .or(she);
        let words: Vec<String> = set.iter().map(SumKind::word).collect();
        assert_eq!(words, ["raw_correct", "probabilities_predicted"]);
        assert_eq!(SumSet::default().iter().count(), 0);
    }
}
