use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::product::{PIECE_ROWS, half_of, multiply};
use crate::vector::{subtract_and_sum, subtract_multiple};
use crate::{Real, Rows};

/// Rows multiplied at once: few enough that a tile stays near the cache while every pair of its
/// columns is multiplied, large enough that packing does not show (`bench/README.md`).
const TILE: usize = 2048;

/// Rows of a tile that one thread shifts and sums; fixed, so that the order of sums is too.
const STRIPE: usize = 256;

/// Pieces of the products end at multiples of this.
const STEP: usize = 96;

/// Length of the packed lower triangle of a `dim x dim` matrix: row i holds its i + 1 numbers.
pub fn packed_len(dim: usize) -> usize {
    dim * (dim + 1) / 2
}

/// Mean and scatter of blocks of rows, one block after the other, by products in the precision
/// `T`. Sums over more rows than a block belong into `f64`.
///
/// ```
/// use qualm_linalg::{BlockScatter, Rows, packed_len};
/// let rows = Rows::new(&[1.0, 2.0, 3.0, 6.0], 2);
/// let mut scatter = vec![0.0; packed_len(2)];
/// let mean = BlockScatter::<f32>::new(2).measure(rows, &[1.0, 1.0], &mut scatter);
/// assert_eq!(mean, [2.0, 4.0]);
/// assert_eq!(scatter, [2.0, 4.0, 8.0]); // (2, 4) over (4, 8)
/// ```
#[derive(Debug)]
pub struct BlockScatter<T> {
    /// Lower half of `X^T X`, row-major.
    lower: Vec<T>,
    /// The rows of X that are being multiplied, each `stride` numbers from the next.
    tile: Vec<T>,
    stride: usize,
    dim: usize,
}

impl<T: Real> BlockScatter<T> {
    /// Scratch for rows of width `dim`: `dim^2` numbers, and those of a tile of rows.
    pub fn new(dim: usize) -> Self {
        Self {
            lower: vec![T::ZERO; dim * dim],
            tile: Vec::new(),
            // Rows that start a power of two apart share their place in the cache, and packing
            // their columns takes a tenth longer.
            stride: dim.next_multiple_of(16) + 16,
            dim,
        }
    }

    /// Writes the scatter `sum (x - mean)(x - mean)^T` of `rows` to `packed`, a packed lower
    /// triangle, and returns their mean. Zero rows have mean and scatter zero.
    ///
    /// What is multiplied is `x - near`, in `T`: a point near the rows keeps a large common offset
    /// from eating the digits. Only the lower half is computed, in
    /// `rows.len() * dim * (dim + 1)` floating-point operations.
    ///
    /// # Panics
    /// When the widths or the length of `packed` disagree.
    pub fn measure(&mut self, rows: Rows<'_, f32>, near: &[f32], packed: &mut [f64]) -> Vec<f64> {
        assert!(
            rows.width() == self.dim && near.len() == self.dim,
            "the rows must have the width of the scatter"
        );
        let mut mean = vec![0.0; self.dim];
        if rows.is_empty() {
            packed.fill(0.0);
            return mean;
        }
        for start in (0..rows.len()).step_by(TILE) {
            let tile = rows.range(start, (start + TILE).min(rows.len()));
            for sum in self.shift(tile, near) {
                mean.iter_mut().zip(sum).for_each(|(m, s)| *m += s);
            }
            self.multiply(tile.len(), start == 0);
        }
        let count = rows.len() as f64;
        mean.iter_mut().for_each(|m| *m /= count);
        self.about(&mean, count, packed);
        mean.iter_mut()
            .zip(near)
            .for_each(|(m, &n)| *m += f64::from(n));
        mean
    }

    /// Fills the tile with `rows - near` and returns the sums of its columns, stripe by stripe.
    fn shift(&mut self, rows: Rows<'_, f32>, near: &[f32]) -> Vec<Vec<f64>> {
        self.tile.resize(rows.len() * self.stride, T::ZERO);
        self.tile
            .par_chunks_mut(STRIPE * self.stride)
            .zip(rows.data().par_chunks(STRIPE * self.dim))
            .map(|(to, from)| {
                let mut sums = vec![0.0; near.len()];
                let to = to.chunks_exact_mut(self.stride);
                for (to, from) in to.zip(from.chunks_exact(self.dim)) {
                    subtract_and_sum(&mut to[..self.dim], from, near, &mut sums);
                }
                sums
            })
            .collect()
    }

    /// Adds the products of the first `rows` rows of the tile to the sum, or starts it with them.
    fn multiply(&mut self, rows: usize, first: bool) {
        let tile = MatRef::from_row_major_slice(&self.tile, rows, self.stride);
        let x = tile.subcols(0, self.dim);
        let lower = MatMut::from_row_major_slice_mut(&mut self.lower, self.dim, self.dim);
        lower_products(lower, if first { Accum::Replace } else { Accum::Add }, x);
    }

    /// `packed = X^T X - count * mean mean^T`, where `mean` is that of the rows of X.
    fn about(&self, mean: &[f64], count: f64, packed: &mut [f64]) {
        for_each_packed_row(packed, self.dim, |i, row| {
            let sums = &self.lower[i * self.dim..][..=i];
            subtract_multiple(row, sums, count * mean[i], mean);
        });
    }
}

/// The lower half of `out = x^T x`, or of `out += x^T x`: a square of it, and a lower half on either
/// side, in pieces for all threads of the current rayon pool.
fn lower_products<T: Real>(out: MatMut<'_, T>, accumulate: Accum, x: MatRef<'_, T>) {
    let Some(half) = half_of(x.ncols(), PIECE_ROWS, STEP) else {
        return matmul(
            out,
            BlockStructure::TriangularLower,
            accumulate,
            x.transpose(),
            BlockStructure::Rectangular,
            x,
            BlockStructure::Rectangular,
            T::ONE,
            Par::Seq,
        );
    };
    let (upper, _, square, lower) = out.split_at_mut(half, half);
    let (left, right) = x.split_at_col(half);
    rayon::join(
        || multiply(square, accumulate, right.transpose(), left),
        || {
            rayon::join(
                || lower_products(upper, accumulate, left),
                || lower_products(lower, accumulate, right),
            )
        },
    );
}

/// Calls `work(i, row i)` for each row of a packed lower triangle, in parallel; row i holds its
/// i + 1 numbers.
///
/// ```
/// use qualm_linalg::for_each_packed_row;
/// let mut packed = [0.0; 3];
/// for_each_packed_row(&mut packed, 2, |i, row| row.fill(i as f64));
/// assert_eq!(packed, [0.0, 1.0, 1.0]);
/// ```
///
/// # Panics
/// When the length of `packed` does not fit.
pub fn for_each_packed_row(
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
        let mut scatter = BlockScatter::<f32>::new(2);
        let mut packed = vec![1.0; 3];
        let rows = Rows::new(&[1.0, 0.0, 3.0, 2.0, 5.0, 4.0], 2);
        assert_eq!(scatter.measure(rows, &[1.0, 1.0], &mut packed), [3.0, 2.0]);
        assert_eq!(packed, [8.0, 8.0, 8.0]);
        let none = scatter.measure(Rows::new(&[], 2), &[1.0, 1.0], &mut packed);
        assert_eq!((none, packed), (vec![0.0; 2], vec![0.0; 3]));
    }

    #[test]
    fn tiles_add_up_and_blocks_do_not() {
        let rows = 2 * TILE + 3;
        let data: Vec<f32> = (0..rows * 2).map(|i| (i % 7) as f32 - 3.0).collect();
        let mut scatter = BlockScatter::<f32>::new(2);
        let mut packed = vec![0.0; 3];
        for _ in 0..2 {
            let mean = scatter.measure(Rows::new(&data, 2), &[0.0; 2], &mut packed);
            let products: f64 = data.chunks(2).map(|r| f64::from(r[0] * r[1])).sum();
            let want = products - rows as f64 * mean[0] * mean[1];
            assert!((packed[1] - want).abs() < 1e-9, "{} and {want}", packed[1]);
        }
    }
}
