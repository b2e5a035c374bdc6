//! Dirichlet calibration: matrix scaling of the logarithms of probabilities.

use serde::{Deserialize, Serialize};

use super::data::{Fitted, Scores};
use super::linear::{changed, log_softmax};
use super::matrix::Matrix;
use crate::ConfidenceError;

/// `softmax(W ln p + b)` (Kull et al., "Beyond temperature scaling: obtaining well-calibrated
/// multiclass probabilities with Dirichlet calibration" (2019), eq. 4, the linear form).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dirichlet(Matrix);

impl Dirichlet {
    /// As [`Matrix::fit`], but of `ln p`, where p is the softmax of the logits. It differs where
    /// rows differ in how sure they are as a whole, which the logits of a row do not show one by
    /// one.
    ///
    /// # Errors
    /// As [`Matrix::fit`].
    pub fn fit(
        scores: &Scores,
        labels: &[usize],
        l2: f64,
    ) -> Result<Fitted<Dirichlet>, ConfidenceError> {
        Ok(Matrix::of(&changed(scores, log_softmax)?, labels, l2)?.map(Dirichlet))
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.0.classes()
    }

    /// The probabilities of a row of logits, in their place.
    pub fn apply(&self, logits: &mut [f64]) {
        log_softmax(logits);
        self.0.apply_as_they_are(logits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recalibrate::linear::tests::{made, nll};

    #[test]
    fn what_made_the_answers_is_found() {
        // Of ln p itself, not of the logits: rows that are sure as a whole favour class 0.
        let truth = |z: &[f64]| {
            let mut p = z.to_vec();
            log_softmax(&mut p);
            vec![0.5 * p[0] - 0.3 * p[1], 0.5 * p[1], 0.5 * p[2] + 1.0]
        };
        let (scores, labels) = made(6_000, 3, 12, truth);
        let fitted = Dirichlet::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let matrix = Matrix::fit(&scores, &labels, 1.0).unwrap().recalibrator;
        let (new, new_labels) = made(6_000, 3, 13, truth);
        let ours = nll(&new, &new_labels, |row| fitted.apply(row));
        let of_logits = nll(&new, &new_labels, |row| matrix.apply(row));
        let best = nll(&new, &new_labels, |row| {
            let mut logits = truth(row);
            super::super::data::softmax(&mut logits);
            row.copy_from_slice(&logits);
        });
        assert!(ours < best + 0.005, "{ours} {best}");
        assert!(ours < of_logits, "{ours} {of_logits}");
        assert_eq!(fitted.classes(), 3);
    }
}
