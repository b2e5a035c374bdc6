use qualm_linalg::{BlockScatter, Rows, for_each_packed_row, packed_len};

use super::Merge;

/// Rows whose mean is taken off a block before it is multiplied.
const PILOT: usize = 32;

/// Up to this width, products are taken in `f64`: they cost next to nothing there, and the
/// eigenvectors of small problems come out to the last digit. Beyond it `f32` is twice as fast.
const DOUBLE_UP_TO: usize = 256;

/// Number, mean and scatter of rows: `scatter = sum (x - mean)(x - mean)^T`, lower triangle.
///
/// Within a block of rows, products of features wider than 256 are taken in `f32`, after the
/// block's pilot mean is taken off so that a large common offset does not eat the digits;
/// everything beyond a block is summed in `f64`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SecondMoment {
    /// Number of rows.
    pub(crate) count: f64,
    /// Mean of each column, length D.
    pub(crate) mean: Vec<f64>,
    /// Packed lower triangle of the scatter about the mean, length D (D + 1) / 2.
    pub(crate) scatter: Vec<f64>,
}

/// Buffers that [`SecondMoment::of_block`] keeps from block to block.
#[derive(Debug)]
pub(crate) enum MomentScratch {
    Single(BlockScatter<f32>),
    Double(BlockScatter<f64>),
}

impl MomentScratch {
    pub(crate) fn new(dim: usize) -> Self {
        if dim <= DOUBLE_UP_TO {
            Self::Double(BlockScatter::new(dim))
        } else {
            Self::Single(BlockScatter::new(dim))
        }
    }
}

impl SecondMoment {
    /// The statistic of one block of rows.
    pub(crate) fn of_block(rows: Rows<'_, f32>, scratch: &mut MomentScratch) -> Self {
        let pilot = pilot_mean(rows);
        let mut scatter = vec![0.0; packed_len(rows.width())];
        let mean = match scratch {
            MomentScratch::Single(block) => block.measure(rows, &pilot, &mut scatter),
            MomentScratch::Double(block) => block.measure(rows, &pilot, &mut scatter),
        };
        Self {
            count: rows.len() as f64,
            mean,
            scatter,
        }
    }

    /// D.
    pub(crate) fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Mean over the rows of `(x - origin)(x - origin)^T`, packed lower triangle.
    pub(crate) fn about(&self, origin: &[f64]) -> Vec<f64> {
        let shift: Vec<f64> = self.mean.iter().zip(origin).map(|(m, o)| m - o).collect();
        let mut packed = self.scatter.clone();
        for_each_packed_row(&mut packed, self.dim(), |i, row| {
            let scale = self.count * shift[i];
            for (x, &s) in row.iter_mut().zip(&shift) {
                *x = (*x + scale * s) / self.count;
            }
        });
        packed
    }

    /// Variance of each column, with divisor n.
    pub(crate) fn variances(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.dim()).map(|i| self.scatter[packed_len(i) + i] / self.count)
    }

    /// Columns that have one value in every row.
    pub(crate) fn constant_columns(&self) -> Vec<usize> {
        self.variances()
            .enumerate()
            .filter(|(_, v)| *v <= 0.0)
            .map(|(i, _)| i)
            .collect()
    }
}

/// Mean of the first rows, rounded to `f32`. Equal rows give their own value back, so that the
/// deviations of a constant column are exactly zero.
fn pilot_mean(rows: Rows<'_, f32>) -> Vec<f32> {
    let count = rows.len().min(PILOT);
    let mut sum = vec![0f64; rows.width()];
    for row in 0..count {
        sum.iter_mut()
            .zip(rows.row(row))
            .for_each(|(s, &x)| *s += f64::from(x));
    }
    sum.iter()
        .map(|s| (s / count.max(1) as f64) as f32)
        .collect()
}

impl Merge for SecondMoment {
    /// The pairwise update of Chan, Golub and LeVeque (1983), equation 2.1b.
    fn merge(&mut self, later: Self) {
        let count = self.count + later.count;
        if count == 0.0 {
            return;
        }
        let difference: Vec<f64> = later
            .mean
            .iter()
            .zip(&self.mean)
            .map(|(b, a)| b - a)
            .collect();
        let weight = self.count * later.count / count;
        for_each_packed_row(&mut self.scatter, difference.len(), |i, row| {
            let scale = weight * difference[i];
            let later = &later.scatter[packed_len(i)..];
            for ((a, b), &d) in row.iter_mut().zip(later).zip(&difference) {
                *a = *a + b + scale * d;
            }
        });
        let share = later.count / count;
        self.mean
            .iter_mut()
            .zip(&difference)
            .for_each(|(m, d)| *m += d * share);
        self.count = count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(rows: &[f32], dim: usize) -> SecondMoment {
        SecondMoment::of_block(Rows::new(rows, dim), &mut MomentScratch::new(dim))
    }

    #[test]
    fn two_rows_by_hand() {
        // (1, 2) and (3, 6): mean (2, 4), deviations +-(1, 2).
        let m = moment(&[1.0, 2.0, 3.0, 6.0], 2);
        assert_eq!(
            (m.count, &m.mean[..], &m.scatter[..]),
            (2.0, &[2.0, 4.0][..], &[2.0, 4.0, 8.0][..])
        );
        // About the origin: mean of x x^T.
        assert_eq!(m.about(&[0.0, 0.0]), [5.0, 10.0, 20.0]);
    }

    #[test]
    fn a_constant_column_has_exactly_no_variance() {
        let rows: Vec<f32> = (0..300).flat_map(|i| [0.1, i as f32]).collect();
        let mut m = moment(&rows[..200], 2);
        m.merge(moment(&rows[200..], 2));
        assert_eq!(m.constant_columns(), [0]);
    }

    #[test]
    fn a_large_offset_does_not_eat_the_digits() {
        let rows: Vec<f32> = (0..1000).map(|i| 4096.0 + (i % 2) as f32).collect();
        let m = moment(&rows, 1);
        assert!((m.scatter[0] - 250.0).abs() < 1e-3, "{}", m.scatter[0]);
    }

    proptest! {
        #[test]
        fn merging_is_the_statistic_of_all_rows(
            rows in proptest::collection::vec(-100i16..100, 12..120),
            cut in 0usize..10,
        ) {
            let rows: Vec<f32> = rows[..rows.len() / 3 * 3].iter().map(|&x| f32::from(x)).collect();
            let cut = (cut * 3).min(rows.len());
            let mut merged = moment(&rows[..cut], 3);
            merged.merge(moment(&rows[cut..], 3));
            let whole = moment(&rows, 3);
            prop_assert_eq!(merged.count, whole.count);
            for (a, b) in merged.scatter.iter().zip(&whole.scatter) {
                prop_assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()) * 100.0);
            }
        }
    }
}
