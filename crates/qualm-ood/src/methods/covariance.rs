//! Classes as Gaussians of one covariance: what Mahalanobis distances start from.

use qualm_linalg::{Rows, inverse_cholesky, packed_len, product_nt, product_tn};

use crate::OodError;
use crate::detector::AffineMap;
use crate::fit::FitContext;
use crate::recipe::Arguments;
use crate::statistics::{ClassSums, SecondMoment, SumBy};
use crate::view::View;

/// How a scatter becomes a covariance that has an inverse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Covariance {
    /// Divided by the number of rows, plus the ridge in units of the mean variance.
    Mean { ridge: f64 },
    /// Undivided, plus the ridge as it is.
    Sum { ridge: f64 },
}

/// What pytorch-ood 0.4.0 adds to the diagonal of its undivided scatter.
const PEERS_RIDGE: f64 = 1e-6;

/// Takes `ridge`.
pub(super) fn take_ridge(arguments: &mut Arguments<'_>, default: f64) -> Result<f64, OodError> {
    let at_least_zero = |ridge: &f64| ridge.is_finite() && *ridge >= 0.0;
    arguments.take_or("ridge", default, "a number from 0", at_least_zero)
}

impl Covariance {
    /// Takes `ridge`.
    pub(super) fn take(arguments: &mut Arguments<'_>) -> Result<Self, OodError> {
        let ridge = take_ridge(arguments, 0.0)?;
        Ok(Self::Mean { ridge })
    }

    /// Takes `preset` and `ridge`.
    pub(super) fn take_or_preset(arguments: &mut Arguments<'_>) -> Result<Self, OodError> {
        match arguments.take("preset") {
            None => Self::take(arguments),
            Some("pytorch-ood") => {
                let ridge = take_ridge(arguments, PEERS_RIDGE)?;
                Ok(Self::Sum { ridge })
            }
            Some(other) => Err(arguments.wrong("preset", other, "`pytorch-ood`")),
        }
    }

    /// `L^-1`, row-major, for the covariance `L L^T` that the scatter (a packed lower triangle) of
    /// `rows` rows in `dim` dimensions makes.
    fn whitening(self, mut scatter: Vec<f64>, dim: usize, rows: f64) -> Option<Vec<f64>> {
        let ridge = match self {
            Self::Mean { ridge } => {
                scatter.iter_mut().for_each(|x| *x /= rows);
                ridge * trace(&scatter, dim) / dim as f64
            }
            Self::Sum { ridge } => ridge,
        };
        add_to_diagonal(&mut scatter, dim, ridge);
        inverse_cholesky(&scatter, dim).ok()
    }

    /// What a class with this number of rows weighs in the total scatter.
    fn weight(self, count: f64, rows: f64) -> f64 {
        match self {
            Self::Mean { .. } => count / rows,
            Self::Sum { .. } => count,
        }
    }

    pub(super) fn ridge(self) -> f64 {
        match self {
            Self::Mean { ridge } | Self::Sum { ridge } => ridge,
        }
    }
}

pub(super) fn trace(packed: &[f64], dim: usize) -> f64 {
    (0..dim).map(|i| packed[packed_len(i) + i]).sum()
}

pub(super) fn add_to_diagonal(packed: &mut [f64], dim: usize, ridge: f64) {
    (0..dim).for_each(|i| packed[packed_len(i) + i] += ridge);
}

/// What is wrong with a covariance that cannot be inverted, and the way out; `word` is the method's.
pub(super) fn singular(word: &str, ridge: f64) -> String {
    let way_out = if ridge == 0.0 {
        format!("give it a ridge, as in {word}(ridge=0.01)")
    } else {
        format!("the ridge {ridge} is too small; try {word}(ridge=0.01)")
    };
    format!(
        "the covariance has no inverse (fewer rows than dimensions, or constant columns); {way_out}"
    )
}

/// Classes with a mean each and one covariance `S = L L^T`, seen through `L^-1`.
#[derive(Debug)]
pub(super) struct SharedGaussians {
    view: View,
    /// Mean of all rows, length D.
    mean: Vec<f64>,
    /// `L^-1`, row-major `D x D`.
    whiten: Vec<f64>,
    /// `L^-1 m_k` with `m_k` the mean of class k less the mean of all rows, as the columns of a
    /// row-major `D x C`.
    means: Vec<f64>,
    /// What each class weighs in the total covariance.
    pub(super) weights: Vec<f64>,
}

impl SharedGaussians {
    /// Of the labelled classes that have rows; the covariance is the one within classes.
    ///
    /// # Errors
    /// When there is no labelled row, or the covariance has no inverse.
    pub(super) fn of_labels(
        view: View,
        covariance: Covariance,
        word: &str,
        context: &FitContext<'_>,
    ) -> Result<Self, OodError> {
        let moment = context.moment(view)?;
        let (deviations, counts) =
            class_deviations(moment, context.sums(view.summed(), SumBy::Label)?);
        let scatter = scatter_within(moment, &deviations, &counts);
        let weight = |&count: &f64| covariance.weight(count, moment.count);
        let weights = counts.iter().map(weight).collect();
        let parts = (scatter, deviations, weights);
        Self::new(view, covariance, moment, parts)
            .ok_or_else(|| context.error(singular(word, covariance.ridge())))
    }

    /// Of all rows as one class.
    ///
    /// # Errors
    /// When there is no row, or the covariance has no inverse.
    pub(super) fn of_all(
        view: View,
        covariance: Covariance,
        word: &str,
        context: &FitContext<'_>,
    ) -> Result<Self, OodError> {
        let moment = context.moment(view)?;
        let parts = (moment.scatter.clone(), vec![0.0; moment.dim()], vec![1.0]);
        Self::new(view, covariance, moment, parts)
            .ok_or_else(|| context.error(singular(word, covariance.ridge())))
    }

    /// From the scatter, the class means less the mean of all (`C x D`) and the weights.
    fn new(
        view: View,
        covariance: Covariance,
        moment: &SecondMoment,
        (scatter, deviations, weights): (Vec<f64>, Vec<f64>, Vec<f64>),
    ) -> Option<Self> {
        let dim = moment.dim();
        let whiten = covariance.whitening(scatter, dim, moment.count)?;
        let mut means = vec![0.0; dim * weights.len()];
        product_nt(
            &mut means,
            Rows::new(&whiten, dim),
            Rows::new(&deviations, dim),
        );
        Some(Self {
            view,
            mean: moment.mean.clone(),
            whiten,
            means,
            weights,
        })
    }

    /// The same with half the squared distances.
    pub(super) fn halved(mut self) -> Self {
        for numbers in [&mut self.whiten, &mut self.means] {
            let scale = std::f64::consts::FRAC_1_SQRT_2;
            numbers.iter_mut().for_each(|x| *x *= scale);
        }
        self
    }

    /// `x -> L^-1 (x - mu)`.
    pub(super) fn whitening_map(&self) -> AffineMap {
        AffineMap::about(self.view, &self.whiten, &self.mean)
    }

    /// `x -> A [<L^-1 m_k, L^-1 (x - mu)>]_k` for a row-major `A` of C columns.
    pub(super) fn class_map(&self, a: &[f64]) -> AffineMap {
        let (dim, classes) = (self.mean.len(), self.weights.len());
        let mut columns = vec![0.0; dim * a.len() / classes];
        let a = Rows::new(a, classes);
        product_nt(&mut columns, Rows::new(&self.means, classes), a);
        let mut matrix = vec![0.0; a.len() * dim];
        let whiten = Rows::new(&self.whiten, dim);
        product_tn(&mut matrix, Rows::new(&columns, a.len()), whiten);
        AffineMap::about(self.view, &matrix, &self.mean)
    }

    /// `<L^-1 m_j, L^-1 m_k>`, row-major `C x C`.
    pub(super) fn gram(&self) -> Vec<f64> {
        let classes = self.weights.len();
        let mut gram = vec![0.0; classes * classes];
        let means = Rows::new(&self.means, classes);
        product_tn(&mut gram, means, means);
        gram
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

/// Scatter within classes: the scatter about the mean of all rows, less that of the class means.
/// Packed lower triangle.
fn scatter_within(moment: &SecondMoment, deviations: &[f64], counts: &[f64]) -> Vec<f64> {
    let dim = moment.dim();
    let mut scaled = deviations.to_vec();
    for (row, count) in scaled.chunks_exact_mut(dim).zip(counts) {
        row.iter_mut().for_each(|x| *x *= count.sqrt());
    }
    let mut between = vec![0.0; dim * dim];
    let scaled = Rows::new(&scaled, dim);
    product_tn(&mut between, scaled, scaled);
    let mut within = moment.scatter.clone();
    for i in 0..dim {
        let row = &mut within[packed_len(i)..packed_len(i + 1)];
        for (x, b) in row.iter_mut().zip(&between[i * dim..]) {
            *x -= b;
        }
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ridges_by_hand() {
        // Scatter diag(8, 2) of 4 rows: variances 2 and 1/2, mean variance 5/4.
        let scatter = || vec![8.0, 0.0, 2.0];
        let diagonal = |covariance: Covariance| {
            let whiten = covariance.whitening(scatter(), 2, 4.0).unwrap();
            [whiten[0].powi(-2), whiten[3].powi(-2)]
        };
        let close = |a: [f64; 2], b: [f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(diagonal(Covariance::Mean { ridge: 0.4 }), [2.5, 1.0]));
        assert!(close(diagonal(Covariance::Sum { ridge: 0.5 }), [8.5, 2.5]));
        let singular = Covariance::Sum { ridge: 0.0 };
        assert_eq!(singular.whitening(vec![1.0, 1.0, 1.0], 2, 4.0), None);
    }
}
