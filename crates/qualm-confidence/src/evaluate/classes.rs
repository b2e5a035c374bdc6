//! Measures of whole probability vectors.

use serde::Serialize;

use crate::ConfidenceError;
use crate::measures::{self, Binning, CLIP, Levels};

/// Measures over all classes; the confidence of the predicted class is a kind of its own
/// ([`Kind::Classifier`](crate::Kind::Classifier)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassMeasures {
    /// The records with probabilities and label.
    pub records: usize,
    /// The classes.
    pub classes: usize,
    /// Mean over classes of the expected calibration error of "it is this class", over bins of
    /// equal width (Kull et al. 2019).
    pub class_wise_ece: f64,
    /// Mean of `sum_k (p_k - y_k)^2`, from 0 to 2: twice the binary score for two classes.
    pub brier: f64,
    /// Mean of `-ln p_label`, clipped at 1e-6.
    pub nll: f64,
}

/// Measures rows of probabilities against labels; `None` without rows.
///
/// # Errors
/// [`ConfidenceError::Values`] if rows differ in their number of classes.
pub fn class_measures(
    rows: &[(&[f64], usize)],
    bins: usize,
) -> Result<Option<ClassMeasures>, ConfidenceError> {
    let Some((first, _)) = rows.first() else {
        return Ok(None);
    };
    let classes = first.len();
    if let Some((other, _)) = rows.iter().find(|(probs, _)| probs.len() != classes) {
        return Err(ConfidenceError::Values(format!(
            "probs has {classes} classes in one record and {} in another",
            other.len()
        )));
    }
    let mut column = vec![0.0; rows.len()];
    let mut truth = vec![false; rows.len()];
    let mut ece = 0.0;
    for class in 0..classes {
        for (row, (probs, label)) in rows.iter().enumerate() {
            column[row] = probs[class];
            truth[row] = *label == class;
        }
        let levels = Levels::new(&column, &truth)?;
        ece += measures::expected_error(&levels, Binning::EqualWidth(bins));
    }
    let count = rows.len() as f64;
    let brier = |(probs, label): &(&[f64], usize)| -> f64 {
        let squares: f64 = probs.iter().map(|p| p * p).sum();
        squares - 2.0 * probs[*label] + 1.0
    };
    let nll = |(probs, label): &(&[f64], usize)| -probs[*label].clamp(CLIP, 1.0).ln();
    Ok(Some(ClassMeasures {
        records: rows.len(),
        classes,
        class_wise_ece: ece / classes as f64,
        brier: rows.iter().map(brier).sum::<f64>() / count,
        nll: rows.iter().map(nll).sum::<f64>() / count,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_classes_worked_by_hand() {
        let rows: [(&[f64], usize); 2] = [(&[0.5, 0.3, 0.2], 0), (&[0.1, 0.2, 0.7], 1)];
        let found = class_measures(&rows, 10).unwrap().unwrap();
        let brier = (0.25 + 0.09 + 0.04 + 0.01 + 0.64 + 0.49) / 2.0;
        assert!((found.brier - brier).abs() < 1e-12);
        assert!((found.nll + (0.5_f64.ln() + 0.2_f64.ln()) / 2.0).abs() < 1e-12);
        // Residuals of each class, no two in one bin: (.5, .1), (.3, .8), (.2, .7).
        let ece = (0.6 + 1.1 + 0.9) / 2.0 / 3.0;
        assert!((found.class_wise_ece - ece).abs() < 1e-12);
    }

    #[test]
    fn rows_of_two_widths_are_refused() {
        let rows: [(&[f64], usize); 2] = [(&[0.5, 0.5], 0), (&[0.1, 0.2, 0.7], 1)];
        let error = class_measures(&rows, 10).unwrap_err().to_string();
        assert!(
            error.contains("2 classes") && error.contains('3'),
            "{error}"
        );
        assert_eq!(class_measures(&[], 10).unwrap(), None);
    }
}
