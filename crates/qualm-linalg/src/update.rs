use std::array::from_fn;

use pulp::{Arch, NullaryFnOnce};

use crate::Real;
use crate::vector::LANES;

/// `to_i = f(to_i, from_i)` for each place i of some rows of one length: what a loop over layers,
/// or an optimiser's over parameters, does to several rows at once.
///
/// ```
/// use qualm_linalg::update;
/// let (mut position, mut speed, force) = ([0.0f32, 1.0], [1.0, 1.0], [2.0, 4.0]);
/// update([&mut position, &mut speed], [&force], |[x, v], [f]| {
///     let v = v + 0.5 * f;
///     [x + v, v]
/// });
/// assert_eq!((position, speed), ([2.0, 4.0], [2.0, 3.0]));
/// ```
///
/// What `f` takes from around it, it should take by `move`: a reference is read anew at each place,
/// which keeps the compiler from making vectors.
///
/// # Panics
/// When lengths differ.
pub fn update<T: Real, const M: usize, const N: usize>(
    to: [&mut [T]; M],
    from: [&[T]; N],
    f: impl Fn([T; M], [T; N]) -> [T; M],
) {
    let lengths = to.iter().map(|to| to.len());
    let mut lengths = lengths.chain(from.iter().map(|from| from.len()));
    if let Some(length) = lengths.next() {
        assert!(
            lengths.all(|other| other == length),
            "all rows must be of one length"
        );
        Arch::new().dispatch(Update {
            length,
            to,
            from,
            f,
        });
    }
}

/// `to += factor * from`.
///
/// ```
/// let mut to = [1.0f32, 2.0];
/// qualm_linalg::add_multiple(&mut to, 2.0, &[10.0, 20.0]);
/// assert_eq!(to, [21.0, 42.0]);
/// ```
///
/// # Panics
/// When lengths differ.
pub fn add_multiple<T: Real>(to: &mut [T], factor: T, from: &[T]) {
    update([to], [from], move |[to], [from]| [to + factor * from]);
}

/// `row += shift` for each row of a matrix that is as wide as `shift`.
///
/// ```
/// let mut rows = [1.0f32, 2.0, 3.0, 4.0];
/// qualm_linalg::add_to_rows(&mut rows, &[10.0, 20.0]);
/// assert_eq!(rows, [11.0, 22.0, 13.0, 24.0]);
/// ```
///
/// # Panics
/// When `rows` are not whole rows as wide as `shift`.
pub fn add_to_rows<T: Real>(rows: &mut [T], shift: &[T]) {
    assert!(
        rows.len().is_multiple_of(shift.len()),
        "rows must be as wide as what is added"
    );
    Arch::new().dispatch(AddToRows { rows, shift });
}

/// `sum += row` for each row of a matrix that is as wide as `sum`.
///
/// ```
/// let mut sum = [0.5f32, 0.0];
/// qualm_linalg::add_rows(&mut sum, &[1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(sum, [4.5, 6.0]);
/// ```
///
/// # Panics
/// When `rows` are not whole rows as wide as `sum`.
pub fn add_rows<T: Real>(sum: &mut [T], rows: &[T]) {
    assert!(
        rows.len().is_multiple_of(sum.len()),
        "rows must be as wide as their sum"
    );
    Arch::new().dispatch(AddRows { sum, rows });
}

// Types of their own rather than closures: see `vector.rs`.

/// Numbers of each row that are worked on at once. They are copied to a place of their own, since
/// the compiler makes vectors only of rows that cannot lie over each other.
const RUN: usize = 4 * LANES;

struct Update<'a, T, F, const M: usize, const N: usize> {
    length: usize,
    to: [&'a mut [T]; M],
    from: [&'a [T]; N],
    f: F,
}

impl<T: Real, F: Fn([T; M], [T; N]) -> [T; M], const M: usize, const N: usize> NullaryFnOnce
    for Update<'_, T, F, M, N>
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            length,
            mut to,
            from,
            f,
        } = self;
        let mut these = [[T::ZERO; RUN]; M];
        let mut those = [[T::ZERO; RUN]; N];
        let mut start = 0;
        while start + RUN <= length {
            for (these, to) in these.iter_mut().zip(&to) {
                these.copy_from_slice(&to[start..start + RUN]);
            }
            for (those, from) in those.iter_mut().zip(&from) {
                those.copy_from_slice(&from[start..start + RUN]);
            }
            for at in 0..RUN {
                let new = f(from_fn(|row| these[row][at]), from_fn(|row| those[row][at]));
                for (these, new) in these.iter_mut().zip(new) {
                    these[at] = new;
                }
            }
            for (these, to) in these.iter().zip(&mut to) {
                to[start..start + RUN].copy_from_slice(these);
            }
            start += RUN;
        }
        for at in start..length {
            let new = f(from_fn(|row| to[row][at]), from_fn(|row| from[row][at]));
            for (to, new) in to.iter_mut().zip(new) {
                to[at] = new;
            }
        }
    }
}

struct AddToRows<'a, T> {
    rows: &'a mut [T],
    shift: &'a [T],
}

impl<T: Real> NullaryFnOnce for AddToRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact_mut(self.shift.len()) {
            for (row, &shift) in row.iter_mut().zip(self.shift) {
                *row += shift;
            }
        }
    }
}

struct AddRows<'a, T> {
    sum: &'a mut [T],
    rows: &'a [T],
}

impl<T: Real> NullaryFnOnce for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sum.len()) {
            for (sum, &row) in self.sum.iter_mut().zip(row) {
                *sum += row;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_place_is_left_out_or_done_twice(length in 0..300usize) {
            let numbers: Vec<f64> = (0..length).map(|i| i as f64).collect();
            let (mut a, mut b) = (numbers.clone(), vec![1.0; length]);
            update([&mut a, &mut b], [&numbers], |[a, b], [n]| [a + b, b + 2.0 * n]);
            for (i, (a, b)) in a.into_iter().zip(b).enumerate() {
                prop_assert_eq!((a, b), (i as f64 + 1.0, 1.0 + 2.0 * i as f64));
            }
        }
    }
}
