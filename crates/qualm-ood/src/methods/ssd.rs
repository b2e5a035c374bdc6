//! SSD: Mahalanobis distance of unit features to their one centre.

use super::covariance::Covariance;
use super::mahalanobis::{Classes, Mahalanobis};
use crate::catalogue::{Entry, Parse};
use crate::view::View;

const WORD: &str = "ssd";

/// [`Mahalanobis`] distance of the features, divided by their norm, to the mean of all fitting
/// rows with their total covariance (Sehwag et al. 2021, "SSD: A unified framework for
/// self-supervised outlier detection", section 3, with the one cluster they settle on). Needs
/// neither labels nor head.
///
/// The authors' code also standardises each column, which changes no Mahalanobis distance, and
/// takes a pseudo-inverse; OpenOOD 1.5's class defines no score of its own and silently gives the
/// largest softmax probability.
pub(crate) const ENTRY: Entry = Entry {
    word: WORD,
    formula: "(u - mu)^T S^-1 (u - mu), u = x/||x||",
    paper: "Sehwag et al., ICLR 2021",
    inputs: "features",
    parameters: "ridge=0 (in units of the mean variance)",
    parse: Parse::Method(|arguments| {
        Ok(Box::new(Mahalanobis {
            word: WORD,
            view: View::Unit,
            classes: Classes::One,
            covariance: Covariance::take(arguments)?,
        }))
    }),
};

#[cfg(test)]
mod tests {
    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // Unit rows (+-1, 0), (0, +-1): mean 0, S = diag(1/2, 1/2). Any unit row is at distance
        // 2, the zero row at 0.
        let train = [2.0, 0.0, -3.0, 0.0, 0.0, 1.0, 0.0, -5.0];
        let scores = fit_scores("ssd", &train, 2, None, &[3.0, 4.0, 0.0, 0.0]);
        assert!((scores[0] - 2.0).abs() < 1e-6, "{scores:?}");
        assert_eq!(scores[1], 0.0);
        let line = [1.0, 0.0, -2.0, 0.0];
        assert!(fit_error("ssd", &line, 2, None).contains("as in ssd(ridge=0.01)"));
    }
}
