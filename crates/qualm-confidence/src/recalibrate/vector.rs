//! Vector scaling: a factor and an offset for each class.

use serde::{Deserialize, Serialize};

use super::data::{Fitted, Scores, softmax};
use super::linear::{Shape, Weights, centre, changed, check, fit};
use crate::ConfidenceError;

/// `softmax(w * z + b)`, class by class (Guo et al., "On calibration of modern neural networks"
/// (2017), section 4.2), of logits with each row's mean taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Vector {
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl Vector {
    /// Least negative log-likelihood with a penalty on what is beyond temperature scaling: that of a
    /// normal prior under which it adds a number of variance about 1 / `l2` to a logit.
    ///
    /// # Errors
    /// When labels do not fit, `l2` is not above 0, or all classes of every row score the same.
    pub fn fit(
        scores: &Scores,
        labels: &[usize],
        l2: f64,
    ) -> Result<Fitted<Vector>, ConfidenceError> {
        let scores = changed(scores, centre)?;
        let fitted = fit(&scores, labels, Shape::Diagonal, l2)?;
        Ok(fitted.map(|Weights { weight, bias }| Vector { weight, bias }))
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// The probabilities of a row of logits, in their place.
    pub fn apply(&self, logits: &mut [f64]) {
        centre(logits);
        for ((z, w), b) in logits.iter_mut().zip(&self.weight).zip(&self.bias) {
            *z = *z * w + b;
        }
        softmax(logits);
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    weight: Vec<f64>,
    bias: Vec<f64>,
}

impl TryFrom<Written> for Vector {
    type Error = String;

    fn try_from(Written { weight, bias }: Written) -> Result<Vector, String> {
        check(&weight, &bias, Shape::Diagonal)?;
        Ok(Vector { weight, bias })
    }
}

impl From<Vector> for Written {
    fn from(Vector { weight, bias }: Vector) -> Written {
        Written { weight, bias }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recalibrate::Temperature;
    use crate::recalibrate::linear::tests::{made, nll};

    #[test]
    fn classes_of_unlike_confidence_are_told_apart() {
        let truth = |z: &[f64]| vec![0.2 * z[0], 0.6 * z[1], z[2] + 0.5];
        let (scores, labels) = made(4_000, 3, 5, truth);
        let fitted = Vector::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let temperature = Temperature::fit(&scores, &labels).unwrap().recalibrator;
        let (new, new_labels) = made(4_000, 3, 6, truth);
        let ours = nll(&new, &new_labels, |row| fitted.apply(row));
        let theirs = nll(&new, &new_labels, |row| temperature.apply(row));
        assert!(ours < theirs - 0.05, "{ours} {theirs}");
    }

    #[test]
    fn a_constant_added_to_a_row_changes_nothing() {
        let (scores, labels) = made(300, 3, 7, |z| z.to_vec());
        let fitted = Vector::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let (mut row, mut moved) = ([1.0, 2.0, -1.0], [101.0, 102.0, 99.0]);
        fitted.apply(&mut row);
        fitted.apply(&mut moved);
        assert!(row.iter().zip(&moved).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!(fitted.classes(), 3);
    }

    #[test]
    fn a_file_is_checked() {
        let read = |text: &str| serde_json::from_str::<Vector>(text).is_ok();
        assert!(read(r#"{"weight":[1,1],"bias":[0,0]}"#));
        assert!(!read(r#"{"weight":[1,1,1],"bias":[0,0]}"#));
        assert!(!read(r#"{"weight":[1],"bias":[0]}"#));
    }
}
