//! Divergence from the nearest class's typical probabilities.

use std::sync::Arc;

use qualm_linalg::{exp, sum_of_pairs};

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::statistics::{SumBy, SumOf, SumSet};
use crate::tensors::{TensorReader, TensorWriter, all_finite};

pub(crate) const ENTRY: Entry = Entry {
    word: "klmatching",
    formula: "min_k KL(p || d_k), d_k = mean p of rows predicted as k",
    paper: "Hendrycks et al., ICML 2022",
    inputs: "logits, or features and a head",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(KlMatching))),
};

/// Outlier score `min_k sum_c p_c log(p_c / d_kc)` with `p = softmax(l)` and `d_k` the mean of the
/// probabilities of the fitting rows that the classifier predicts as class `k` (Hendrycks et al.,
/// "Scaling out-of-distribution detection for real-world settings", ICML 2022, section 4.2). A
/// class that it predicts for no row is left out; no labels are needed.
///
/// The nearest class is found by one matrix product a tile, `p . log d_k` for all `k`; the
/// divergence from it alone is then computed as a sum. Below 1.2e-38 a `d_kc` counts as that. The
/// paper and OpenOOD take `d` from validation rows, ViM's authors and pytorch-ood from the training
/// rows; before 0.4.0 the latter grouped rows by label and measured from the predicted class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KlMatching;

impl Method for KlMatching {
    fn needs(&self) -> Needs {
        Needs {
            logits: true,
            sums: SumSet::only(SumOf::Probabilities, SumBy::Predicted),
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let sums = context.sums(SumOf::Probabilities, SumBy::Predicted)?;
        let means = (0..sums.classes()).filter_map(|class| sums.mean(class));
        let log = |p: f64| p.max(f64::from(f32::MIN_POSITIVE)).ln() as f32;
        let typical: Vec<f32> = means.flatten().map(log).collect();
        Ok(Box::new(KlMatchingDetector {
            typical: typical.into(),
            classes: sums.width(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let typical = tensors.matrix::<f32>("log_typical", tensors.classes())?;
        if typical.is_empty() || !all_finite(&typical) {
            return Err(tensors.wrong("log_typical", "is empty or not finite"));
        }
        Ok(Box::new(KlMatchingDetector {
            typical: typical.into(),
            classes: tensors.classes(),
        }))
    }
}

#[derive(Debug)]
struct KlMatchingDetector {
    /// `log d_kc`, row-major, a row for each class that was predicted.
    typical: Arc<[f32]>,
    /// C.
    classes: usize,
}

impl Detector for KlMatchingDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            probability_map: Some(Arc::clone(&self.typical)),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["divergence from the nearest class"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let nearest = qualm_linalg::largest(row.probability_products()).map_or(0, |(k, _)| k);
        let typical = &self.typical[nearest * self.classes..(nearest + 1) * self.classes];
        let logits = row.logits();
        let (max, excess) = (logits.max, logits.excess as f32);
        parts[0] = sum_of_pairs(logits.values, typical, |logit: f32, log_d| {
            let log_p = (logit - max) - excess;
            exp(log_p) * (log_p - log_d)
        });
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        tensors.matrix("log_typical", &self.typical, self.classes);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let below = graph.below_largest(1.0);
        let exponentials = graph.each(Function::Exp, below);
        let partition = graph.partition(1.0);
        let probabilities = graph.pair(exponentials, Pairing::Div, partition);
        let log = graph.each(Function::Log, partition);
        let logs = graph.pair(below, Pairing::Sub, log);
        let weighted = graph.pair(probabilities, Pairing::Mul, logs);
        let minus_entropy = graph.fold(Folding::Sum, weighted);
        let typical = self.typical.to_vec();
        let offset = vec![0.0; typical.len() / self.classes];
        let products = graph.affine(probabilities, typical, offset);
        let nearest = graph.fold(Folding::Max, products);
        Ok(graph.pair(minus_entropy, Pairing::Sub, nearest))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::{fit_logit_scores, fit_scores};

    /// Logits of given probabilities.
    fn logits<const N: usize>(probabilities: [f32; N]) -> [f32; N] {
        probabilities.map(f32::ln)
    }

    #[test]
    fn by_hand() {
        // Predicted as 0: (0.6, 0.4) and (0.8, 0.2), mean (0.7, 0.3). As 1: (0.1, 0.9).
        let train = logits([0.6, 0.4, 0.8, 0.2, 0.1, 0.9]);
        let rows = logits([0.7, 0.3, 0.5, 0.5, 0.01, 0.99]);
        let scores = fit_logit_scores("klmatching", &train, 2, &rows);
        assert!(scores[0].abs() < 1e-6, "{scores:?}");
        // From (0.7, 0.3), since (0.1, 0.9) is farther.
        let middle = 0.5 * (0.5f64 / 0.7).ln() + 0.5 * (0.5f64 / 0.3).ln();
        assert!((scores[1] - middle).abs() < 1e-6);
        let last = 0.01 * (0.1f64).ln() + 0.99 * (1.1f64).ln();
        assert!((scores[2] - last).abs() < 1e-6);
    }

    #[test]
    fn a_class_that_is_never_predicted_is_left_out() {
        let train = logits([0.6, 0.3, 0.1]);
        let row = logits([0.1, 0.3, 0.6]);
        let score = fit_logit_scores("klmatching", &train, 3, &row)[0];
        assert!((score - 0.5 * 6f64.ln()).abs() < 1e-6, "{score}");
        // Logits so far apart that a probability vanishes still give a number.
        let far = fit_logit_scores("klmatching", &[0.0, 2000.0], 2, &[2000.0, 0.0])[0];
        assert!((far - 126.0 * 2f64.ln()).abs() < 1e-3, "{far}");
    }

    #[test]
    fn a_head_gives_what_its_logits_give() {
        let head = Head::new(vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.5], vec![0.1, 0.0, -0.3], 2).unwrap();
        let train = crate::testing::numbers(80, 3);
        let through = |rows: &[f32]| -> Vec<f32> {
            let row = |x: &[f32]| [x[0] + 0.1, x[1], 0.5 * x[1] - x[0] - 0.3];
            rows.chunks(2).flat_map(row).collect()
        };
        let rows = crate::testing::numbers(10, 4);
        let stored = fit_logit_scores("klmatching", &through(&train), 3, &through(&rows));
        let computed = fit_scores("klmatching", &train, 2, Some(head), &rows);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6;
        assert!(
            stored.iter().zip(&computed).all(close),
            "{stored:?} {computed:?}"
        );
    }
}
