use std::ops::Range;

use qualm_linalg::Real;

/// The largest of each feature over some rows, with the row that has it (the first of equals).
pub(crate) fn largest<T: Real>(
    rows: &[T],
    width: usize,
    range: Range<usize>,
    out: &mut [T],
    at: &mut [u32],
) {
    let first = range.start * width;
    out.copy_from_slice(&rows[first..first + width]);
    at.fill(range.start as u32);
    for row in range.skip(1) {
        let values = &rows[row * width..(row + 1) * width];
        for ((out, at), value) in out.iter_mut().zip(&mut *at).zip(values) {
            if *value > *out {
                (*out, *at) = (*value, row as u32);
            }
        }
    }
}

/// Adds the gradient of [`largest`] to that of the rows.
pub(crate) fn pull_largest<T: Real>(of_out: &[T], at: &[u32], width: usize, of_rows: &mut [T]) {
    for (feature, (g, row)) in of_out.iter().zip(at).enumerate() {
        let to = &mut of_rows[*row as usize * width + feature];
        *to += *g;
    }
}

/// The mean of each feature over some rows.
pub(crate) fn mean<T: Real>(rows: &[T], width: usize, range: Range<usize>, out: &mut [T]) {
    let share = T::of(1.0 / range.len() as f64);
    out.fill(T::ZERO);
    for row in range {
        for (out, value) in out.iter_mut().zip(&rows[row * width..(row + 1) * width]) {
            *out += share * *value;
        }
    }
}

/// Adds the gradient of [`mean`] to that of the rows.
pub(crate) fn pull_mean<T: Real>(
    of_out: &[T],
    range: Range<usize>,
    width: usize,
    of_rows: &mut [T],
) {
    let share = T::of(1.0 / range.len() as f64);
    for row in range {
        for (to, g) in of_rows[row * width..(row + 1) * width]
            .iter_mut()
            .zip(of_out)
        {
            *to += share * *g;
        }
    }
}
