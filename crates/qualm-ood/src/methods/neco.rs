//! NECO: share of a row in the principal space.

use std::sync::Arc;

use qualm_linalg::{packed_len, symmetric_eigen};

use super::centre::{Centre, load_finite};
use super::dimension::Dimension;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::SecondMoment;
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "neco",
    formula: "-||P z|| / ||z|| max_c l_c, z = (x - mu) / sigma",
    paper: "Ammar et al., ICLR 2024",
    inputs: "features and logits",
    parameters: "variance=0.9 (share of it in the principal space)",
    parse: Parse::Method(|arguments| {
        let share = |v: &f64| *v > 0.0 && *v < 1.0;
        let what = "a share above 0 and below 1";
        let variance = arguments.take_or("variance", 0.9, what, share)?;
        Ok(Box::new(Neco { variance }))
    }),
};

/// Outlier score `-||P z|| / ||z|| max_c l_c` of the standardised feature `z = (x - mu) / sigma`,
/// with `P` the projection onto the leading principal components of the standardised fitting rows
/// (Ammar et al. 2024, "NECO: Neural collapse based out-of-distribution detection",
/// with the largest logit as in the authors' code).
///
/// The authors choose the number of components for each model. Here it is the fewest that carry
/// 90 % of the variance, as Mueller & Hein (2025) take them. A column that is constant over the
/// fitting rows is centred and not scaled.
#[derive(Debug, Clone, Copy)]
struct Neco {
    variance: f64,
}

/// What each column is multiplied with, after its mean is taken off.
fn scales(moment: &SecondMoment) -> Vec<f64> {
    let columns = moment.variances().zip(&moment.mean);
    let scale = |(variance, mean): (f64, &f64)| {
        let deviation = variance.max(0.0).sqrt();
        if deviation > f64::from(f32::EPSILON) * mean.abs() {
            deviation.recip()
        } else {
            1.0
        }
    };
    columns.map(scale).collect()
}

impl Method for Neco {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            moments: PerView::only(View::Raw),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let moment = context.moment(View::Raw)?;
        let (dim, count) = (moment.dim(), moment.count);
        let scales = scales(moment);
        let mut correlation = moment.scatter.clone();
        for i in 0..dim {
            let row = &mut correlation[packed_len(i)..packed_len(i + 1)];
            for (x, scale) in row.iter_mut().zip(&scales) {
                *x *= scales[i] * scale / count;
            }
        }
        let eigen = symmetric_eigen(&correlation, dim);
        if eigen.values[0] <= 0.0 {
            return Err(context.error("every column is constant over the fitting rows"));
        }
        let share = Dimension::ExplainedVariance(self.variance);
        let components = share.resolve(dim, &eigen.values, dim, count);
        let mut matrix = eigen.vectors[..components * dim].to_vec();
        for row in matrix.chunks_exact_mut(dim) {
            row.iter_mut().zip(&scales).for_each(|(x, s)| *x *= s);
        }
        Ok(Box::new(NecoDetector {
            principal: Arc::new(AffineMap::about(View::Raw, &matrix, &moment.mean)),
            centre: Centre(moment.mean.iter().map(|&m| m as f32).collect()),
            scales: scales.iter().map(|&s| s as f32).collect(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(NecoDetector {
            principal: AffineMap::load("principal", View::Raw, tensors)?,
            centre: Centre::load(tensors)?,
            scales: load_finite("scales", tensors.dim(), tensors)?,
        }))
    }
}

#[derive(Debug)]
struct NecoDetector {
    /// `x -> P z`, in coordinates of the principal space.
    principal: Arc<AffineMap>,
    centre: Centre,
    scales: Vec<f32>,
}

const SHARE: usize = 0;
const MAX_LOGIT: usize = 1;

impl Detector for NecoDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            maps: vec![Arc::clone(&self.principal)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["share in the principal space", "largest logit"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let columns = row.features().iter().zip(&self.centre.0).zip(&self.scales);
        let square = |((&x, &mean), &scale): ((&f32, &f32), &f32)| {
            ((f64::from(x) - f64::from(mean)) * f64::from(scale)).powi(2)
        };
        let whole = columns.map(square).sum::<f64>().sqrt();
        // The mean of the fitting rows lies in the principal space.
        parts[SHARE] = if whole > 0.0 {
            qualm_linalg::norm(row.map(0)) / whole
        } else {
            1.0
        };
        parts[MAX_LOGIT] = f64::from(row.logits().max);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[SHARE] * parts[MAX_LOGIT]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.principal.save("principal", tensors);
        self.centre.save(tensors);
        tensors.vector("scales", &self.scales);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let features = graph.features();
        let mean = graph.row(self.centre.0.iter().map(|&x| x.into()));
        let scales = graph.row(self.scales.iter().map(|&x| x.into()));
        let centred = graph.pair(features, Pairing::Sub, mean);
        let standard = graph.pair(centred, Pairing::Mul, scales);
        let principal = graph.map(&self.principal);
        let share = graph.share_of_norm(principal, standard);
        let logits = graph.logits();
        let max = graph.fold(Folding::Max, logits);
        let product = graph.pair(share, Pairing::Mul, max);
        Ok(graph.neg(product))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // Columns 0 and 1 agree but for their scale, 1 and 10; column 2 is constant. One component
        // along (1, 1, 0) carries all variance. Row (3, 10, 7) is z = (2, 0, 2) and has length
        // sqrt(2) along it, of sqrt(8): half. Its largest logit is 3.
        let train = [0.0, 0.0, 5.0, 2.0, 20.0, 5.0];
        let head = || Head::new(vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0], vec![0.0, 0.0], 3).unwrap();
        let rows = [3.0, 10.0, 7.0, 1.0, 10.0, 5.0];
        let scores = fit_scores("neco", &train, 3, Some(head()), &rows);
        assert!((scores[0] + 1.5).abs() < 1e-6, "{scores:?}");
        assert!((scores[1] + 1.0).abs() < 1e-6, "{scores:?}");
        let error = fit_error("neco", &[1.0; 6], 3, Some(head()));
        assert!(error.contains("every column is constant"), "{error}");
        assert!(fit_error("neco(variance=1)", &train, 3, None).contains("below 1"));
    }
}
