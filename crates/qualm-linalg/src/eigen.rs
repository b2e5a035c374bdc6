use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par};

use crate::packed_len;

/// Into how many parts the solver cuts its work, whatever the number of threads: its bytes
/// depend on this number alone. Two parts are the fastest on two cores (`bench/README.md`).
const PARTS: usize = 2;

/// Eigenvalues, largest first, and their unit eigenvectors as rows.
///
/// ```
/// use qualm_linalg::symmetric_eigen;
/// let close = |a: &[f64], b: [f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
/// let eigen = symmetric_eigen(&[2.0, 1.0, 2.0], 2); // (2, 1) over (1, 2)
/// assert!(close(&eigen.values, [3.0, 1.0]));
/// assert!(close(&eigen.vectors[..2], [0.5f64.sqrt(); 2]));
/// ```
#[derive(Debug, Clone)]
pub struct Eigen {
    /// Largest first.
    pub values: Vec<f64>,
    /// Row-major `n x n`; row i belongs to `values[i]`.
    pub vectors: Vec<f64>,
}

/// Eigenvalues and eigenvectors of the symmetric `dim x dim` matrix whose packed lower triangle
/// is given.
///
/// Signs are fixed: the entry of largest magnitude of each eigenvector (the first of equals) is
/// positive.
///
/// # Panics
/// When the length of `packed` does not fit, or the iteration does not converge, which needs a
/// number that is not finite.
pub fn symmetric_eigen(packed: &[f64], dim: usize) -> Eigen {
    assert_eq!(
        packed.len(),
        packed_len(dim),
        "the packed triangle must fit the dimension"
    );
    let matrix = Mat::from_fn(dim, dim, |i, j| {
        let (i, j) = (i.max(j), i.min(j));
        packed[packed_len(i) + j]
    });
    let par = Par::rayon(PARTS);
    let mut values = Diag::zeros(dim);
    let mut vectors = Mat::zeros(dim, dim);
    let scratch =
        self_adjoint_evd_scratch::<f64>(dim, ComputeEigenvectors::Yes, par, Default::default());
    self_adjoint_evd(
        matrix.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        par,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .expect("the eigenvalues of a finite symmetric matrix converge");
    let order = (0..dim).rev();
    let mut sorted = Eigen {
        values: Vec::with_capacity(dim),
        vectors: Vec::with_capacity(dim * dim),
    };
    for column in order {
        sorted.values.push(values.column_vector()[column]);
        let start = sorted.vectors.len();
        sorted.vectors.extend(vectors.col(column).iter());
        fix_sign(&mut sorted.vectors[start..]);
    }
    sorted
}

fn fix_sign(vector: &mut [f64]) {
    let mut largest = 0.0f64;
    for &x in vector.iter() {
        if x.abs() > largest.abs() {
            largest = x;
        }
    }
    if largest < 0.0 {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_by_two_by_hand() {
        // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, -1).
        let eigen = symmetric_eigen(&[2.0, 1.0, 2.0], 2);
        assert!((eigen.values[0] - 3.0).abs() < 1e-14 && (eigen.values[1] - 1.0).abs() < 1e-14);
        let half = 0.5f64.sqrt();
        assert!((eigen.vectors[0] - half).abs() < 1e-14 && (eigen.vectors[1] - half).abs() < 1e-14);
        assert!((eigen.vectors[2] + eigen.vectors[3]).abs() < 1e-14);
    }

    #[test]
    fn a_rotated_spectrum_is_found_again() {
        // Householder reflection H = I - 2 v v^T of diag(5, 3, 1, 0).
        let v = [0.5f64, 0.5, 0.5, 0.5];
        let spectrum = [5.0, 3.0, 1.0, 0.0];
        let h = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j];
        let mut packed = Vec::new();
        for i in 0..4 {
            for j in 0..=i {
                packed.push((0..4).map(|k| h(i, k) * spectrum[k] * h(j, k)).sum());
            }
        }
        let eigen = symmetric_eigen(&packed, 4);
        for (got, want) in eigen.values.iter().zip(spectrum) {
            assert!((got - want).abs() < 1e-13);
        }
    }
}
