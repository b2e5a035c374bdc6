//! Sums of a function over the numbers of a row, and the functions that such sums are made of:
//! without branches, so that the compiler makes vectors of them. A product and a sum are taken in one
//! step, which is one instruction on processors of the last ten years and slow on older ones.
//!
//! ```
//! use qualm_linalg::{exp, sum_of, sum_of_pairs, sums_of};
//! let logits = [0.0f32, -1.0, -3.0];
//! let by_library: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
//! assert!((sum_of(&logits, exp) - by_library).abs() < 1e-14);
//! assert_eq!(sums_of(&logits, |l| [l, l * l]), [-4.0, 10.0]);
//! assert_eq!(sum_of_pairs(&logits, &[1.0, 1.0, 2.0], |l, w| l * w), -7.0);
//! ```

use pulp::{Arch, NullaryFnOnce};

use crate::vector::LANES;

/// `sum_i f(x_i)` in `f64`. The order of the sum depends on the length alone.
pub fn sum_of(x: &[f32], f: impl Fn(f64) -> f64) -> f64 {
    sums_of(x, |x| [f(x)])[0]
}

/// Several sums at once, of what `f` gives for each number.
pub fn sums_of<const N: usize>(x: &[f32], f: impl Terms<N>) -> [f64; N] {
    Arch::new().dispatch(SumsOf { x, f })
}

/// What is summed of each number. A closure will do where it is small; a large one must be inlined
/// to be compiled for the processor at hand, which only a type with an `#[inline(always)]` method
/// can ask for.
pub trait Terms<const N: usize> {
    /// The terms of `x`.
    fn of(&self, x: f64) -> [f64; N];
}

impl<const N: usize, F: Fn(f64) -> [f64; N]> Terms<N> for F {
    #[inline(always)]
    fn of(&self, x: f64) -> [f64; N] {
        self(x)
    }
}

/// `sum_i f(x_i, y_i)` in `f64`, over the shorter of both.
pub fn sum_of_pairs(x: &[f32], y: &[f32], f: impl Fn(f64, f64) -> f64) -> f64 {
    Arch::new().dispatch(SumOfPairs { x, y, f })
}

/// `x = f(x)` in `f64`, rounded.
pub fn map(x: &mut [f32], f: impl Fn(f64) -> f64) {
    Arch::new().dispatch(Map { x, f });
}

/// Euclidean distance of two points, from differences in `f64`, so that near points do not cancel.
///
/// ```
/// assert_eq!(qualm_linalg::distance(&[1.0, 2.0], &[4.0, 6.0]), 5.0);
/// ```
pub fn distance(x: &[f32], y: &[f32]) -> f64 {
    sum_of_pairs(x, y, |x, y| (x - y) * (x - y)).sqrt()
}

/// Inner product in `f64`.
///
/// ```
/// assert_eq!(qualm_linalg::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn dot(x: &[f32], y: &[f32]) -> f64 {
    sum_of_pairs(x, y, |x, y| x * y)
}

/// `exp(x)`, good to 2e-15 of its value for `|x| <= 700`, what lies beyond counts as that.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    // exp(x) = 2^n exp(r) with |r| <= ln(2)/2; ln(2) in two parts keeps r exact.
    const LN2_HI: f64 = 6.931_471_803_691_238e-1;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    // Adding and taking away 1.5 * 2^52 rounds to the nearest integer.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = x.clamp(-700.0, 700.0);
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HI) - n * LN2_LO;
    // Taylor's polynomial of degree 12: its remainder at ln(2)/2 is 2e-16.
    let mut p = 1.0 / 479_001_600.0;
    for factor in INVERSE_FACTORIALS {
        p = p * r + factor;
    }
    // n stands in the last bits of the rounded number; the exponent's place begins at bit 52.
    let scale = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
    p * scale
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

/// `log(1 - p)` for `p` from 0 to 1/2, good to 1e-11 of its value.
#[inline(always)]
pub fn log_of_rest(p: f64) -> f64 {
    // log(1 - p) = -2 artanh(z), z = p / (2 - p) <= 1/3: the series ends at z^21 / 21.
    let z = p / (2.0 - p);
    let square = z * z;
    let mut sum = 1.0 / 21.0;
    for k in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / k;
    }
    -2.0 * z * sum
}

// Types of their own rather than closures: see `vector.rs`.

// Each calls its function in one place, because a large one is inlined in one place only; what is
// left of a row is padded with zeros, whose values are not added.

struct SumsOf<'a, F, const N: usize> {
    x: &'a [f32],
    f: F,
}

impl<const N: usize, F: Terms<N>> NullaryFnOnce for SumsOf<'_, F, N> {
    type Output = [f64; N];

    #[inline(always)]
    fn call(self) -> [f64; N] {
        let (body, tail) = padded(self.x);
        let mut lanes = [[0f64; LANES]; N];
        let mut last = [[0f64; LANES]; N];
        for index in 0..=body.len() {
            let block = body.get(index).unwrap_or(&tail);
            let mut values = [[0f64; LANES]; N];
            for (at, &x) in block.iter().enumerate() {
                let of_number = self.f.of(f64::from(x));
                for (values, value) in values.iter_mut().zip(of_number) {
                    values[at] = value;
                }
            }
            if index == body.len() {
                last = values;
                break;
            }
            for (lanes, values) in lanes.iter_mut().zip(&values) {
                lanes.iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
            }
        }
        let left = self.x.len() % LANES;
        std::array::from_fn(|n| lanes[n].iter().sum::<f64>() + last[n][..left].iter().sum::<f64>())
    }
}

struct SumOfPairs<'a, F> {
    x: &'a [f32],
    y: &'a [f32],
    f: F,
}

impl<F: Fn(f64, f64) -> f64> NullaryFnOnce for SumOfPairs<'_, F> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let len = self.x.len().min(self.y.len());
        let ((x_body, x_tail), (y_body, y_tail)) = (padded(&self.x[..len]), padded(&self.y[..len]));
        let mut lanes = [0f64; LANES];
        let mut last = [0f64; LANES];
        for index in 0..=x_body.len() {
            let x = x_body.get(index).unwrap_or(&x_tail);
            let y = y_body.get(index).unwrap_or(&y_tail);
            let mut values = [0f64; LANES];
            for (value, (&x, &y)) in values.iter_mut().zip(x.iter().zip(y)) {
                *value = (self.f)(f64::from(x), f64::from(y));
            }
            if index == x_body.len() {
                last = values;
                break;
            }
            lanes.iter_mut().zip(&values).for_each(|(sum, x)| *sum += x);
        }
        lanes.iter().sum::<f64>() + last[..len % LANES].iter().sum::<f64>()
    }
}

/// Whole blocks of numbers, and those left, padded with zeros.
#[inline(always)]
fn padded(x: &[f32]) -> (&[[f32; LANES]], [f32; LANES]) {
    let (body, tail) = x.as_chunks::<LANES>();
    let mut last = [0f32; LANES];
    last[..tail.len()].copy_from_slice(tail);
    (body, last)
}

struct Map<'a, F> {
    x: &'a mut [f32],
    f: F,
}

impl<F: Fn(f64) -> f64> NullaryFnOnce for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for x in self.x {
            *x = (self.f)(f64::from(*x)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exponentials_are_accurate(x in -700.0f64..=700.0) {
            prop_assert!((exp(x) / x.exp() - 1.0).abs() <= 2e-15);
        }

        #[test]
        fn logarithms_of_what_is_left_are_accurate(p in 0.0f64..=0.5) {
            let want = (-p).ln_1p();
            prop_assert!((log_of_rest(p) - want).abs() <= 1e-11 * want.abs());
        }

        #[test]
        fn sums_do_not_leave_a_number_out(x in proptest::collection::vec(-9i8..9, 0..70)) {
            let x: Vec<f32> = x.into_iter().map(f32::from).collect();
            let want: f32 = x.iter().map(|x| x * x).sum();
            prop_assert_eq!(sum_of(&x, |x| x * x), f64::from(want));
            prop_assert_eq!(dot(&x, &x), f64::from(want));
        }
    }

    #[test]
    fn beyond_the_range_nothing_overflows() {
        assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1e-300);
        assert!(exp(1e9) > 1e300 && exp(1e9).is_finite());
        assert_eq!((exp(0.0), log_of_rest(0.0)), (1.0, 0.0));
    }
}
