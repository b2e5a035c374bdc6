use std::ops::Sub;

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};

use crate::Rows;

/// The numbers that products are made of: `f32` where data flows, `f64` where it is solved for.
///
/// ```
/// use qualm_linalg::{Real, Rows, product_nt};
/// fn inner_products<T: Real>(rows: Rows<'_, T>) -> Vec<T> {
///     let mut out = vec![T::ZERO; rows.len() * rows.len()];
///     product_nt(&mut out, rows, rows);
///     out
/// }
/// assert_eq!(inner_products(Rows::new(&[3.0f32, 4.0], 2)), [25.0]);
/// assert_eq!(inner_products(Rows::new(&[3.0f64, 4.0], 1)), [9.0, 12.0, 12.0, 16.0]);
/// ```
pub trait Real:
    ComplexField + Copy + PartialOrd + From<f32> + Into<f64> + Sub<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The nearest such number.
    fn of(x: f64) -> Self;

    /// Its square root.
    #[must_use]
    fn root(self) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn of(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }
}

/// Rows and columns of a product that one thread computes at once: large enough that packing does not
/// show, small enough that what is packed stays in the cache of its core. Threads that share one large
/// product wait for each other, and take up to a sixth longer (`bench/README.md`). Fixed, so that the
/// bytes do not depend on the number of threads.
pub(crate) const PIECE_ROWS: usize = 512;
const PIECE_COLUMNS: usize = 576;

/// Where pieces end is a multiple of what a kernel takes at once.
const ROW_STEP: usize = 16;
const COLUMN_STEP: usize = 96;

/// `out = a * b`, or `out += a * b`, in pieces for all threads of the current rayon pool.
pub(crate) fn multiply<T: Real>(
    out: MatMut<'_, T>,
    accumulate: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
) {
    if let Some(half) = half_of(out.nrows(), PIECE_ROWS, ROW_STEP) {
        let (upper, lower) = out.split_at_row_mut(half);
        let (a_upper, a_lower) = a.split_at_row(half);
        rayon::join(
            || multiply(upper, accumulate, a_upper, b),
            || multiply(lower, accumulate, a_lower, b),
        );
    } else if let Some(half) = half_of(out.ncols(), PIECE_COLUMNS, COLUMN_STEP) {
        let (left, right) = out.split_at_col_mut(half);
        let (b_left, b_right) = b.split_at_col(half);
        rayon::join(
            || multiply(left, accumulate, a, b_left),
            || multiply(right, accumulate, a, b_right),
        );
    } else {
        matmul(out, accumulate, a, b, T::ONE, Par::Seq);
    }
}

/// Where a length of more than a piece is halved, in whole pieces as far as may be.
pub(crate) fn half_of(length: usize, piece: usize, step: usize) -> Option<usize> {
    let pieces = length.div_ceil(piece);
    (pieces > 1).then(|| {
        (length * (pieces / 2))
            .div_ceil(pieces)
            .next_multiple_of(step)
    })
}

/// `out = x * w^T`, that is `out[i][j] = <x_i, w_j>`; `out` is row-major `x.len() x w.len()`.
///
/// # Panics
/// When widths or the length of `out` disagree.
pub fn product_nt<T: Real>(out: &mut [T], x: Rows<'_, T>, w: Rows<'_, T>) {
    assert_eq!(
        x.width(),
        w.width(),
        "both matrices must have rows of one width"
    );
    multiply(
        MatMut::from_row_major_slice_mut(out, x.len(), w.len()),
        Accum::Replace,
        MatRef::from_row_major_slice(x.data(), x.len(), x.width()),
        MatRef::from_row_major_slice(w.data(), w.len(), w.width()).transpose(),
    );
}

/// `out += x^T * y`, that is `out[i][j] += sum_n x[n][i] * y[n][j]`; `out` is row-major
/// `x.width() x y.width()`.
///
/// # Panics
/// When the numbers of rows or the length of `out` disagree.
pub fn product_tn<T: Real>(out: &mut [T], x: Rows<'_, T>, y: Rows<'_, T>) {
    assert_eq!(x.len(), y.len(), "both matrices must have as many rows");
    multiply(
        MatMut::from_row_major_slice_mut(out, x.width(), y.width()),
        Accum::Add,
        MatRef::from_row_major_slice(x.data(), x.len(), x.width()).transpose(),
        MatRef::from_row_major_slice(y.data(), y.len(), y.width()),
    );
}

/// `out += x * y`, that is `out[i][j] += sum_n x[i][n] * y[n][j]`; `out` is row-major
/// `x.len() x y.width()`.
///
/// # Panics
/// When the width of `x` is not the number of rows of `y`, or the length of `out` is another.
pub fn product_nn<T: Real>(out: &mut [T], x: Rows<'_, T>, y: Rows<'_, T>) {
    assert_eq!(
        x.width(),
        y.len(),
        "the second matrix must have a row for each column of the first"
    );
    multiply(
        MatMut::from_row_major_slice_mut(out, x.len(), y.width()),
        Accum::Add,
        MatRef::from_row_major_slice(x.data(), x.len(), x.width()),
        MatRef::from_row_major_slice(y.data(), y.len(), y.width()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposed_products_agree_with_the_definition() {
        let x = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0];
        let y = [1.0f64, -1.0, 2.0];
        let mut out = vec![10.0; 2];
        product_tn(&mut out, Rows::new(&x, 2), Rows::new(&y, 1));
        assert_eq!(out, [10.0 + 1.0 - 3.0 + 10.0, 10.0 + 2.0 - 4.0 + 12.0]);
    }

    #[test]
    fn plain_products_agree_with_the_definition() {
        let x = [1.0f64, 2.0, 3.0, 4.0];
        let y = [1.0f64, 0.0, -1.0, 2.0, 1.0, 0.5];
        let mut out = vec![10.0; 6];
        product_nn(&mut out, Rows::new(&x, 2), Rows::new(&y, 3));
        assert_eq!(out, [15.0, 12.0, 10.0, 21.0, 14.0, 9.0]);
    }

    #[test]
    fn pieces_of_a_product_meet() {
        // Sizes beyond two pieces each way, none of them a multiple of a step.
        let (rows, columns, width) = (2 * PIECE_ROWS + 5, 2 * PIECE_COLUMNS + 7, 3);
        let number = |i: usize| ((i * 37) % 11) as f32 - 5.0;
        let x: Vec<f32> = (0..rows * width).map(number).collect();
        let w: Vec<f32> = (0..columns * width).map(number).collect();
        let mut out = vec![f32::NAN; rows * columns];
        product_nt(&mut out, Rows::new(&x, width), Rows::new(&w, width));
        for (out, x) in out.chunks(columns).zip(x.chunks(width)) {
            for (out, w) in out.iter().zip(w.chunks(width)) {
                assert_eq!(*out, x[0] * w[0] + x[1] * w[1] + x[2] * w[2]);
            }
        }
    }

    #[test]
    fn no_piece_is_too_long() {
        for length in 1..5000 {
            let mut longest = vec![length];
            while let Some(part) = longest.pop() {
                if let Some(half) = half_of(part, PIECE_COLUMNS, COLUMN_STEP) {
                    assert!(0 < half && half < part);
                    longest.extend([half, part - half]);
                }
            }
        }
    }
}
