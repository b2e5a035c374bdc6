use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::cholesky_in_place;
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Mat, Par};

use crate::{Rows, packed_len, product_nt, symmetric_eigen};

/// A matrix that should have been positive definite is not.
///
/// ```
/// use qualm_linalg::{NotPositiveDefinite, inverse_cholesky};
/// let symmetric = [1.0, 2.0, 1.0]; // (1, 2) over (2, 1): its eigenvalues are 3 and -1
/// assert_eq!(inverse_cholesky(&symmetric, 2), Err(NotPositiveDefinite));
/// assert_eq!(inverse_cholesky(&[4.0, 0.0, 1.0], 2), Ok(vec![0.5, 0.0, 0.0, 1.0]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPositiveDefinite;

/// The inverse Cholesky factor `L^-1` of the symmetric matrix `A = L L^T` whose packed lower
/// triangle is given, row-major `dim x dim` with zeros above the diagonal: `|L^-1 x|^2` is
/// `x^T A^-1 x`.
///
/// # Errors
/// When a pivot is not positive.
///
/// # Panics
/// When the length of `packed` does not fit.
pub fn inverse_cholesky(packed: &[f64], dim: usize) -> Result<Vec<f64>, NotPositiveDefinite> {
    assert_eq!(
        packed.len(),
        packed_len(dim),
        "the packed triangle must fit the dimension"
    );
    let mut factor = Mat::from_fn(dim, dim, |i, j| {
        if j <= i {
            packed[packed_len(i) + j]
        } else {
            0.0
        }
    });
    let scratch = faer::linalg::cholesky::llt::factor::cholesky_in_place_scratch::<f64>(
        dim,
        Par::Seq,
        Default::default(),
    );
    cholesky_in_place(
        factor.as_mut(),
        Default::default(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .map_err(|_| NotPositiveDefinite)?;
    let mut inverse = Mat::zeros(dim, dim);
    invert_lower_triangular(inverse.as_mut(), factor.as_ref(), Par::Seq);
    let mut rows = Vec::with_capacity(dim * dim);
    for i in 0..dim {
        rows.extend((0..dim).map(|j| if j <= i { inverse[(i, j)] } else { 0.0 }));
    }
    Ok(rows)
}

/// The solution of smallest norm of `A z = y` in the least-squares sense, `z = A^+ y` with the
/// Moore-Penrose inverse; `a` holds the rows of `A`, `y` one number a row.
///
/// Works through the eigenvectors of the smaller Gram matrix in `f64`; directions with a singular
/// value below `max(rows, width) * 2^-23` of the largest count as absent, the usual rank rule for
/// matrices stored in `f32`.
///
/// # Panics
/// When the length of `y` is not the number of rows.
pub fn minimum_norm_solution(a: Rows<'_, f64>, y: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), y.len(), "one number a row");
    let (rows, width) = (a.len(), a.width());
    let transposed: Vec<f64> = (0..width)
        .flat_map(|j| (0..rows).map(move |i| a.data()[i * width + j]))
        .collect();
    let columns = Rows::new(&transposed, rows);
    // A^+ = A^T (A A^T)^+ = (A^T A)^+ A^T: the side of the smaller Gram matrix is the cheaper one.
    if rows <= width {
        let inner = pseudo_inverse_times(a, y, rows.max(width));
        columns_times(columns, &inner)
    } else {
        let right = columns_times(columns, y);
        pseudo_inverse_times(columns, &right, rows.max(width))
    }
}

/// `(B B^T)^+ y` for the rows `B`.
fn pseudo_inverse_times(b: Rows<'_, f64>, y: &[f64], larger_side: usize) -> Vec<f64> {
    let n = b.len();
    let mut gram = vec![0.0; n * n];
    product_nt(&mut gram, b, b);
    let packed: Vec<f64> = (0..n)
        .flat_map(|i| gram[i * n..=i * n + i].to_vec())
        .collect();
    let eigen = symmetric_eigen(&packed, n);
    let relative = larger_side as f64 * f64::from(f32::EPSILON);
    let cutoff = eigen.values[0] * relative * relative;
    let mut z = vec![0.0; n];
    for (value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(n)) {
        if *value > cutoff {
            let scale = dot(vector, y) / value;
            z.iter_mut().zip(vector).for_each(|(z, v)| *z += scale * v);
        }
    }
    z
}

fn columns_times(columns: Rows<'_, f64>, y: &[f64]) -> Vec<f64> {
    (0..columns.len()).map(|j| dot(columns.row(j), y)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_cholesky_measures_distances() {
        // A = [[4, 2], [2, 5]], x = (1, 1): x^T A^-1 x = (5 - 2 - 2 + 4) / 16 = 5/16.
        let inverse = inverse_cholesky(&[4.0, 2.0, 5.0], 2).unwrap();
        assert_eq!(inverse[1], 0.0);
        let y = [inverse[0], inverse[2] + inverse[3]];
        assert!((dot(&y, &y) - 5.0 / 16.0).abs() < 1e-15);
        assert_eq!(
            inverse_cholesky(&[1.0, 2.0, 1.0], 2),
            Err(NotPositiveDefinite)
        );
    }

    #[test]
    fn smallest_solution_of_a_wide_and_a_tall_system() {
        // z1 + z2 = 2: smallest solution (1, 1).
        let wide = minimum_norm_solution(Rows::new(&[1.0, 1.0], 2), &[2.0]);
        assert!(wide.iter().all(|z| (z - 1.0).abs() < 1e-15));
        // z = 1 and z = 3: least squares 2.
        let tall = minimum_norm_solution(Rows::new(&[1.0, 1.0], 1), &[1.0, 3.0]);
        assert!((tall[0] - 2.0).abs() < 1e-15);
        // Twice the same equation: rank one.
        let twice = minimum_norm_solution(Rows::new(&[1.0, 1.0, 1.0, 1.0], 2), &[2.0, 2.0]);
        assert!(twice.iter().all(|z| (z - 1.0).abs() < 1e-15), "{twice:?}");
    }
}
