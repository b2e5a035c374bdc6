//! Mahalanobis distance to the nearest class.

use std::sync::Arc;

use qualm_linalg::{Rows, inverse_cholesky, packed_len, product_nt, product_tn};

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs};
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::{ClassSums, SecondMoment, SumBy, SumSet};
use crate::tensors::{TensorReader, TensorWriter, all_finite};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "mahalanobis",
    formula: "min_k (x - mu_k)^T S^-1 (x - mu_k)",
    paper: "Lee et al., NeurIPS 2018; normalize: Mueller & Hein, ICML 2025",
    inputs: "features; fitting needs labels",
    parameters: "normalize=false, ridge=0 (in units of the mean variance)",
    parse: Parse::Method(|arguments| {
        let normalize = arguments.take_or("normalize", false, "`true` or `false`", |_| true)?;
        let at_least_zero = |ridge: &f64| ridge.is_finite() && *ridge >= 0.0;
        let ridge = arguments.take_or("ridge", 0.0, "a number from 0", at_least_zero)?;
        let view = if normalize { View::Unit } else { View::Raw };
        Ok(Box::new(Mahalanobis { view, ridge }))
    }),
};

/// Outlier score `min_k (x - mu_k)^T S^-1 (x - mu_k)` with class means `mu_k` and the pooled
/// covariance within classes `S = (1/n) sum_i (x_i - mu_{y_i})(x_i - mu_{y_i})^T` (Lee et al. 2018,
/// equations 1 and 2). `normalize` divides every row by its norm first (Mueller & Hein 2025,
/// "Mahalanobis++").
///
/// `ridge=r` adds `r` times the mean variance `trace(S)/D` to the diagonal: without it `S` must
/// have full rank, which needs more rows than dimensions and no constant column. OpenOOD takes a
/// pseudo-inverse in `f32`; pytorch-ood 0.4.0 forgets the `1/n` and adds 1e-6, so that its ridge is
/// `1e-6/n` in units of the features.
///
/// Computed from the whitened row `y = L^-1 (x - mu)`, with `S = L L^T` and `mu` the mean of all
/// rows, as `|y|^2 - 2 <y, L^-1 m_k> + |L^-1 m_k|^2`, `m_k = mu_k - mu`: two linear maps of the
/// row that share one matrix product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mahalanobis {
    view: View,
    ridge: f64,
}

impl Method for Mahalanobis {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            moments: PerView::only(self.view),
            sums: SumSet::only(self.view.summed(), SumBy::Label),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let moment = context.moment(self.view)?;
        let sums = context.sums(self.view.summed(), SumBy::Label)?;
        let dim = moment.dim();
        let (deviations, counts) = class_deviations(moment, sums);
        let within = within_classes(moment, &deviations, &counts);
        let covariance = regularised(within, dim, self.ridge);
        let whiten =
            inverse_cholesky(&covariance, dim).map_err(|_| context.singular(self.ridge))?;
        Ok(Box::new(MahalanobisDetector::new(
            self.view,
            &whiten,
            &moment.mean,
            &deviations,
        )))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let dim = tensors.dim();
        let map = |name: &str| {
            let matrix = tensors.matrix::<f32>(&format!("{name}_matrix"), dim)?;
            let offset = tensors.vector::<f32>(&format!("{name}_offset"), matrix.len() / dim)?;
            if offset.is_empty() || !all_finite(&matrix) || !all_finite(&offset) {
                return Err(tensors.wrong(name, "is empty or not finite"));
            }
            Ok(Arc::new(AffineMap {
                view: self.view,
                matrix,
                offset,
            }))
        };
        let (whiten, classes) = (map("whiten")?, map("classes")?);
        let squares = tensors.vector::<f64>("squares", classes.outputs())?;
        if squares.iter().any(|square| !square.is_finite()) {
            return Err(tensors.wrong("squares", "is not finite"));
        }
        Ok(Box::new(MahalanobisDetector {
            whiten,
            classes,
            squares,
        }))
    }
}

/// Mean of each class that has rows, less the mean of all rows; row-major. Beside it the number of
/// rows of each.
fn class_deviations(moment: &SecondMoment, sums: &ClassSums) -> (Vec<f64>, Vec<f64>) {
    let mut deviations = Vec::with_capacity(sums.classes() * moment.dim());
    let mut counts = Vec::new();
    for class in 0..sums.classes() {
        if let Some(mean) = sums.mean(class) {
            deviations.extend(mean.iter().zip(&moment.mean).map(|(m, all)| m - all));
            counts.push(sums.counts[class] as f64);
        }
    }
    (deviations, counts)
}

/// Pooled covariance within classes: the scatter about the mean of all rows, less the scatter of
/// the class means. Packed lower triangle.
fn within_classes(moment: &SecondMoment, deviations: &[f64], counts: &[f64]) -> Vec<f64> {
    let dim = moment.dim();
    let mut scaled = deviations.to_vec();
    for (row, count) in scaled.chunks_exact_mut(dim).zip(counts) {
        row.iter_mut().for_each(|x| *x *= count.sqrt());
    }
    let mut between = vec![0.0; dim * dim];
    product_tn(
        &mut between,
        Rows::new(&scaled, dim),
        Rows::new(&scaled, dim),
    );
    let mut within = moment.scatter.clone();
    for i in 0..dim {
        let row = &mut within[packed_len(i)..packed_len(i + 1)];
        for (x, b) in row.iter_mut().zip(&between[i * dim..]) {
            *x = (*x - b) / moment.count;
        }
    }
    within
}

fn regularised(mut covariance: Vec<f64>, dim: usize, ridge: f64) -> Vec<f64> {
    let diagonal = |i: usize| packed_len(i) + i;
    let trace: f64 = (0..dim).map(|i| covariance[diagonal(i)]).sum();
    for i in 0..dim {
        covariance[diagonal(i)] += ridge * trace / dim as f64;
    }
    covariance
}

#[derive(Debug)]
struct MahalanobisDetector {
    /// `x -> L^-1 (x - mu)`.
    whiten: Arc<AffineMap>,
    /// `x -> 2 <L^-1 m_k, L^-1 (x - mu)>`, one output a class.
    classes: Arc<AffineMap>,
    /// `|L^-1 m_k|^2`.
    squares: Vec<f64>,
}

impl MahalanobisDetector {
    /// The detector for the whitening matrix `L^-1` and the deviations of the class means.
    fn new(view: View, whiten: &[f64], mean: &[f64], deviations: &[f64]) -> Self {
        let dim = mean.len();
        let (whiten_rows, deviations) = (Rows::new(whiten, dim), Rows::new(deviations, dim));
        // D x C, the whitened means as columns; then C x D, what the row is multiplied with.
        let mut means = vec![0.0; dim * deviations.len()];
        product_nt(&mut means, whiten_rows, deviations);
        let mut classes = vec![0.0; deviations.len() * dim];
        product_tn(
            &mut classes,
            Rows::new(&means, deviations.len()),
            whiten_rows,
        );
        classes.iter_mut().for_each(|x| *x *= 2.0);
        let mut squares = vec![0.0; deviations.len()];
        for row in means.chunks_exact(deviations.len()) {
            squares.iter_mut().zip(row).for_each(|(s, m)| *s += m * m);
        }
        Self {
            whiten: Arc::new(AffineMap::about(view, whiten, mean)),
            classes: Arc::new(AffineMap::about(view, &classes, mean)),
            squares,
        }
    }
}

impl Detector for MahalanobisDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            maps: vec![Arc::clone(&self.whiten), Arc::clone(&self.classes)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["squared distance"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let class_terms = row.map(1).iter().zip(&self.squares);
        let nearest = class_terms
            .map(|(&term, square)| square - f64::from(term))
            .fold(f64::INFINITY, f64::min);
        parts[0] = qualm_linalg::squared_norm(row.map(0)) + nearest;
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        for (name, map) in [("whiten", &self.whiten), ("classes", &self.classes)] {
            let width = map.matrix.len() / map.outputs();
            tensors.matrix(&format!("{name}_matrix"), &map.matrix, width);
            tensors.vector(&format!("{name}_offset"), &map.offset);
        }
        tensors.vector("squares", &self.squares);
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
