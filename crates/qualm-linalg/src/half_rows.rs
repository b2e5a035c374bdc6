use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use crate::vector::product_with_halves;
use crate::{Rows, product_nt};

/// Rows of a matrix that one task expands and multiplies.
const TASK: usize = 64;

/// As many rows are multiplied straight from the halves; with more, it pays to expand the matrix.
const FEW: usize = 4;

/// The largest half below 2: numbers near the end of `f32`'s range, whose scale is bounded, must not
/// be rounded out of it.
const LARGEST: f32 = 2.0 - 1.0 / 1024.0;

/// A row-major matrix in `f16`, each row scaled by a power of two so that its largest number is
/// between 1/2 and 1: nothing overflows, and every number keeps 11 digits of its row's largest.
///
/// One row times such a matrix reads half the memory that it would read in `f32`, and memory is
/// what bounds it.
///
/// ```
/// use qualm_linalg::{HalfRows, Rows};
/// let matrix = HalfRows::new(Rows::new(&[1e30, 2e30, 0.25, -0.5], 2));
/// assert_eq!(matrix.to_vec()[2..], [0.25, -0.5]);
/// let (mut out, mut whole) = ([0.0; 2], Vec::new());
/// matrix.multiply(&mut out, Rows::new(&[1.0, 1.0], 2), &mut whole);
/// assert!((out[0] / 3e30 - 1.0).abs() < 1e-3);
/// assert_eq!(out[1], -0.25);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HalfRows {
    halves: Vec<f16>,
    /// What each row is multiplied with: powers of two.
    scales: Vec<f32>,
    width: usize,
}

impl HalfRows {
    /// The matrix whose numbers are nearest to those of `rows`, which are finite.
    pub fn new(rows: Rows<'_, f32>) -> Self {
        let mut halves = vec![f16::ZERO; rows.data().len()];
        let scales = halves
            .par_chunks_exact_mut(rows.width())
            .zip(rows.data().par_chunks_exact(rows.width()))
            .map(|(to, from)| {
                let scale = scale_of(from);
                let scaled = |x: &f32| (x / scale).clamp(-LARGEST, LARGEST);
                let scaled: Vec<f32> = from.iter().map(scaled).collect();
                to.convert_from_f32_slice(&scaled);
                scale
            })
            .collect();
        Self {
            halves,
            scales,
            width: rows.width(),
        }
    }

    /// The matrix of parts that [`HalfRows::halves`] and [`HalfRows::scales`] gave; nothing where
    /// they cannot be such parts.
    pub fn from_parts(halves: Vec<f16>, scales: Vec<f32>, width: usize) -> Option<Self> {
        let fits = width > 0 && halves.len() == scales.len() * width;
        let powers = scales.iter().all(|scale| scale.is_normal() && *scale > 0.0);
        let bounded = |half: &f16| half.to_f32().abs() <= LARGEST;
        (fits && powers && halves.iter().all(bounded)).then_some(Self {
            halves,
            scales,
            width,
        })
    }

    /// The numbers over their row's scale, row-major.
    pub fn halves(&self) -> &[f16] {
        &self.halves
    }

    /// What each row is multiplied with.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// The numbers in `f32`, which holds them exactly.
    pub fn to_vec(&self) -> Vec<f32> {
        let mut whole = vec![0.0; self.halves.len()];
        whole
            .par_chunks_exact_mut(self.width)
            .zip(self.halves.par_chunks_exact(self.width))
            .zip(&self.scales)
            .for_each(|((to, from), scale)| {
                from.convert_to_f32_slice(to);
                to.iter_mut().for_each(|x| *x *= scale);
            });
        whole
    }

    /// `out = x * self^T`, row-major `x.len() x self.len()`. `whole` is filled with the numbers in
    /// `f32` when many rows come for the first time, and kept for the next.
    ///
    /// # Panics
    /// When widths or the length of `out` disagree.
    pub fn multiply(&self, out: &mut [f32], x: Rows<'_, f32>, whole: &mut Vec<f32>) {
        assert!(
            x.width() == self.width && out.len() == x.len() * self.len(),
            "both matrices must have rows of one width, and the product its size"
        );
        if x.len() > FEW {
            if whole.is_empty() {
                *whole = self.to_vec();
            }
            return product_nt(out, x, Rows::new(whole, self.width));
        }
        for (out, x) in out
            .chunks_exact_mut(self.len())
            .zip(x.data().chunks_exact(self.width))
        {
            out.par_chunks_mut(TASK)
                .zip(self.halves.par_chunks(TASK * self.width))
                .zip(self.scales.par_chunks(TASK))
                .for_each(|((out, halves), scales)| {
                    let halves = halves.chunks_exact(self.width);
                    for ((out, halves), scale) in out.iter_mut().zip(halves).zip(scales) {
                        *out = scale * product_with_halves(x, halves);
                    }
                });
        }
    }
}

/// The power of two above the largest magnitude of a row; 1 for a row of zeros.
fn scale_of(row: &[f32]) -> f32 {
    let largest = row.iter().fold(0f32, |largest, x| largest.max(x.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    // Below 2^-126 or at 2^127 the next power of two would leave the range of f32.
    let exponent = (largest.log2().floor() + 1.0).clamp(-126.0, 127.0);
    exponent.exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_rows_and_many_agree_with_the_matrix(
            matrix in proptest::collection::vec(-1e3f32..1e3, 5 * 7),
            x in proptest::collection::vec(-1f32..1.0, 5 * 9),
        ) {
            let halves = HalfRows::new(Rows::new(&matrix, 5));
            let rounded = halves.to_vec();
            for (row, near) in matrix.chunks(5).zip(rounded.chunks(5)) {
                let largest = row.iter().fold(0f32, |a, x| a.max(x.abs()));
                for (a, b) in row.iter().zip(near) {
                    prop_assert!((a - b).abs() <= largest / 2048.0);
                }
            }
            prop_assert_eq!(&HalfRows::new(Rows::new(&rounded, 5)).to_vec(), &rounded);
            let mut whole = Vec::new();
            for rows in [1, FEW, 9] {
                let x = Rows::new(&x[..5 * rows], 5);
                let (mut got, mut want) = (vec![0.0; rows * 7], vec![0.0; rows * 7]);
                halves.multiply(&mut got, x, &mut whole);
                product_nt(&mut want, x, Rows::new(&rounded, 5));
                for (a, b) in got.iter().zip(&want) {
                    prop_assert!((a - b).abs() < 1e-2, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn rows_at_the_ends_of_the_range() {
        let rows = [f32::MAX, 1.0, f32::MIN_POSITIVE, 0.0, 0.0, 0.0];
        let near = HalfRows::new(Rows::new(&rows, 2)).to_vec();
        assert!((near[0] / f32::MAX - 1.0).abs() < 1e-3 && near[0].is_finite());
        assert_eq!(near[2..], rows[2..]);
    }
}
