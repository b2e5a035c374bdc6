//! Matrix scaling: every class may speak for every other.

use serde::{Deserialize, Serialize};

use super::data::{Fitted, Scores, softmax};
use super::linear::{Shape, Weights, centre, changed, check, fit};
use crate::ConfidenceError;

/// `softmax(W z + b)` (Guo et al., "On calibration of modern neural networks" (2017), section
/// 4.2), of logits with each row's mean taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Matrix {
    /// `classes x classes`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl Matrix {
    /// Least negative log-likelihood with a penalty on what is beyond temperature scaling: that of a
    /// normal prior under which it adds a number of variance about 1 / `l2` to a logit.
    ///
    /// # Errors
    /// When labels do not fit, `l2` is not above 0, all classes of every row score the same, or
    /// the matrix would take more than 4 GB to fit.
    pub fn fit(
        scores: &Scores,
        labels: &[usize],
        l2: f64,
    ) -> Result<Fitted<Matrix>, ConfidenceError> {
        Self::of(&changed(scores, centre)?, labels, l2)
    }

    /// As [`Matrix::fit`], of scores as they are.
    pub(crate) fn of(
        scores: &Scores,
        labels: &[usize],
        l2: f64,
    ) -> Result<Fitted<Matrix>, ConfidenceError> {
        let fitted = fit(scores, labels, Shape::Full, l2)?;
        Ok(fitted.map(|Weights { weight, bias }| Matrix { weight, bias }))
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// The probabilities of a row of logits, in their place.
    pub fn apply(&self, logits: &mut [f64]) {
        centre(logits);
        self.apply_as_they_are(logits);
    }

    pub(crate) fn apply_as_they_are(&self, scores: &mut [f64]) {
        let given = scores.to_vec();
        let rows = self.weight.chunks_exact(self.classes()).zip(&self.bias);
        for (z, (weight, bias)) in scores.iter_mut().zip(rows) {
            *z = weight.iter().zip(&given).map(|(w, g)| w * g).sum::<f64>() + bias;
        }
        softmax(scores);
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl TryFrom<Written> for Matrix {
    type Error = String;

    fn try_from(Written { weight, bias }: Written) -> Result<Matrix, String> {
        check(&weight, &bias, Shape::Full)?;
        Ok(Matrix { weight, bias })
    }
}

impl From<Matrix> for Written {
    fn from(Matrix { weight, bias }: Matrix) -> Written {
        Written { weight, bias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recalibrate::Temperature;
    use crate::recalibrate::linear::tests::{made, nll};

    #[test]
    fn confused_classes_are_set_right() {
        // The scores of classes 0 and 1 are swapped.
        let swapped = |z: &[f64]| vec![z[1], z[0], z[2]];
        let (scores, labels) = made(4_000, 3, 9, swapped);
        let fitted = Matrix::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let (new, new_labels) = made(4_000, 3, 10, swapped);
        let ours = nll(&new, &new_labels, |row| fitted.apply(row));
        let truth = nll(&new, &new_labels, |row| {
            row.swap(0, 1);
            softmax(row);
        });
        assert!(ours < truth + 0.01, "{ours} {truth}");
    }

    #[test]
    fn the_fitted_nll_is_never_above_that_of_temperature_scaling() {
        for seed in 0..20 {
            let (scores, labels) = made(40, 4, seed, |z| vec![0.3 * z[0], z[2], z[1], 0.0]);
            let fitted = Matrix::fit(&scores, &labels, 0.1).unwrap().recalibrator;
            let temperature = Temperature::fit(&scores, &labels).unwrap().recalibrator;
            let ours = nll(&scores, &labels, |row| fitted.apply(row));
            let theirs = nll(&scores, &labels, |row| temperature.apply(row));
            assert!(ours <= theirs, "{seed}: {ours} {theirs}");
        }
    }

    #[test]
    fn scores_of_another_scale_give_the_same_probabilities() {
        let (scores, labels) = made(200, 3, 11, |z| vec![z[0], 0.5 * z[1], z[2]]);
        let larger = changed(&scores, |row| row.iter_mut().for_each(|z| *z *= 1000.0)).unwrap();
        let plain = Matrix::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let scaled = Matrix::fit(&larger, &labels, 1.0).unwrap().recalibrator;
        let (mut row, mut large) = ([1.0, 2.0, -1.0], [1000.0, 2000.0, -1000.0]);
        plain.apply(&mut row);
        scaled.apply(&mut large);
        assert!(row.iter().zip(&large).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn a_file_is_checked() {
        let read = |text: &str| serde_json::from_str::<Matrix>(text).is_ok();
        assert!(read(r#"{"weight":[1,0,0,1],"bias":[0,0]}"#));
        assert!(!read(r#"{"weight":[1,1],"bias":[0,0]}"#));
        assert!(!read(r#"{"weight":[],"bias":[]}"#));
    }
}
