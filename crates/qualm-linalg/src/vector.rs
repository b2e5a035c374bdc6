//! Loops over one row. The crate is compiled for any processor of its family; what is dispatched
//! here is compiled once more for the instructions that this one has.

use half::f16;
use pulp::{Arch, NullaryFnOnce};

use crate::{Real, exp};

/// Numbers that are summed or compared side by side: whole vectors on any processor, and the order
/// of sums does not depend on their width.
pub(crate) const LANES: usize = 16;

/// `log(sum_i exp(x_i))` of finite numbers, in one pass over numbers that sit in the cache.
///
/// The exponentials are taken in `f32` by a polynomial (relative error below 2e-7) and added in
/// `f64`, so that the result is good to about 1e-7 absolutely. `max` is the largest of `x`.
pub fn log_sum_exp(x: &[f32], max: f32) -> f64 {
    f64::from(max) + sum_of_exponentials(x, max).ln()
}

/// `sum_i exp(x_i - max)` of numbers that are at most `max`, each term as in [`log_sum_exp`].
///
/// ```
/// assert!((qualm_linalg::sum_of_exponentials(&[1.0, 1.0], 1.0) - 2.0).abs() < 1e-6);
/// ```
pub fn sum_of_exponentials(x: &[f32], max: f32) -> f64 {
    Arch::new().dispatch(SumOfExponentials { x, max })
}

/// Euclidean norm, summed in `f64`.
pub fn norm<T: Real>(x: &[T]) -> f64 {
    squared_norm(x).sqrt()
}

/// Squared Euclidean norm, summed in `f64`.
pub fn squared_norm<T: Real>(x: &[T]) -> f64 {
    Arch::new().dispatch(SumOfSquares { x })
}

/// Inner product of two rows of one length in `f32`, for speed: the same bytes on any processor.
pub(crate) fn quick_dot(a: &[f32], b: &[f32]) -> f32 {
    Arch::new().dispatch(Dot { a, b })
}

/// Position and value of the largest of finite numbers, the first of equals; nothing where there
/// is none.
///
/// ```
/// assert_eq!(qualm_linalg::largest(&[1.0, 3.0, -2.0, 3.0]), Some((1, 3.0)));
/// assert_eq!(qualm_linalg::largest(&[]), None);
/// ```
pub fn largest(x: &[f32]) -> Option<(usize, f32)> {
    let largest = Arch::new().dispatch(Largest { x });
    let position = x.iter().position(|&x| x == largest)?;
    Some((position, largest))
}

/// Inner product with finite halves in `f32`, for speed: see [`dot`](crate::dot) for one in `f64`.
pub(crate) fn product_with_halves(x: &[f32], y: &[f16]) -> f32 {
    Arch::new().dispatch(ProductWithHalves { x, y })
}

/// `to += from`.
pub fn add(to: &mut [f32], from: &[f32]) {
    Arch::new().dispatch(Add { to, from });
}

/// `to += from`, in `f64`.
///
/// ```
/// let mut sums = [0.5, 1.0];
/// qualm_linalg::accumulate(&mut sums, &[1.0, -1.0]);
/// assert_eq!(sums, [1.5, 0.0]);
/// ```
pub fn accumulate(to: &mut [f64], from: &[f32]) {
    Arch::new().dispatch(Accumulate { to, from });
}

/// `to = factor * from`, multiplied in `f64` and rounded once.
///
/// ```
/// let mut halves = [0.0; 2];
/// qualm_linalg::scale(&mut halves, &[1.0, 3.0], 0.5);
/// assert_eq!(halves, [0.5, 1.5]);
/// ```
pub fn scale(to: &mut [f32], from: &[f32], factor: f64) {
    Arch::new().dispatch(Scale { to, from, factor });
}

/// `to = from - shift`, and `sums += to`.
pub(crate) fn subtract_and_sum<T: Real>(
    to: &mut [T],
    from: &[f32],
    shift: &[f32],
    sums: &mut [f64],
) {
    Arch::new().dispatch(SubtractAndSum {
        to,
        from,
        shift,
        sums,
    });
}

/// `to = from - scale * shift`, over the length of `to`.
pub(crate) fn subtract_multiple<T: Real>(to: &mut [f64], from: &[T], scale: f64, shift: &[f64]) {
    Arch::new().dispatch(SubtractMultiple {
        to,
        from,
        scale,
        shift,
    });
}

// Each loop is a type of its own, because a closure that only borrows is called through a shim
// that is not inlined into the code for this processor.

struct SumOfExponentials<'a> {
    x: &'a [f32],
    max: f32,
}

impl NullaryFnOnce for SumOfExponentials<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let Self { x, max } = self;
        // Terms are at most 1: 64 of them fit a lane of f32 without a rounding error that shows.
        const RUN: usize = LANES * 64;
        let mut total = 0f64;
        for run in x.chunks(RUN) {
            let mut lanes = [0f32; LANES];
            let (body, tail) = run.as_chunks::<LANES>();
            for block in body {
                for (lane, &x) in lanes.iter_mut().zip(block) {
                    *lane += exp(x - max);
                }
            }
            total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
            total += tail.iter().map(|&x| f64::from(exp(x - max))).sum::<f64>();
        }
        total
    }
}

struct SumOfSquares<'a, T> {
    x: &'a [T],
}

impl<T: Real> NullaryFnOnce for SumOfSquares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let square = |x: T| {
            let x: f64 = x.into();
            x * x
        };
        let mut lanes = [0f64; LANES];
        let (body, tail) = self.x.as_chunks::<LANES>();
        for block in body {
            for (lane, &x) in lanes.iter_mut().zip(block) {
                *lane += square(x);
            }
        }
        let tail: f64 = tail.iter().map(|&x| square(x)).sum();
        lanes.iter().sum::<f64>() + tail
    }
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl NullaryFnOnce for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let mut lanes = [0f32; LANES];
        let (a, a_tail) = self.a.as_chunks::<LANES>();
        let (b, b_tail) = self.b.as_chunks::<LANES>();
        for (a, b) in a.iter().zip(b) {
            for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
                *lane += a * b;
            }
        }
        let tail: f32 = a_tail.iter().zip(b_tail).map(|(a, b)| a * b).sum();
        lanes.iter().sum::<f32>() + tail
    }
}

struct Largest<'a> {
    x: &'a [f32],
}

impl NullaryFnOnce for Largest<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        // Unlike f32::max, which has to look for NaN, this is one instruction a vector.
        let larger = |a: f32, b: f32| if b > a { b } else { a };
        let mut lanes = [f32::NEG_INFINITY; LANES];
        let (body, tail) = self.x.as_chunks::<LANES>();
        for block in body {
            for (lane, &x) in lanes.iter_mut().zip(block) {
                *lane = larger(*lane, x);
            }
        }
        lanes
            .iter()
            .chain(tail)
            .copied()
            .fold(f32::NEG_INFINITY, larger)
    }
}

struct ProductWithHalves<'a> {
    x: &'a [f32],
    y: &'a [f16],
}

impl NullaryFnOnce for ProductWithHalves<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        // A block is told whole before it is multiplied: only so does the compiler see vectors.
        let mut lanes = [0f32; LANES];
        let (x_body, x_tail) = self.x.as_chunks::<LANES>();
        let (y_body, y_tail) = self.y.as_chunks::<LANES>();
        for (x, y) in x_body.iter().zip(y_body) {
            let y = y.map(single);
            for ((lane, x), y) in lanes.iter_mut().zip(x).zip(&y) {
                *lane += x * y;
            }
        }
        let tail: f32 = x_tail.iter().zip(y_tail).map(|(x, &y)| x * single(y)).sum();
        lanes.iter().sum::<f32>() + tail
    }
}

/// A finite half as `f32`, without a branch: its bits moved to the places of sign, exponent and
/// digits, where they mean 2^-112 of it.
#[inline(always)]
fn single(half: f16) -> f32 {
    const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);
    // The sign is first spread over all bits above the half's, of which the mask leaves the highest.
    let spread = i32::from(half.to_bits().cast_signed()) << 13;
    f32::from_bits(spread.cast_unsigned() & 0x8fff_e000) * TWO_TO_112
}

struct Add<'a> {
    to: &'a mut [f32],
    from: &'a [f32],
}

impl NullaryFnOnce for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            *to += from;
        }
    }
}

struct Accumulate<'a> {
    to: &'a mut [f64],
    from: &'a [f32],
}

impl NullaryFnOnce for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (to, &from) in self.to.iter_mut().zip(self.from) {
            *to += f64::from(from);
        }
    }
}

struct Scale<'a> {
    to: &'a mut [f32],
    from: &'a [f32],
    factor: f64,
}

impl NullaryFnOnce for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (to, &from) in self.to.iter_mut().zip(self.from) {
            *to = (f64::from(from) * self.factor) as f32;
        }
    }
}

struct SubtractAndSum<'a, T> {
    to: &'a mut [T],
    from: &'a [f32],
    shift: &'a [f32],
    sums: &'a mut [f64],
}

impl<T: Real> NullaryFnOnce for SubtractAndSum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let from = self.from.iter().zip(self.shift);
        for ((to, sum), (&from, &shift)) in self.to.iter_mut().zip(self.sums).zip(from) {
            *to = T::from(from) - T::from(shift);
            let difference: f64 = (*to).into();
            *sum += difference;
        }
    }
}

struct SubtractMultiple<'a, T> {
    to: &'a mut [f64],
    from: &'a [T],
    scale: f64,
    shift: &'a [f64],
}

impl<T: Real> NullaryFnOnce for SubtractMultiple<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let from = self.from.iter().zip(self.shift);
        for (to, (&from, shift)) in self.to.iter_mut().zip(from) {
            let from: f64 = from.into();
            *to = from - self.scale * shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_sum_exp_by_hand() {
        assert!((log_sum_exp(&[0.0; 8], 0.0) - 8f64.ln()).abs() < 1e-7);
        // A far smaller term does not count, a shift comes out again.
        assert!((log_sum_exp(&[1000.0, -1000.0], 1000.0) - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn every_finite_half_is_told() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits);
            if half.is_finite() {
                assert_eq!(single(half).to_bits(), half.to_f32().to_bits(), "{half}");
            }
        }
    }

    #[test]
    fn norm_by_hand() {
        assert_eq!(norm(&[3.0f64, 0.0, 4.0]), 5.0);
        // f32 would overflow.
        assert!((norm(&[3e30f32, 4e30]) / 5e30 - 1.0).abs() < 1e-6);
    }
}
