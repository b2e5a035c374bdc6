//! Likelihood of a Gaussian mixture with a component a class.

use std::sync::Arc;

use qualm_linalg::inverse_cholesky;

use super::covariance::{add_to_diagonal, singular, take_ridge, trace};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs, NormInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::{ClassScatters, SecondMoment};
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::{PerView, View};

const WORD: &str = "gmm";

pub(crate) const ENTRY: Entry = Entry {
    word: WORD,
    formula: "-log sum_k pi_k N(x; mu_k, S_k)",
    paper: "Mukhoti et al., CVPR 2023 (DDU)",
    inputs: "features; fitting needs labels",
    parameters: "shrinkage=0, ridge=0 (in units of the mean variance), preset=pytorch-ood",
    parse: Parse::Method(|arguments| {
        let preset = arguments.take("preset");
        let ridge = match preset {
            None => Ridge::Relative(take_ridge(arguments, 0.0)?),
            Some("pytorch-ood") => Ridge::Absolute(take_ridge(arguments, PEERS_RIDGE)?),
            Some(other) => return Err(arguments.wrong("preset", other, "`pytorch-ood`")),
        };
        let share = |s: &f64| (0.0..=1.0).contains(s);
        let shrinkage = arguments.take_or("shrinkage", 0.0, "a share from 0 to 1", share)?;
        Ok(Box::new(Gmm { shrinkage, ridge }))
    }),
};

/// What pytorch-ood 0.4.0 adds to the diagonal of each covariance.
const PEERS_RIDGE: f64 = 1e-6;

/// Outlier score `-log sum_k pi_k N(x; mu_k, S_k)`: the negative log-likelihood of the feature under
/// a Gaussian for each class, with its mean, its covariance and its share of the fitting rows
/// (Mukhoti et al. 2023, "Deep deterministic uncertainty: A new simple baseline").
///
/// `shrinkage=s` takes `(1 - s) S_k + s S` with the pooled covariance within classes `S`, as
/// regularised discriminant analysis does (Friedman 1989): a class with fewer rows than
/// dimensions has no density of its own. `ridge=r` adds `r trace(S)/D` to the diagonals.
/// pytorch-ood 0.4.0 adds 1e-6 as it is, as does `preset=pytorch-ood`, with `ridge` in its place.
///
/// Holds `C D^2` numbers. Rows are whitened for one class after the other, so that no `B x C x D`
/// array exists.
#[derive(Debug, Clone, Copy)]
struct Gmm {
    shrinkage: f64,
    ridge: Ridge,
}

/// What is added to the diagonal of each covariance.
#[derive(Debug, Clone, Copy)]
enum Ridge {
    /// In units of the mean variance within classes.
    Relative(f64),
    /// In units of the squared features.
    Absolute(f64),
}

impl Ridge {
    fn number(self) -> f64 {
        match self {
            Self::Relative(ridge) | Self::Absolute(ridge) => ridge,
        }
    }
}

/// Covariance within classes, a packed lower triangle.
fn pooled(scatters: &ClassScatters, rows: f64) -> Vec<f64> {
    let mut moments = scatters.classes.values();
    let mut pooled = moments.next().map_or(Vec::new(), |m| m.scatter.clone());
    for moment in moments {
        let to = pooled.iter_mut().zip(&moment.scatter);
        to.for_each(|(to, x)| *to += x);
    }
    pooled.iter_mut().for_each(|x| *x /= rows);
    pooled
}

impl Gmm {
    /// The inverse Cholesky factor of the covariance of a class.
    fn whitening(self, moment: &SecondMoment, pooled: &[f64]) -> Option<Vec<f64>> {
        let dim = moment.dim();
        let own = (1.0 - self.shrinkage) / moment.count;
        let shrunk = moment.scatter.iter().zip(pooled);
        let mut covariance: Vec<f64> = shrunk
            .map(|(x, pooled)| own * x + self.shrinkage * pooled)
            .collect();
        let ridge = match self.ridge {
            Ridge::Relative(ridge) => ridge * trace(pooled, dim) / dim as f64,
            Ridge::Absolute(ridge) => ridge,
        };
        add_to_diagonal(&mut covariance, dim, ridge);
        inverse_cholesky(&covariance, dim).ok()
    }
}

impl Method for Gmm {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            class_scatters: PerView::only(View::Raw),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let scatters = context.class_scatters(View::Raw)?;
        let rows: f64 = scatters.classes.values().map(|moment| moment.count).sum();
        let pooled = pooled(scatters, rows);
        let mut map = AffineMap {
            view: View::Raw,
            matrix: Vec::new(),
            offset: Vec::new(),
        };
        let mut constants = Vec::with_capacity(scatters.classes.len());
        for (class, moment) in &scatters.classes {
            let dim = moment.dim();
            let whiten = self.whitening(moment, &pooled).ok_or_else(|| {
                let problem = singular(WORD, self.ridge.number());
                context.error(format!("class {class}: {problem} or gmm(shrinkage=0.1)"))
            })?;
            let log_determinant = -2.0 * (0..dim).map(|i| whiten[i * dim + i].ln()).sum::<f64>();
            let log_two_pi = (2.0 * std::f64::consts::PI).ln();
            let log_share = (moment.count / rows).ln();
            constants.push(log_share - 0.5 * (log_determinant + dim as f64 * log_two_pi));
            let of_class = AffineMap::about(View::Raw, &whiten, &moment.mean);
            map.matrix.extend(of_class.matrix);
            map.offset.extend(of_class.offset);
        }
        Ok(Box::new(GmmDetector {
            whiten: Arc::new(map),
            constants,
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let whiten = AffineMap::load("whiten", View::Raw, tensors)?;
        let constants: Vec<f64> = tensors.any_vector("constants")?;
        if whiten.outputs() != constants.len() * tensors.dim()
            || constants.iter().any(|constant| !constant.is_finite())
        {
            return Err(tensors.wrong("constants", "is not finite or belongs to other classes"));
        }
        Ok(Box::new(GmmDetector { whiten, constants }))
    }
}

#[derive(Debug)]
struct GmmDetector {
    /// `x -> L_k^-1 (x - mu_k)`, D outputs a class.
    whiten: Arc<AffineMap>,
    /// Logarithm of what stands before the exponential, for each class.
    constants: Vec<f64>,
}

impl Detector for GmmDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            norms: Some(NormInput {
                size: self.whiten.outputs() / self.constants.len(),
                map: Arc::clone(&self.whiten),
            }),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["log-likelihood"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let classes = self.constants.iter().zip(row.squared_norms());
        let logs = classes.map(|(constant, square)| constant - 0.5 * square);
        let max = logs.clone().fold(f64::NEG_INFINITY, f64::max);
        parts[0] = max + logs.map(|log| (log - max).exp()).sum::<f64>().ln();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        // Norms are taken one class at a time, always in `f32`.
        let dim = self.whiten.matrix.len() / self.whiten.outputs();
        tensors.matrix("whiten_matrix", &self.whiten.matrix, dim);
        tensors.vector("whiten_offset", &self.whiten.offset);
        tensors.vector("constants", &self.constants);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let classes = self.constants.len();
        let whitened = graph.map(&self.whiten);
        let squares = graph.pair(whitened, Pairing::Mul, whitened);
        // Minus half the sum of each class's squares, and its constant.
        let (outputs, each) = (self.whiten.outputs(), self.whiten.outputs() / classes);
        let mut sums = vec![0.0; classes * outputs];
        for (class, row) in sums.chunks_exact_mut(outputs).enumerate() {
            row[class * each..(class + 1) * each].fill(-0.5);
        }
        let constants = self.constants.iter().map(|&constant| constant as f32);
        let logs = graph.affine(squares, sums, constants.collect());
        graph.with_logits(logs, |graph| {
            let log_likelihood = graph.log_sum_exp(1.0);
            Ok(graph.neg(log_likelihood))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::testing::{fit_labelled_error, fit_labelled_scores};

    /// Class 0 around (0, 0) with covariance diag(1/2, 2), class 2 around (9, 9) with diag(2, 2).
    const TRAIN: [f32; 12] = [
        1.0, 0.0, -1.0, 0.0, 0.0, 2.0, 0.0, -2.0, 11.0, 11.0, 7.0, 7.0,
    ];
    const LABELS: [i64; 6] = [0, 0, 0, 0, 2, 2];

    #[test]
    fn by_hand() {
        // Class 2 has covariance ((4, 4), (4, 4)); pooled with shares 2/3 and 1/3:
        // S = ((5/3, 4/3), (4/3, 8/3)). With shrinkage 1 both classes have S, of determinant 8/3.
        let row = [3.0, 0.0];
        let scores = fit_labelled_scores("gmm(shrinkage=1)", &TRAIN, 2, &LABELS, &row);
        // S^-1 = 3/8 ((8/3, -4/3), (-4/3, 5/3)). Row (3, 0): 9 from class 0; from class 2
        // (-6, -9): 36 - 54 + 81 * 5/8.
        let density = |square: f64| (-square / 2.0).exp() / (2.0 * PI * (8f64 / 3.0).sqrt());
        let want = -(2.0 / 3.0 * density(9.0) + density(36.0 - 54.0 + 81.0 * 0.625) / 3.0).ln();
        assert!((scores[0] - want).abs() < 1e-5, "{scores:?} {want}");
        // A ridge of 1 beside it: diag(3/2, 3) and ((5, 4), (4, 5)).
        let recipe = "gmm(preset=pytorch-ood,ridge=1)";
        let scores = fit_labelled_scores(recipe, &TRAIN, 2, &LABELS, &row);
        let first = (-9.0 / 1.5 / 2.0f64).exp() / (2.0 * PI * 4.5f64.sqrt());
        let second =
            (-(5.0 * 36.0 - 8.0 * 54.0 + 5.0 * 81.0) / 9.0 / 2.0f64).exp() / (2.0 * PI * 3.0);
        let want = -(2.0 / 3.0 * first + second / 3.0).ln();
        assert!((scores[0] - want).abs() < 1e-5, "{scores:?} {want}");
    }

    #[test]
    fn a_class_without_a_density_is_named() {
        let error = fit_labelled_error("gmm", &TRAIN, 2, &LABELS);
        assert!(
            error.contains("class 2")
                && error.contains("gmm(ridge=0.01)")
                && error.contains("shrinkage"),
            "{error}"
        );
    }
}
