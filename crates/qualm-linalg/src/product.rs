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
pub trait Real: ComplexField + Copy + From<f32> + Into<f64> + Sub<Output = Self> {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

/// All threads of the current rayon pool.
pub(crate) fn all_threads() -> Par {
    match rayon::current_num_threads() {
        0 | 1 => Par::Seq,
        threads => Par::rayon(threads),
    }
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
    matmul(
        MatMut::from_row_major_slice_mut(out, x.len(), w.len()),
        Accum::Replace,
        MatRef::from_row_major_slice(x.data(), x.len(), x.width()),
        MatRef::from_row_major_slice(w.data(), w.len(), w.width()).transpose(),
        T::ONE,
        all_threads(),
    );
}

/// `out += x^T * y`, that is `out[i][j] += sum_n x[n][i] * y[n][j]`; `out` is row-major
/// `x.width() x y.width()`.
///
/// # Panics
/// When the numbers of rows or the length of `out` disagree.
pub fn product_tn<T: Real>(out: &mut [T], x: Rows<'_, T>, y: Rows<'_, T>) {
    assert_eq!(x.len(), y.len(), "both matrices must have as many rows");
    matmul(
        MatMut::from_row_major_slice_mut(out, x.width(), y.width()),
        Accum::Add,
        MatRef::from_row_major_slice(x.data(), x.len(), x.width()).transpose(),
        MatRef::from_row_major_slice(y.data(), y.len(), y.width()),
        T::ONE,
        all_threads(),
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
}
