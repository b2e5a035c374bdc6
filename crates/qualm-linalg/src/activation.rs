use pulp::{Arch, NullaryFnOnce};

use crate::elementary::{Elementary, exp};

/// `z = log(1 + exp(z))`, and into `slope` its derivative, the logistic function of `z`.
///
/// ```
/// let (mut z, mut slope) = ([0.0f64, 800.0, -800.0], [0.0; 3]);
/// qualm_linalg::softplus(&mut z, &mut slope);
/// assert!((z[0] - 2f64.ln()).abs() < 1e-11 && z[1] == 800.0 && z[2].abs() < 1e-300);
/// assert!(slope[..2] == [0.5, 1.0] && slope[2] < 1e-300);
/// ```
///
/// # Panics
/// When both are not of one length.
pub fn softplus<T: Elementary>(z: &mut [T], slope: &mut [T]) {
    assert_eq!(z.len(), slope.len(), "a slope for each number");
    Arch::new().dispatch(Softplus { z, slope });
}

struct Softplus<'a, T> {
    z: &'a mut [T],
    slope: &'a mut [T],
}

impl<T: Elementary> NullaryFnOnce for Softplus<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // In two loops: a processor holds more turns of a short one in flight.
        let mut e = [T::ZERO; RUN];
        for (z, slope) in self.z.chunks_mut(RUN).zip(self.slope.chunks_mut(RUN)) {
            for (e, &z) in e.iter_mut().zip(&*z) {
                *e = exp(if z > T::ZERO { T::ZERO - z } else { z });
            }
            // With e = exp(-|z|) and w = e / (2 + e): log(1 + e) = 2 artanh(w), and the logistic
            // function of -|z| is e / (1 + e). One division serves both.
            for ((z, slope), &e) in z.iter_mut().zip(slope).zip(&e) {
                let (one, two) = (T::ONE + e, T::ONE + T::ONE + e);
                let by_both = e / (one * two);
                let p = by_both * two;
                let positive = *z > T::ZERO;
                let above = if positive { *z } else { T::ZERO };
                *z = above + (by_both * one).two_artanh();
                *slope = if positive { T::ONE - p } else { p };
            }
        }
    }
}

/// Numbers in a loop.
const RUN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn softplus_and_its_slope_are_accurate(x in -80.0f64..80.0) {
            let (mut z, mut slope) = ([x], [0.0]);
            softplus(&mut z, &mut slope);
            let want = x.max(0.0) + (-x.abs()).exp().ln_1p();
            prop_assert!((z[0] / want - 1.0).abs() < 1e-10);
            prop_assert!((slope[0] * (1.0 + (-x).exp()) - 1.0).abs() < 1e-12);
            let (mut single, mut of_single) = ([x as f32], [0.0]);
            softplus(&mut single, &mut of_single);
            prop_assert!((f64::from(single[0]) / want - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_number_is_the_same_anywhere_in_a_row() {
        let mut row: Vec<f32> = (0..3 * RUN + 5).map(|i| i as f32 * 0.11 - 20.0).collect();
        let (alone, mut slopes) = (row.clone(), vec![0.0; row.len()]);
        softplus(&mut row, &mut slopes);
        for ((z, slope), x) in row.into_iter().zip(slopes).zip(alone) {
            let (mut one, mut of_one) = ([x], [0.0]);
            softplus(&mut one, &mut of_one);
            assert_eq!((z, slope), (one[0], of_one[0]), "{x}");
        }
    }
}
