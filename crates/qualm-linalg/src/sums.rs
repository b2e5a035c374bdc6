//! Sums of a function over the numbers of a row. The function is computed in `f64`, or, for twice
//! the speed and more, in `f32`; sums are taken in `f64`.
//!
//! ```
//! use qualm_linalg::{exp, sum_of, sum_of_pairs, sums_of};
//! let logits = [0.0f32, -1.0, -3.0];
//! let by_library: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
//! assert!((sum_of(&logits, exp::<f64>) - by_library).abs() < 1e-14);
//! assert!((sum_of(&logits, exp::<f32>) - by_library).abs() < 1e-6);
//! assert_eq!(sums_of(&logits, |l: f64| [l, l * l]), [-4.0, 10.0]);
//! assert_eq!(sum_of_pairs(&logits, &[1.0, 1.0, 2.0], |l: f64, w| l * w), -7.0);
//! ```

use std::marker::PhantomData;

use pulp::{Arch, NullaryFnOnce};

use crate::Real;
use crate::vector::LANES;

/// `sum_i f(x_i)`. The order of the sum depends on the length alone.
pub fn sum_of<T: Real>(x: &[f32], f: impl Fn(T) -> T) -> f64 {
    sums_of(x, |x| [f(x)])[0]
}

/// Several sums at once, of what `f` gives for each number.
pub fn sums_of<T: Real, const N: usize>(x: &[f32], f: impl Terms<T, N>) -> [f64; N] {
    Arch::new().dispatch(SumsOf {
        x,
        f,
        number: PhantomData,
    })
}

/// What is summed of each number. A closure will do where it is small; a large one must be inlined
/// to be compiled for the processor at hand, which only a type with an `#[inline(always)]` method
/// can ask for.
pub trait Terms<T, const N: usize> {
    /// The terms of `x`.
    fn of(&self, x: T) -> [T; N];
}

impl<T, const N: usize, F: Fn(T) -> [T; N]> Terms<T, N> for F {
    #[inline(always)]
    fn of(&self, x: T) -> [T; N] {
        self(x)
    }
}

/// `sum_i f(x_i, y_i)`, over the shorter of both.
pub fn sum_of_pairs<T: Real>(x: &[f32], y: &[f32], f: impl Fn(T, T) -> T) -> f64 {
    Arch::new().dispatch(SumOfPairs {
        x,
        y,
        f,
        number: PhantomData,
    })
}

/// `x = f(x)`.
pub fn map(x: &mut [f32], f: impl Fn(f32) -> f32) {
    Arch::new().dispatch(Map { x, f });
}

/// Euclidean distance of two points, from differences in `f64`, so that near points do not cancel.
///
/// ```
/// assert_eq!(qualm_linalg::distance(&[1.0, 2.0], &[4.0, 6.0]), 5.0);
/// ```
pub fn distance(x: &[f32], y: &[f32]) -> f64 {
    sum_of_pairs(x, y, |x: f64, y| (x - y) * (x - y)).sqrt()
}

/// Inner product in `f64`.
///
/// ```
/// assert_eq!(qualm_linalg::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn dot(x: &[f32], y: &[f32]) -> f64 {
    sum_of_pairs(x, y, |x: f64, y| x * y)
}

// Types of their own rather than closures: see `vector.rs`.

// Numbers pass through a short buffer, so that the loop around the function does nothing else: only
// so does the compiler make vectors of a long one.

/// Numbers in the buffer.
const RUN: usize = 8 * LANES;

struct SumsOf<'a, T, F, const N: usize> {
    x: &'a [f32],
    f: F,
    number: PhantomData<T>,
}

impl<T: Real, F: Terms<T, N>, const N: usize> NullaryFnOnce for SumsOf<'_, T, F, N> {
    type Output = [f64; N];

    #[inline(always)]
    fn call(self) -> [f64; N] {
        let mut sums = [[0f64; LANES]; N];
        let mut values = [[T::ZERO; RUN]; N];
        for run in self.x.chunks(RUN) {
            for (at, &x) in run.iter().enumerate().take(RUN) {
                let terms = self.f.of(T::from(x));
                for (values, term) in values.iter_mut().zip(terms) {
                    values[at] = term;
                }
            }
            for (sums, values) in sums.iter_mut().zip(&values) {
                add_up(sums, &values[..run.len()]);
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}

struct SumOfPairs<'a, T, F> {
    x: &'a [f32],
    y: &'a [f32],
    f: F,
    number: PhantomData<T>,
}

impl<T: Real, F: Fn(T, T) -> T> NullaryFnOnce for SumOfPairs<'_, T, F> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let len = self.x.len().min(self.y.len());
        let mut sums = [0f64; LANES];
        let mut values = [T::ZERO; RUN];
        for (x, y) in self.x[..len].chunks(RUN).zip(self.y[..len].chunks(RUN)) {
            for (value, (&x, &y)) in values.iter_mut().zip(x.iter().zip(y)) {
                *value = (self.f)(T::from(x), T::from(y));
            }
            add_up(&mut sums, &values[..x.len()]);
        }
        sums.iter().sum()
    }
}

/// Adds each number to the sum of its lane.
#[inline(always)]
fn add_up<T: Real>(sums: &mut [f64; LANES], values: &[T]) {
    let (body, tail) = values.as_chunks::<LANES>();
    for block in body.iter().map(|block| &block[..]).chain([tail]) {
        for (sum, &value) in sums.iter_mut().zip(block) {
            *sum += value.into();
        }
    }
}

struct Map<'a, F> {
    x: &'a mut [f32],
    f: F,
}

impl<F: Fn(f32) -> f32> NullaryFnOnce for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for x in self.x {
            *x = (self.f)(*x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_do_not_leave_a_number_out(x in proptest::collection::vec(-9i8..9, 0..70)) {
            let x: Vec<f32> = x.into_iter().map(f32::from).collect();
            let want: f32 = x.iter().map(|x| x * x).sum();
            prop_assert_eq!(sum_of(&x, |x: f64| x * x), f64::from(want));
            prop_assert_eq!(sum_of(&x, |x: f32| x * x), f64::from(want));
            prop_assert_eq!(dot(&x, &x), f64::from(want));
        }
    }
}
