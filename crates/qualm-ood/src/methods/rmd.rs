//! Relative Mahalanobis distance.

use std::sync::Arc;

use qualm_linalg::inverse_cholesky;

use super::covariance::{Covariance, SharedGaussians, singular};
use super::nearest_class::NearestClass;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::Detector;
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::statistics::{SumBy, SumSet};
use crate::tensors::TensorReader;
use crate::view::{PerView, View};

const WORD: &str = "rmd";
const UNIT_WORD: &str = "rmd++";

pub(crate) const ENTRY: Entry = Entry {
    word: WORD,
    formula: "min_k (x-mu_k)^T S^-1 (x-mu_k) - (x-mu)^T S_0^-1 (x-mu)",
    paper: "Ren et al., ICML 2021 workshop (UDL)",
    inputs: "features; fitting needs labels",
    parameters: "ridge=0 (in units of the mean variance), preset=pytorch-ood",
    parse: Parse::Method(|arguments| {
        Ok(Box::new(RelativeMahalanobis {
            word: WORD,
            view: View::Raw,
            covariance: Covariance::take_or_preset(arguments)?,
        }))
    }),
};

/// [`RelativeMahalanobis`] of unit features, as Mueller & Hein (2025) do it.
pub(crate) const UNIT: Entry = Entry {
    word: UNIT_WORD,
    formula: "the score of rmd, of x/||x||",
    paper: "Ren et al. 2021; Mueller & Hein, ICML 2025",
    inputs: "features; fitting needs labels",
    parameters: "ridge=0 (in units of the mean variance)",
    parse: Parse::Method(|arguments| {
        Ok(Box::new(RelativeMahalanobis {
            word: UNIT_WORD,
            view: View::Unit,
            covariance: Covariance::take(arguments)?,
        }))
    }),
};

/// Outlier score `min_k d_k - d_0` with the Mahalanobis distances `d_k` of
/// [`mahalanobis`](super::mahalanobis) and `d_0 = (x - mu)^T S_0^-1 (x - mu)` of one Gaussian with
/// mean `mu` and covariance `S_0` of all rows (Ren et al. 2021, "A simple fix to Mahalanobis
/// distance for improving near-OOD detection").
///
/// Neither distance is computed, nor is `S_0`. Between `S_0` and the covariance within classes
/// `S = L L^T` lies the scatter of the C class means, `S_0 = S + sum_k w_k m_k m_k^T` with
/// `m_k = mu_k - mu` and `w_k` the share of class k. By the Woodbury identity, with
/// `q_k = <L^-1 m_k, L^-1 (x - mu)>`, `Q = diag(w)^(1/2)` and `G_jk = <L^-1 m_j, L^-1 m_k>`,
///
/// `d_k - d_0 = G_kk - 2 q_k + (Q q)^T (I + Q G Q)^-1 (Q q)`:
///
/// two maps of the row with C outputs each instead of two with D, and the two distances, which are
/// large where rows leave the span of the fitting rows, are never subtracted from one another.
///
/// A ridge is added to both covariances alike: `ridge=r` adds `r trace(S)/D`. pytorch-ood 0.4.0
/// leaves both scatters undivided and adds 1e-6, as does `preset=pytorch-ood`.
#[derive(Debug, Clone, Copy)]
struct RelativeMahalanobis {
    /// The word of the recipe.
    word: &'static str,
    view: View,
    covariance: Covariance,
}

const PART: [&str; 1] = ["relative squared distance"];

impl Method for RelativeMahalanobis {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            moments: PerView::only(self.view),
            sums: SumSet::only(self.view.summed(), SumBy::Label),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let gaussians = SharedGaussians::of_labels(self.view, self.covariance, self.word, context)?;
        let classes = gaussians.weights.len();
        let gram = gaussians.gram();
        let root: Vec<f64> = gaussians.weights.iter().map(|w| w.sqrt()).collect();
        let mut packed = Vec::with_capacity(qualm_linalg::packed_len(classes));
        for (i, row) in gram.chunks_exact(classes).enumerate() {
            packed.extend((0..i).map(|j| root[i] * row[j] * root[j]));
            packed.push(1.0 + root[i] * row[i] * root[i]);
        }
        // N^T N is the inverse in the middle of the formula.
        let mut between = inverse_cholesky(&packed, classes)
            .map_err(|_| context.error(singular(self.word, self.covariance.ridge())))?;
        for row in between.chunks_exact_mut(classes) {
            row.iter_mut().zip(&root).for_each(|(n, q)| *n *= q);
        }
        let mut twice = vec![0.0; classes * classes];
        twice.iter_mut().step_by(classes + 1).for_each(|x| *x = 2.0);
        Ok(Box::new(NearestClass {
            // x -> N Q q with N^T N = (I + Q G Q)^-1
            common: Arc::new(gaussians.class_map(&between)),
            // x -> 2 q
            classes: Arc::new(gaussians.class_map(&twice)),
            // G_kk
            squares: gram.into_iter().step_by(classes + 1).collect(),
            part: &PART,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(NearestClass::load(self.view, &PART, tensors)?))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fit_labelled_error, fit_labelled_scores, numbers};

    /// Class 0 around (0, 0), class 1 around (10, 0), each with deviations (+-1, 0) and (0, +-2).
    const TRAIN: [f32; 16] = [
        1.0, 0.0, -1.0, 0.0, 0.0, 2.0, 0.0, -2.0, 11.0, 0.0, 9.0, 0.0, 10.0, 2.0, 10.0, -2.0,
    ];
    const LABELS: [i64; 8] = [0, 0, 0, 0, 1, 1, 1, 1];

    #[test]
    fn by_hand() {
        // S = diag(1/2, 2), mu = (5, 0), S_0 = diag(1/2 + 25, 2). Row (3, 4): 9 / (1/2) + 16 / 2
        // from class 0, (3 - 5)^2 / 25.5 + 16 / 2 from all.
        let scores = fit_labelled_scores("rmd", &TRAIN, 2, &LABELS, &[3.0, 4.0]);
        assert!((scores[0] - (18.0 - 4.0 / 25.5)).abs() < 1e-4, "{scores:?}");
        // Undivided and with ridge 1: scatters diag(5, 17) and diag(205, 17).
        let recipe = "rmd(preset=pytorch-ood,ridge=1)";
        let peer = fit_labelled_scores(recipe, &TRAIN, 2, &LABELS, &[3.0, 4.0]);
        assert!(
            (peer[0] - (9.0 / 5.0 - 4.0 / 205.0)).abs() < 1e-6,
            "{peer:?}"
        );
    }

    #[test]
    fn is_the_difference_of_two_distances() {
        let (dim, rows) = (4, 40);
        let train = numbers(rows * dim, 5);
        let labels: Vec<i64> = (0..rows as i64).map(|row| row % 3).collect();
        let query = numbers(3 * dim, 6);
        let score =
            |recipe: &str, labels: &[i64]| fit_labelled_scores(recipe, &train, dim, labels, &query);
        for (relative, distance) in [("rmd", "mahalanobis"), ("rmd++", "mahalanobis++")] {
            let near = score(distance, &labels);
            let far = score(distance, &vec![0; rows]);
            for (got, (near, far)) in score(relative, &labels).iter().zip(near.iter().zip(&far)) {
                assert!((got - (near - far)).abs() < 1e-4, "{got} {near} {far}");
            }
        }
    }

    #[test]
    fn a_singular_covariance_asks_for_a_ridge() {
        let error = fit_labelled_error("rmd++", &[1.0; 4], 2, &[0, 1]);
        assert!(error.contains("as in rmd++(ridge=0.01)"), "{error}");
    }
}
