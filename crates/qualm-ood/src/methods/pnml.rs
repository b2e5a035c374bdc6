//! pNML: regret of the last layer.

use std::sync::Arc;

use qualm_linalg::{exp, sum_of_pairs, symmetric_eigen};

use super::centre::load_finite;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{AffineMap, Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::{PerView, View};

pub(crate) const ENTRY: Entry = Entry {
    word: "pnml",
    formula: "log_C sum_c p/(p + p^k (1-p)), k = t/(1+t), t = u^T (X^T X)^+ u",
    paper: "Bibas et al., NeurIPS 2021",
    inputs: "features and a head",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(Pnml))),
};

/// Outlier score: the regret `log sum_c p_c / (p_c + p_c^k (1 - p_c)) / log C` of the predictive
/// normalised maximum likelihood learner over the last layer (Bibas et al. 2021, "Single layer
/// predictive normalized maximum likelihood for out-of-distribution detection"): how
/// much surer each class would be, had the layer been trained on the row with that label.
///
/// `u` is the feature divided by its norm, `p` the softmax of its logits, and
/// `k = t / (1 + t)` with `t = u^T (X^T X)^+ u` over the unit features `X` of the fitting rows.
/// Logits of `u` follow from those of the feature: `(l - b) / ||x|| + b`. Eigenvalues of `X^T X`
/// below `D 2^-23` of the largest count as zero, which is the pseudo-inverse of PyTorch in `f32`:
/// what a row has outside the span of the fitting rows does not count.
#[derive(Debug, Clone, Copy)]
struct Pnml;

impl Method for Pnml {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            head: true,
            moments: PerView::only(View::Unit),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let head = context.required_head()?;
        if head.classes() < 2 {
            return Err(context.error("a head with one class is sure of it, whatever the row"));
        }
        let moment = context.moment(View::Unit)?;
        let dim = moment.dim();
        let eigen = symmetric_eigen(&moment.about(&vec![0.0; dim]), dim);
        let cutoff = eigen.values[0] * dim as f64 * f64::from(f32::EPSILON);
        let mut matrix = Vec::new();
        for (&value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(dim)) {
            if value > cutoff {
                let scale = (value * moment.count).sqrt().recip();
                matrix.extend(vector.iter().map(|v| (v * scale) as f32));
            }
        }
        if matrix.is_empty() {
            return Err(context.error("every fitting row is zero and has no direction"));
        }
        let offset = vec![0.0; matrix.len() / dim];
        Ok(Box::new(PnmlDetector {
            map: Arc::new(AffineMap {
                view: View::Unit,
                matrix,
                offset,
            }),
            bias: head.bias().to_vec(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(PnmlDetector {
            map: AffineMap::load("pseudo_inverse", View::Unit, tensors)?,
            bias: load_finite("bias", tensors.classes(), tensors)?,
        }))
    }
}

#[derive(Debug)]
struct PnmlDetector {
    /// `u -> A u` with `A^T A` the pseudo-inverse of `X^T X`.
    map: Arc<AffineMap>,
    bias: Vec<f32>,
}

const LEVERAGE: usize = 0;
const REGRET: usize = 1;

impl Detector for PnmlDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            maps: vec![Arc::clone(&self.map)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["leverage on the fitting rows", "regret"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let leverage = qualm_linalg::squared_norm(row.map(0));
        let norm = qualm_linalg::norm(row.features());
        let inverse_norm = if norm > 0.0 { norm.recip() } else { 0.0 };
        // Logits of the unit feature, less their largest.
        let logit = |logit: f64, bias: f64| (logit - bias) * inverse_norm + bias;
        let logits = row.logits().values;
        let max = logits.iter().zip(&self.bias);
        let max = max.map(|(&l, &b)| logit(f64::from(l), f64::from(b)));
        let max = max.fold(f64::NEG_INFINITY, f64::max);
        let log_sum = max + sum_of_pairs(logits, &self.bias, |l, b| exp(logit(l, b) - max)).ln();
        // p / (p + p^k (1 - p)) with q = p^(1 - k): q / (q + 1 - p), which does not divide by zero
        // where p does.
        let power = (1.0 + leverage).recip();
        let sum = sum_of_pairs(logits, &self.bias, |l, b| {
            let log_p = logit(l, b) - log_sum;
            let q = exp(log_p * power);
            q / (q + (1.0 - exp(log_p)))
        });
        parts[LEVERAGE] = leverage;
        parts[REGRET] = sum.ln() / (self.bias.len() as f64).ln();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[REGRET]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.map.save("pseudo_inverse", tensors);
        tensors.vector("bias", &self.bias);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let mapped = graph.map(&self.map);
        let leverage = graph.squared_norm(mapped);
        let (features, logits) = (graph.features(), graph.logits());
        // Where a row has no norm its logits are the bias, and nothing is divided.
        let norm = graph.norm(features);
        let least = graph.number(f64::from(f32::MIN_POSITIVE));
        let norm = graph.pair(norm, Pairing::Max, least);
        let bias = graph.row(self.bias.iter().map(|&b| b.into()));
        let products = graph.pair(logits, Pairing::Sub, bias);
        let of_unit = graph.pair(products, Pairing::Div, norm);
        let of_unit = graph.pair(of_unit, Pairing::Add, bias);
        graph.with_logits(of_unit, |graph| {
            let below = graph.below_largest(1.0);
            let partition = graph.partition(1.0);
            let log_sum = graph.each(Function::Log, partition);
            let log_p = graph.pair(below, Pairing::Sub, log_sum);
            let one = graph.number(1.0);
            let inverse_power = graph.pair(one, Pairing::Add, leverage);
            let log_q = graph.pair(log_p, Pairing::Div, inverse_power);
            let (p, q) = (
                graph.each(Function::Exp, log_p),
                graph.each(Function::Exp, log_q),
            );
            let others = graph.pair(one, Pairing::Sub, p);
            let all = graph.pair(q, Pairing::Add, others);
            let terms = graph.pair(q, Pairing::Div, all);
            let sum = graph.fold(Folding::Sum, terms);
            let log = graph.each(Function::Log, sum);
            Ok(graph.times(log, (self.bias.len() as f64).ln().recip()))
        })
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // Unit rows (1, 0), (1, 0): X^T X = diag(2, 0), whose pseudo-inverse is diag(1/2, 0). Unit
        // row (0.6, 0.8): t = 0.18. Its logits are 0.6 + ln 2 - 0.6 = ln 2 and 0: p = 2/3 and 1/3.
        let bias = 2f32.ln() - 0.6;
        let head = || Head::new(vec![1.0, 0.0, 0.0, 0.0], vec![bias, 0.0], 2).unwrap();
        let train = [2.0, 0.0, 3.0, 0.0];
        let scores = fit_scores("pnml", &train, 2, Some(head()), &[3.0, 4.0, 0.0, 7.0]);
        let k = 0.18 / 1.18;
        let term = |p: f64| p / (p + p.powf(k) * (1.0 - p));
        let want = (term(2.0 / 3.0) + term(1.0 / 3.0)).log2();
        assert!((scores[0] - want).abs() < 1e-6, "{scores:?} {want}");
        // A row across the fitting rows has t = 0 and no regret.
        assert!(scores[1].abs() < 1e-12, "{scores:?}");
        assert!(fit_error("pnml", &[0.0; 4], 2, Some(head())).contains("no direction"));
    }
}
