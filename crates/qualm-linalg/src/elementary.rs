//! Elementary functions without a branch, so that the compiler makes vectors of them, and without
//! fused steps, so that every processor gives the same bytes.

use crate::Real;

/// Numbers that the functions of this module take.
pub trait Elementary: Real {
    /// See [`exp`].
    #[must_use]
    fn exponential(self) -> Self;
    /// `2 artanh(z) = log((1 + z) / (1 - z))` of this `z` from 0 to 1/3, good to 1e-11 of its value
    /// in `f64` and to 4e-7 in `f32`: what logarithms of 1 + x and 1 - x come down to.
    #[must_use]
    fn two_artanh(self) -> Self;
}

/// `exp(x)`, good to 2e-15 of its value in `f64` and to 2e-7 in `f32`. What lies beyond 700
/// (87.336 in `f32`), above or below zero, counts as that.
///
/// ```
/// assert!((qualm_linalg::exp(1.0f64) - std::f64::consts::E).abs() < 1e-14);
/// assert!((qualm_linalg::exp(1.0f32) - std::f32::consts::E).abs() < 1e-6);
/// ```
#[inline(always)]
pub fn exp<T: Elementary>(x: T) -> T {
    x.exponential()
}

/// `log(1 - p)` for `p` from 0 to 1/2, good to 1e-11 of its value in `f64` and to 4e-7 in `f32`.
///
/// ```
/// assert!((qualm_linalg::log_of_rest(0.5f64) + 2f64.ln()).abs() < 1e-11);
/// ```
#[inline(always)]
pub fn log_of_rest<T: Elementary>(p: T) -> T {
    // log(1 - p) = -2 artanh(p / (2 - p)).
    T::ZERO - (p / (T::ONE + T::ONE - p)).two_artanh()
}

impl Elementary for f32 {
    #[inline(always)]
    fn exponential(self) -> Self {
        // exp(x) = 2^n exp(r) with |r| <= ln(2)/2; ln(2) in two parts keeps r exact.
        const LN2_HI: f32 = 0.693_359_4;
        const LN2_LO: f32 = -2.121_944_4e-4;
        // Adding and taking away 1.5 * 2^23 rounds to the nearest integer.
        const ROUND: f32 = 12_582_912.0;
        // As far as 2^n is a normal number.
        let x = self.clamp(-87.336, 87.336);
        let rounded = x * std::f32::consts::LOG2_E + ROUND;
        let n = rounded - ROUND;
        let r = (x - n * LN2_HI) - n * LN2_LO;
        // Taylor's polynomial of degree 7: its remainder at ln(2)/2 is 5e-9.
        let p = 1.0 / 5040.0;
        let p = p * r + 1.0 / 720.0;
        let p = p * r + 1.0 / 120.0;
        let p = p * r + 1.0 / 24.0;
        let p = p * r + 1.0 / 6.0;
        let p = p * r + 0.5;
        let p = p * r + 1.0;
        let p = p * r + 1.0;
        // n stands in the last bits of the rounded number; the exponent's place begins at bit 23.
        let scale = Self::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
        p * scale
    }

    #[inline(always)]
    fn two_artanh(self) -> Self {
        // As in f64: the series ends at z^13 / 13.
        let square = self * self;
        let mut sum = 1.0 / 13.0;
        for k in [11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
            sum = sum * square + 1.0 / k;
        }
        2.0 * self * sum
    }
}

impl Elementary for f64 {
    #[inline(always)]
    fn exponential(self) -> Self {
        // exp(x) = 2^n exp(r) with |r| <= ln(2)/2; ln(2) in two parts keeps r exact.
        const LN2_HI: f64 = 6.931_471_803_691_238e-1;
        const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
        // Adding and taking away 1.5 * 2^52 rounds to the nearest integer.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let x = self.clamp(-700.0, 700.0);
        let rounded = x * std::f64::consts::LOG2_E + ROUND;
        let n = rounded - ROUND;
        let r = (x - n * LN2_HI) - n * LN2_LO;
        // Taylor's polynomial of degree 12: its remainder at ln(2)/2 is 2e-16.
        let mut p = 1.0 / 479_001_600.0;
        for factor in INVERSE_FACTORIALS {
            p = p * r + factor;
        }
        // n stands in the last bits of the rounded number; the exponent's place begins at bit 52.
        let scale = Self::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
        p * scale
    }

    #[inline(always)]
    fn two_artanh(self) -> Self {
        // z + z^3 / 3 + ...: with z <= 1/3 the series ends at z^21 / 21.
        let square = self * self;
        let mut sum = 1.0 / 21.0;
        for k in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
            sum = sum * square + 1.0 / k;
        }
        2.0 * self * sum
    }
}

/// `1 / k!` from 11 down to 0.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exponentials_are_accurate(x in -700.0f64..=700.0, y in -87.3f32..=87.3) {
            prop_assert!((exp(x) / x.exp() - 1.0).abs() <= 2e-15);
            prop_assert!((f64::from(exp(y)) / f64::from(y).exp() - 1.0).abs() <= 2e-7);
        }

        #[test]
        fn logarithms_of_what_is_left_are_accurate(p in 0.0f64..=0.5) {
            let want = (-p).ln_1p();
            prop_assert!((log_of_rest(p) - want).abs() <= 1e-11 * want.abs());
            let p = p as f32;
            let want = (-f64::from(p)).ln_1p();
            prop_assert!((f64::from(log_of_rest(p)) - want).abs() <= 4e-7 * want.abs());
        }
    }

    #[test]
    fn beyond_the_range_nothing_overflows() {
        assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1e-300);
        assert!(exp(1e9f64) > 1e300 && exp(1e9f64).is_finite());
        assert!(exp(-1e9f32) > 0.0 && exp(-1e9f32) < 1e-37);
        assert!(exp(1e9f32) > 1e37 && exp(1e9f32).is_finite());
        assert_eq!((exp(0.0), log_of_rest(0.0)), (1.0, 0.0));
        assert_eq!((exp(0f32), log_of_rest(0f32)), (1.0, 0.0));
    }
}
