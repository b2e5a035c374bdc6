//! Mahalanobis distance to the nearest class.

use std::sync::Arc;

use super::covariance::{Covariance, SharedGaussians};
use super::nearest_class::NearestClass;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::Detector;
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::statistics::{SumBy, SumSet};
use crate::tensors::TensorReader;
use crate::view::{PerView, View};

const WORD: &str = "mahalanobis";

pub(crate) const ENTRY: Entry = Entry {
    word: WORD,
    formula: "min_k (x - mu_k)^T S^-1 (x - mu_k)",
    paper: "Lee et al., NeurIPS 2018; normalize: Mueller & Hein, ICML 2025",
    inputs: "features; fitting needs labels",
    parameters: "normalize=false, ridge=0 (in units of the mean variance), preset=pytorch-ood",
    parse: Parse::Method(|arguments| {
        let normalize = arguments.take_or("normalize", false, "`true` or `false`", |_| true)?;
        Ok(Box::new(Mahalanobis {
            word: WORD,
            view: if normalize { View::Unit } else { View::Raw },
            classes: Classes::Labels,
            covariance: Covariance::take_or_preset(arguments)?,
        }))
    }),
};

/// Outlier score `min_k (x - mu_k)^T S^-1 (x - mu_k)` with class means `mu_k` and the pooled
/// covariance within classes `S = (1/n) sum_i (x_i - mu_{y_i})(x_i - mu_{y_i})^T` (Lee et al. 2018,
/// equations 1 and 2). `normalize` divides every row by its norm first (Mueller & Hein 2025,
/// "Mahalanobis++").
///
/// `ridge=r` adds `r` times the mean variance `trace(S)/D` to the diagonal: without it `S` must
/// have full rank, which needs more rows than dimensions and no constant column. OpenOOD takes a
/// pseudo-inverse in `f32`. pytorch-ood 0.4.0 forgets the `1/n`, adds 1e-6 to the diagonal and
/// halves the distance; `preset=pytorch-ood` does so too, and `ridge` beside it is what stands in
/// place of the 1e-6.
///
/// Computed from the whitened row `y = L^-1 (x - mu)`, with `S = L L^T` and `mu` the mean of all
/// rows, as `|y|^2 - 2 <y, L^-1 m_k> + |L^-1 m_k|^2`, `m_k = mu_k - mu`: two linear maps of the
/// row that share one matrix product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mahalanobis {
    /// The word of the recipe.
    pub(super) word: &'static str,
    pub(super) view: View,
    pub(super) classes: Classes,
    pub(super) covariance: Covariance,
}

/// Which classes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Classes {
    /// Those of the labels.
    Labels,
    /// All rows are one.
    One,
}

const PART: [&str; 1] = ["squared distance"];

impl Method for Mahalanobis {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            moments: PerView::only(self.view),
            sums: match self.classes {
                Classes::Labels => SumSet::only(self.view.summed(), SumBy::Label),
                Classes::One => SumSet::default(),
            },
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let fit = match self.classes {
            Classes::Labels => SharedGaussians::of_labels,
            Classes::One => SharedGaussians::of_all,
        };
        let gaussians = fit(self.view, self.covariance, self.word, context)?;
        let gaussians = match self.covariance {
            Covariance::Mean { .. } => gaussians,
            Covariance::Sum { .. } => gaussians.halved(),
        };
        let classes = gaussians.weights.len();
        let gram = gaussians.gram();
        let mut twice = vec![0.0; classes * classes];
        twice.iter_mut().step_by(classes + 1).for_each(|x| *x = 2.0);
        Ok(Box::new(NearestClass {
            // x -> L^-1 (x - mu)
            common: Arc::new(gaussians.whitening_map()),
            // x -> 2 <L^-1 m_k, L^-1 (x - mu)>
            classes: Arc::new(gaussians.class_map(&twice)),
            // |L^-1 m_k|^2
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
    use crate::testing::{fit_labelled_error, fit_labelled_scores};

    /// Class 0 around (0, 0), class 1 around (10, 0), each with deviations (+-1, 0) and (0, +-2):
    /// S = diag(1/2, 2).
    const TRAIN: [f32; 16] = [
        1.0, 0.0, -1.0, 0.0, 0.0, 2.0, 0.0, -2.0, 11.0, 0.0, 9.0, 0.0, 10.0, 2.0, 10.0, -2.0,
    ];
    const LABELS: [i64; 8] = [0, 0, 0, 0, 1, 1, 1, 1];

    #[test]
    fn by_hand() {
        // (3, 4): 9 / (1/2) + 16 / 2 = 26 from class 0. (10, 2): 4 / 2 = 2 from class 1.
        let scores = fit_labelled_scores("mahalanobis", &TRAIN, 2, &LABELS, &[3.0, 4.0, 10.0, 2.0]);
        assert!(
            (scores[0] - 26.0).abs() < 1e-4 && (scores[1] - 2.0).abs() < 1e-4,
            "{scores:?}"
        );
        // Mean variance 5/4; ridge 0.4 adds 1/2: S = diag(1, 5/2).
        let ridge = fit_labelled_scores("mahalanobis(ridge=0.4)", &TRAIN, 2, &LABELS, &[3.0, 4.0]);
        assert!((ridge[0] - (9.0 + 16.0 / 2.5)).abs() < 1e-4, "{ridge:?}");
    }

    #[test]
    fn the_peers_scatter_is_not_divided() {
        // Scatter diag(4, 16) of 8 rows, to which 1 is added: half of 9/5 + 16/17.
        let recipe = "mahalanobis(preset=pytorch-ood,ridge=1)";
        let scores = fit_labelled_scores(recipe, &TRAIN, 2, &LABELS, &[3.0, 4.0]);
        let want = (9.0 / 5.0 + 16.0 / 17.0) / 2.0;
        assert!((scores[0] - want).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn normalised_rows_forget_their_length() {
        let train = [2.0, 0.1, 3.0, -0.1, 0.1, 5.0, -0.1, 1.0];
        let score = |row: &[f32]| {
            fit_labelled_scores(
                "mahalanobis(normalize,ridge=0.1)",
                &train,
                2,
                &[0, 0, 1, 1],
                row,
            )[0]
        };
        assert!((score(&[1.0, 1.0]) - score(&[7.0, 7.0])).abs() < 1e-3);
    }

    #[test]
    fn a_singular_covariance_asks_for_a_ridge() {
        let constant: Vec<f32> = TRAIN
            .chunks(2)
            .flat_map(|row| [row[0], row[1], 1.0])
            .collect();
        let error = fit_labelled_error("mahalanobis", &constant, 3, &LABELS);
        assert!(error.contains("mahalanobis(ridge=0.01)"), "{error}");
    }
}
