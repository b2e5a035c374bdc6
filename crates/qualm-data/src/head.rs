use crate::DataError;
use crate::chunk::first_not_finite;

/// The last linear layer of a classifier: logits = features * `weight`^T + `bias`.
///
/// Checked once: shapes agree, nothing is empty, every number is finite.
///
/// ```
/// use qualm_data::Head;
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0], vec![0.0; 3], 2)?;
/// assert_eq!((head.classes(), head.dim()), (3, 2));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    weight: Vec<f32>,
    bias: Vec<f32>,
    dim: usize,
}

impl Head {
    /// A head from `weight`, row-major `C x dim`, and `bias` of length C.
    ///
    /// # Errors
    /// [`DataError::Shape`] when the lengths do not fit, [`DataError::NotFinite`] on NaN or infinity.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, dim: usize) -> Result<Self, DataError> {
        if dim == 0 || bias.is_empty() || weight.len() != bias.len() * dim {
            return Err(DataError::Shape(format!(
                "head: weight holds {} numbers and bias {}, which does not make {} classes of {dim} features",
                weight.len(),
                bias.len(),
                bias.len()
            )));
        }
        for (array, values, width) in [("weight", &weight, dim), ("bias", &bias, 1)] {
            if let Some(at) = first_not_finite(values) {
                return Err(DataError::NotFinite {
                    origin: "head".to_owned(),
                    row: (at / width) as u64,
                    array,
                    column: at % width,
                    value: values[at],
                });
            }
        }
        Ok(Self { weight, bias, dim })
    }

    /// `C x D`, row-major.
    pub fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// Length C.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// D, the width of the features.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// C, the number of classes.
    pub fn classes(&self) -> usize {
        self.bias.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_numbers_are_checked_once() {
        assert!(Head::new(vec![0.0; 6], vec![0.0; 3], 2).is_ok());
        assert!(Head::new(vec![0.0; 5], vec![0.0; 3], 2).is_err());
        assert!(Head::new(Vec::new(), Vec::new(), 2).is_err());
        let error = Head::new(vec![0.0, f32::INFINITY], vec![0.0], 2).unwrap_err();
        assert!(matches!(
            error,
            DataError::NotFinite {
                array: "weight",
                column: 1,
                ..
            }
        ));
    }
}
