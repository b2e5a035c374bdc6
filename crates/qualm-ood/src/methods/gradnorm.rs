//! Norm of the gradient of the head's weights.

use qualm_linalg::{exp, sum_of};

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "gradnorm",
    formula: "-||x||_1 ||C p - 1||_1, p = softmax(l)",
    paper: "Huang et al., NeurIPS 2021",
    inputs: "features and a head or logits; nothing is fitted",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(GradNorm))),
};

/// Outlier score: minus the L1 norm of the gradient by the head's weights `W` of
/// `sum_c -log p_c`, the divergence of the softmax from the uniform distribution (Huang et al., "On
/// the importance of gradients for detecting distributional shifts in the wild", NeurIPS 2021,
/// equation 5, as their code sums it, at temperature 1).
///
/// The gradient is the outer product of `C p - 1` and `x`, so its norm is the product of two norms
/// (their equation 8), and no gradient need be taken: the peers run one backward pass a row.
/// pytorch-ood takes the mean over classes, which is `1/C` of this, and by default the gradients of
/// all layers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GradNorm;

impl Method for GradNorm {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            ..Needs::default()
        }
    }

    fn solve(&self, _: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(*self))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(*self))
    }
}

impl Detector for GradNorm {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["L1 norm of the features", "L1 norm by the logits"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        let classes = logits.values.len() as f64;
        parts[0] = sum_of(row.features(), f32::abs);
        let (max, scale) = (logits.max, (classes / (1.0 + logits.rest())) as f32);
        parts[1] = sum_of(logits.values, |l: f32| (scale * exp(l - max) - 1.0).abs());
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0] * parts[1]
    }

    fn save(&self, _: &mut TensorWriter) {}

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let features = graph.features();
        let magnitudes = graph.each(Function::Abs, features);
        let of_features = graph.fold(Folding::Sum, magnitudes);
        let probabilities = graph.probabilities();
        let (classes, one) = (graph.width(probabilities) as f64, graph.number(1.0));
        let scaled = graph.times(probabilities, classes);
        let differences = graph.pair(scaled, Pairing::Sub, one);
        let magnitudes = graph.each(Function::Abs, differences);
        let by_logits = graph.fold(Folding::Sum, magnitudes);
        let product = graph.pair(of_features, Pairing::Mul, by_logits);
        Ok(graph.neg(product))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Logits (log 3, 0) with x = (1, -2): p = (3/4, 1/4), ||2 p - 1||_1 = 1, ||x||_1 = 3.
        let head = Head::new(vec![0.0; 4], vec![3f32.ln(), 0.0], 2).unwrap();
        let rows = [1.0, -2.0, 0.0, 0.0];
        let scores = fit_scores("gradnorm", &rows, 2, Some(head), &rows);
        assert!(
            (scores[0] + 3.0).abs() < 1e-6 && scores[1] == 0.0,
            "{scores:?}"
        );
    }

    #[test]
    fn is_the_norm_of_the_gradient() {
        // Central differences of sum_c -log p_c by each weight.
        let weight = [0.3, -0.2, 0.1, 0.7, 0.0, -0.5];
        let x = [1.5f64, -0.4];
        let loss = |weight: &[f64]| {
            let logits: Vec<f64> = weight
                .chunks(2)
                .map(|w| w[0] * x[0] + w[1] * x[1])
                .collect();
            let sum: f64 = logits.iter().map(|l| l.exp()).sum();
            logits.iter().map(|l| sum.ln() - l).sum::<f64>()
        };
        let gradient = |at: usize| {
            let moved = |step: f64| {
                let mut moved = weight;
                moved[at] += step;
                loss(&moved)
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        };
        let want: f64 = (0..6).map(|at| gradient(at).abs()).sum();
        let head = Head::new(weight.map(|w| w as f32).to_vec(), vec![0.0; 3], 2).unwrap();
        let row = x.map(|x| x as f32);
        let score = fit_scores("gradnorm", &row, 2, Some(head), &row)[0];
        assert!((score + want).abs() < 1e-6, "{score} and {want}");
    }
}
