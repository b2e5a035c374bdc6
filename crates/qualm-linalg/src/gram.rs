use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef};
use rayon::prelude::*;

use crate::product::all_threads;
use crate::{Real, Rows};

/// Rows multiplied at once: small enough that a tile stays in the cache while every pair of its
/// columns is multiplied, large enough that packing does not show (`bench/README.md`).
const TILE: usize = 1024;

/// Length of the packed lower triangle of a `dim x dim` matrix: row i holds its i + 1 numbers.
pub fn packed_len(dim: usize) -> usize {
    dim * (dim + 1) / 2
}

/// The scratch in which `X^T X` of a block of rows is summed, lower half only, in the precision of
/// the rows. Sums over more rows than a block belong into `f64`: see
/// [`SymmetricSum::scatter_about`].
///
/// ```
/// use qualm_linalg::{Rows, SymmetricSum, packed_len};
/// let mut sum = SymmetricSum::new(2);
/// sum.set(Rows::new(&[1.0f32, 2.0, 3.0, 6.0], 2)); // two rows, their mean is (2, 4)
/// let mut scatter = vec![0.0; packed_len(2)];
/// sum.scatter_about(&[2.0, 4.0], 2.0, &mut scatter);
/// assert_eq!(scatter, [2.0, 4.0, 8.0]); // (2, 4) over (4, 8)
/// ```
#[derive(Debug)]
pub struct SymmetricSum<T> {
    lower: Vec<T>,
    dim: usize,
}

impl<T: Real> SymmetricSum<T> {
    /// Scratch for rows of width `dim`: `dim^2` numbers.
    pub fn new(dim: usize) -> Self {
        Self {
            lower: vec![T::ZERO; dim * dim],
            dim,
        }
    }

    /// Replaces the content by `X^T X` of `rows`, computing the lower half alone:
    /// `rows.len() * dim * (dim + 1)` floating-point operations.
    ///
    /// # Panics
    /// When the rows have another width.
    pub fn set(&mut self, rows: Rows<'_, T>) {
        assert_eq!(
            rows.width(),
            self.dim,
            "the rows must have the width of the sum"
        );
        if rows.is_empty() {
            self.lower.fill(T::ZERO);
        }
        for start in (0..rows.len()).step_by(TILE) {
            let tile = rows.range(start, (start + TILE).min(rows.len()));
            let x = MatRef::from_row_major_slice(tile.data(), tile.len(), self.dim);
            matmul(
                MatMut::from_row_major_slice_mut(&mut self.lower, self.dim, self.dim),
                BlockStructure::TriangularLower,
                if start == 0 {
                    Accum::Replace
                } else {
                    Accum::Add
                },
                x.transpose(),
                BlockStructure::Rectangular,
                x,
                BlockStructure::Rectangular,
                T::ONE,
                all_threads(),
            );
        }
    }

    /// The sum minus `count * mean mean^T`, as packed lower triangle in `f64`: the scatter of the
    /// rows about their mean, where `mean` is the mean of the rows that were multiplied.
    ///
    /// # Panics
    /// When `mean` or `packed` have the wrong length.
    pub fn scatter_about(&self, mean: &[f64], count: f64, packed: &mut [f64]) {
        assert_eq!(
            mean.len(),
            self.dim,
            "the mean must have the width of the sum"
        );
        for_each_packed_row(packed, self.dim, |i, row| {
            let from = &self.lower[i * self.dim..][..=i];
            let shift = count * mean[i];
            for ((to, &sum), m) in row.iter_mut().zip(from).zip(mean) {
                let sum: f64 = sum.into();
                *to = sum - shift * m;
            }
        });
    }
}

/// Calls `work(i, row i)` for each row of a packed lower triangle, in parallel.
pub(crate) fn for_each_packed_row(
    packed: &mut [f64],
    dim: usize,
    work: impl Fn(usize, &mut [f64]) + Sync,
) {
    assert_eq!(
        packed.len(),
        packed_len(dim),
        "the packed triangle must fit the dimension"
    );
    // Bands of whole rows; later rows are longer, so many short bands balance the threads.
    const BAND: usize = 32;
    let mut bands = Vec::with_capacity(dim / BAND + 1);
    let mut rest = packed;
    let mut start = 0;
    while start < dim {
        let end = (start + BAND).min(dim);
        let (band, tail) = rest.split_at_mut(packed_len(end) - packed_len(start));
        bands.push((start, band));
        rest = tail;
        start = end;
    }
    bands.into_par_iter().for_each(|(start, mut band)| {
        let mut i = start;
        while !band.is_empty() {
            let (row, tail) = band.split_at_mut(i + 1);
            work(i, row);
            band = tail;
            i += 1;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scatter_of_three_rows_by_hand() {
        // Rows (1,0), (3,2), (5,4): mean (3,2), scatter 8 everywhere.
        let mut sum = SymmetricSum::new(2);
        sum.set(Rows::new(&[1.0f32, 0.0, 3.0, 2.0, 5.0, 4.0], 2));
        let mut packed = vec![0.0; 3];
        sum.scatter_about(&[3.0, 2.0], 3.0, &mut packed);
        assert_eq!(packed, [8.0, 8.0, 8.0]);
    }

    #[test]
    fn tiles_add_up() {
        let rows = 2 * TILE + 3;
        let data: Vec<f32> = (0..rows * 2).map(|i| (i % 7) as f32 - 3.0).collect();
        let mut sum = SymmetricSum::new(2);
        sum.set(Rows::new(&data, 2));
        let mut packed = vec![0.0; 3];
        sum.scatter_about(&[0.0, 0.0], rows as f64, &mut packed);
        let want: f64 = data.chunks(2).map(|r| f64::from(r[0] * r[1])).sum();
        assert_eq!(packed[1], want);
    }
}
