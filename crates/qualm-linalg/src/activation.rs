//! Loops of small networks over whole layers, compiled once more for the instructions that this
//! processor has.

use pulp::{Arch, NullaryFnOnce};

use crate::elementary::{Elementary, exp, log_of_rest};

/// `z = log(1 + exp(z))`, and into `slope` its derivative, the logistic function of `z`.
///
/// ```
/// let (mut z, mut slope) = ([0.0f64, 800.0, -800.0], [0.0; 3]);
/// qualm_linalg::softplus(&mut z, &mut slope);
/// assert!((z[0] - 2f64.ln()).abs() < 1e-11 && z[1] == 800.0 && z[2].abs() < 1e-300);
/// assert_eq!(slope, [0.5, 1.0, slope[2]]);
/// ```
///
/// # Panics
/// When both are not of one length.
pub fn softplus<T: Elementary + PartialOrd>(z: &mut [T], slope: &mut [T]) {
    assert_eq!(z.len(), slope.len(), "a slope for each number");
    Arch::new().dispatch(Softplus { z, slope });
}

/// `to += factor * from`, over the shorter of both.
///
/// ```
/// let mut to = [1.0f32, 2.0];
/// qualm_linalg::add_multiple(&mut to, 2.0, &[10.0, 20.0]);
/// assert_eq!(to, [21.0, 42.0]);
/// ```
pub fn add_multiple<T: Elementary>(to: &mut [T], factor: T, from: &[T]) {
    Arch::new().dispatch(AddMultiple { to, factor, from });
}

struct Softplus<'a, T> {
    z: &'a mut [T],
    slope: &'a mut [T],
}

impl<T: Elementary + PartialOrd> NullaryFnOnce for Softplus<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (z, slope) in self.z.iter_mut().zip(self.slope) {
            let positive = *z > T::ZERO;
            let above = if positive { *z } else { T::ZERO };
            let below = if positive { T::ZERO - *z } else { *z };
            // With e = exp(-|z|): log(1 + e) = -log(1 - p) for p = e / (1 + e), which is the
            // logistic function of -|z| and at most 1/2.
            let e = exp(below);
            let p = e / (T::ONE + e);
            *z = above - log_of_rest(p);
            *slope = if positive { T::ONE - p } else { p };
        }
    }
}

struct AddMultiple<'a, T> {
    to: &'a mut [T],
    factor: T,
    from: &'a [T],
}

impl<T: Elementary> NullaryFnOnce for AddMultiple<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (to, &from) in self.to.iter_mut().zip(self.from) {
            *to += self.factor * from;
        }
    }
}

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
}
