use qualm_linalg::{HalfRows, Rows, product_nt};
use serde::{Deserialize, Serialize};

/// In which numbers a bundle holds what rows of features are multiplied with: the head and the
/// linear maps of its detectors. `f16` halves them; what that costs in accuracy, and how fast one
/// row is scored with either, stands in `bench/README.md`.
///
/// A bundle's reference is scored with the same numbers, so its promise holds for either. In `f16`
/// the first tile of many rows expands the matrices to `f32`, which is faster there.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_ood::{FitInput, FitOptions, Weights, fit};
/// let train = MemorySet::new("train").with_features(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let head = Head::new(vec![1.0, 0.1, 0.2, 1.0], vec![0.0, 0.0], 2)?;
/// let input = FitInput { train: &train, head: Some(&head) };
/// let options = FitOptions { weights: Weights::F16, ..FitOptions::default() };
/// let bundle = fit(input, &["energy".parse()?], &options, &mut |_| {})?.bundle;
/// assert_eq!(bundle.weights(), Weights::F16);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// Single precision.
    #[default]
    F32,
    /// Half precision, with a scale for each row of a matrix.
    F16,
}

impl Weights {
    /// Whether nothing was asked for.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A matrix that rows of features are multiplied with.
#[derive(Debug)]
pub(crate) enum Matrix {
    Whole(Vec<f32>),
    /// The halves, and the same numbers in `f32` once many rows have come.
    Half(HalfRows, Vec<f32>),
}

impl Default for Matrix {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Matrix {
    /// The matrix of these numbers, rows of width `dim`.
    pub(crate) fn new(numbers: Vec<f32>, dim: usize, weights: Weights) -> Self {
        match weights {
            Weights::F16 if dim > 0 => {
                Self::Half(HalfRows::new(Rows::new(&numbers, dim)), Vec::new())
            }
            _ => Self::Whole(numbers),
        }
    }

    /// `out = rows * matrix^T`.
    pub(crate) fn multiply(&mut self, out: &mut [f32], rows: Rows<'_, f32>) {
        match self {
            Self::Whole(matrix) => product_nt(out, rows, Rows::new(matrix, rows.width())),
            Self::Half(halves, whole) => halves.multiply(out, rows, whole),
        }
    }
}
