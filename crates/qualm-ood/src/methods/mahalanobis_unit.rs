//! Mahalanobis distance of unit features.

use super::covariance::Covariance;
use super::mahalanobis::{Classes, Mahalanobis};
use crate::catalogue::{Entry, Parse};
use crate::view::View;

const WORD: &str = "mahalanobis++";

/// [`Mahalanobis`] of the features divided by their norm (Mueller & Hein 2025, "Mahalanobis++:
/// Improving OOD detection via feature normalization"): norms vary more between
/// classes and models than one covariance can say. The same as `mahalanobis(normalize)`.
pub(crate) const ENTRY: Entry = Entry {
    word: WORD,
    formula: "min_k (u - mu_k)^T S^-1 (u - mu_k), u = x/||x||",
    paper: "Mueller & Hein, ICML 2025",
    inputs: "features; fitting needs labels",
    parameters: "ridge=0 (in units of the mean variance)",
    parse: Parse::Method(|arguments| {
        Ok(Box::new(Mahalanobis {
            word: WORD,
            view: View::Unit,
            classes: Classes::Labels,
            covariance: Covariance::take(arguments)?,
        }))
    }),
};

#[cfg(test)]
mod tests {
    use crate::testing::{fit_labelled_error, fit_labelled_scores, numbers};

    #[test]
    fn is_mahalanobis_of_unit_rows() {
        let train = numbers(60, 4);
        let labels: Vec<i64> = (0..20).map(|row| row % 2).collect();
        let score =
            |recipe: &str, rows: &[f32]| fit_labelled_scores(recipe, &train, 3, &labels, rows);
        let row = [0.3, -0.2, 0.9];
        let normalised = score("mahalanobis(normalize,ridge=0.1)", &row);
        assert_eq!(score("mahalanobis++(ridge=0.1)", &row), normalised);
        let error = fit_labelled_error("mahalanobis++", &[1.0; 4], 2, &[0, 1]);
        assert!(error.contains("as in mahalanobis++(ridge=0.01)"), "{error}");
    }
}
