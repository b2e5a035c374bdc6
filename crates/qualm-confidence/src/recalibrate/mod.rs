//! Repairing confidence: functions fitted on answers whose correctness is known.
//!
//! A [`Method`] is fitted either to one confidence an answer ([`Answers`], to [`OfConfidence`]) or
//! to a score of each class ([`Scores`] with labels, to [`OfClasses`]). [`fit_records`] takes either
//! from records, and [`Saved`] is the file.
//!
//! ```
//! use qualm_confidence::recalibrate::{Answers, Method};
//!
//! // Answers that say 90 % and are right in half of the cases.
//! let confidence = [0.9; 8];
//! let correct = [true, false, true, false, true, false, true, false];
//! let fitted = Method::Isotonic.fit_confidence(&Answers::new(&confidence, &correct)?)?;
//! assert_eq!(fitted.recalibrator.apply(&[0.9])?, [0.5]);
//! # Ok::<(), qualm_confidence::ConfidenceError>(())
//! ```
//!
//! # What a repair can promise
//! It holds for answers like the fitted ones. Under shift a repaired confidence may be worse than
//! the stated one: measure it there, too. Fit on some answers and measure on others: on the
//! fitted ones every method looks good, the more flexible the better.

mod bbq;
mod beta;
mod compare;
mod curve;
mod data;
mod dirichlet;
mod histogram;
mod isotonic;
mod linear;
mod logistic;
mod matrix;
mod method;
mod of_records;
mod platt;
mod saved;
mod temperature;
mod vector;
mod venn_abers;

pub use bbq::Bbq;
pub use beta::Beta;
pub use compare::{Change, Honesty, compare, report};
pub use curve::Curve;
pub use data::{Answers, Fitted, Scores, logit, sigmoid};
pub use dirichlet::Dirichlet;
pub use histogram::Histogram;
pub use isotonic::{centred, isotonic};
pub use matrix::Matrix;
pub use method::Method;
pub use of_records::{FittedRecords, Part, fit_records};
pub(crate) use of_records::{labelled, stacked};
pub use platt::Platt;
pub use saved::{FittedIds, Saved};
pub use temperature::Temperature;
pub use vector::Vector;
pub use venn_abers::VennAbers;

use serde::{Deserialize, Serialize};

use crate::ConfidenceError;

/// A fitted function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Recalibrator {
    /// Of one confidence an answer.
    Confidence(OfConfidence),
    /// Of a score of each class.
    Classes(OfClasses),
}

/// A fitted function of one confidence an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum OfConfidence {
    /// Temperature scaling.
    Temperature(Temperature),
    /// Platt scaling.
    Platt(Platt),
    /// Beta calibration.
    Beta(Beta),
    /// Isotonic regression.
    Isotonic(Curve),
    /// Centred isotonic regression.
    CentredIsotonic(Curve),
    /// Venn-Abers prediction.
    VennAbers(VennAbers),
    /// Histogram binning.
    Histogram(Histogram),
    /// Bayesian binning into quantiles.
    Bbq(Bbq),
}

impl OfConfidence {
    /// The confidences that these become.
    ///
    /// # Errors
    /// When one is not between 0 and 1.
    pub fn apply(&self, confidence: &[f64]) -> Result<Vec<f64>, ConfidenceError> {
        data::check_confidence(confidence)?;
        let one = |&c: &f64| match self {
            OfConfidence::Temperature(fitted) => fitted.apply_to_confidence(c),
            OfConfidence::Platt(fitted) => fitted.apply(c),
            OfConfidence::Beta(fitted) => fitted.apply(c),
            OfConfidence::Isotonic(curve) | OfConfidence::CentredIsotonic(curve) => curve.apply(c),
            OfConfidence::VennAbers(fitted) => fitted.apply(c),
            OfConfidence::Histogram(fitted) => fitted.apply(c),
            OfConfidence::Bbq(fitted) => fitted.apply(c),
        };
        Ok(confidence.iter().map(one).collect())
    }
}

/// A fitted function of a score of each class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum OfClasses {
    /// Temperature scaling.
    Temperature(Temperature),
    /// Vector scaling.
    Vector(Vector),
    /// Matrix scaling.
    Matrix(Matrix),
    /// Dirichlet calibration.
    Dirichlet(Dirichlet),
}

impl OfClasses {
    /// How many classes it was fitted to; nothing where it takes any number.
    #[must_use]
    pub fn classes(&self) -> Option<usize> {
        match self {
            OfClasses::Temperature(_) => None,
            OfClasses::Vector(fitted) => Some(fitted.classes()),
            OfClasses::Matrix(fitted) => Some(fitted.classes()),
            OfClasses::Dirichlet(fitted) => Some(fitted.classes()),
        }
    }

    /// The probabilities of all classes, row after row.
    ///
    /// # Errors
    /// When it was fitted to another number of classes, or a logit is so large that the result is
    /// none.
    pub fn apply(&self, scores: &Scores) -> Result<Vec<f64>, ConfidenceError> {
        if let Some(classes) = self.classes().filter(|&n| n != scores.classes()) {
            return Err(ConfidenceError::Values(format!(
                "rows have {} classes, but the recalibrator was fitted to {classes}; fit one for \
                 these rows",
                scores.classes()
            )));
        }
        let mut probabilities = scores.logits().to_vec();
        for (row, values) in probabilities.chunks_exact_mut(scores.classes()).enumerate() {
            match self {
                OfClasses::Temperature(fitted) => fitted.apply(values),
                OfClasses::Vector(fitted) => fitted.apply(values),
                OfClasses::Matrix(fitted) => fitted.apply(values),
                OfClasses::Dirichlet(fitted) => fitted.apply(values),
            }
            if values.iter().any(|p| p.is_nan()) {
                return Err(ConfidenceError::Values(format!(
                    "row {row}: its logits are too large for what was fitted; check them"
                )));
            }
        }
        Ok(probabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_number_of_classes_and_confidences_beyond_one_are_refused() {
        let scores = Scores::from_logits(vec![0.0, 1.0, 1.0, 0.0], 2).unwrap();
        let method = Method::Vector { l2: 1.0 };
        let fitted = method.fit_classes(&scores, &[1, 0]).unwrap().recalibrator;
        let three = Scores::from_logits(vec![0.0, 1.0, 2.0], 3).unwrap();
        let told = fitted.apply(&three).unwrap_err().to_string();
        assert!(told.starts_with("rows have 3 classes, but"), "{told}");
        let row = fitted.apply(&scores).unwrap();
        assert!((row[0] + row[1] - 1.0).abs() < 1e-12);
        let answers = Answers::new(&[0.1, 0.9], &[false, true]).unwrap();
        let platt = Method::Platt.fit_confidence(&answers).unwrap().recalibrator;
        assert!(platt.apply(&[0.5, 1.5]).is_err());
    }
}
