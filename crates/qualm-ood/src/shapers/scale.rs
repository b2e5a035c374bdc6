//! SCALE: a row stretched by how much of it lies in its large activations.

use super::ash::{bounded_exp, lower_bounded_exp};
use super::{kept, percentile};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering, Pairing, Value};
use crate::method::Needs;
use crate::shaping::{Change, ScaleRow, Shaper, largest_of};
use crate::tensors::TensorReader;

pub(crate) const ENTRY: Entry = Entry {
    word: "scale",
    formula: "score of W x exp(sum(x) / sum(largest (100-p) % of x)) + b",
    paper: "Xu et al., ICLR 2024",
    inputs: "features after a ReLU, and a head; nothing is fitted",
    parameters: "p=85",
    parse: Parse::Shaper(|arguments| {
        let p = percentile(arguments, "p", 85.0)?;
        Ok(Box::new(Scale { p }))
    }),
};

/// Shaper `x -> x exp(s1 / s2)`, with `s1` the sum of the row and `s2` that of its
/// `k = D - round(D p / 100)` largest activations (Xu et al. 2024, "Scaling for training time and
/// post-hoc out-of-distribution detection enhancement", equation 6; 85 in the paper and OpenOOD, 65
/// in pytorch-ood 0.4.0). One factor a row passes through the head, so that logits are scaled in
/// its place and no second product is needed; the bias is not scaled. Negative activations, which
/// the paper does not know, count as zero in both sums: `exp` cannot explode.
#[derive(Debug, Clone, Copy)]
struct Scale {
    p: f64,
}

impl Shaper for Scale {
    fn needs(&self) -> Needs {
        Needs {
            activations: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError> {
        context.expect_rectified("sums of activations may vanish and scores explode")?;
        Ok(Change::Logits(Box::new(*self)))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Change, OodError> {
        Ok(Change::Logits(Box::new(*self)))
    }
}

impl ScaleRow for Scale {
    fn factor(&self, features: &[f32], scratch: &mut Vec<f32>) -> f32 {
        bounded_exp(concentration(
            features,
            kept(features.len(), self.p),
            scratch,
        ))
    }

    fn scales_bias(&self) -> bool {
        false
    }

    fn lower_factor(&self, graph: &mut Graph) -> Lowering {
        let features = graph.features();
        let count = kept(graph.width(features), self.p);
        let ratio = lower_concentration(graph, count);
        Ok(lower_bounded_exp(graph, ratio))
    }
}

/// The sum of a row over the sum of its `count` largest activations, negative ones taken as zero.
pub(super) fn concentration(features: &[f32], count: usize, scratch: &mut Vec<f32>) -> f64 {
    let (smallest, equals) = largest_of(features, count, scratch);
    let (mut all, mut above) = (0.0, 0.0);
    for &x in features {
        all += f64::from(x.max(0.0));
        if x > smallest {
            above += f64::from(x.max(0.0));
        }
    }
    all / (above + equals as f64 * f64::from(smallest.max(0.0)))
}

/// The same in operations of a graph; zero for a row without a positive activation.
pub(super) fn lower_concentration(graph: &mut Graph, count: usize) -> Value {
    let (features, zero) = (graph.features(), graph.number(0.0));
    let positive = graph.pair(features, Pairing::Max, zero);
    let all = graph.fold(Folding::Sum, positive);
    let largest = graph.largest(positive, count);
    let largest = graph.fold(Folding::Sum, largest);
    graph.ratio(all, largest)
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Half of (1, 4, 2, 3): 10 over 7. Logit 1 + 4 + 2 + 3 scaled, bias 5 not.
        let row = [1.0, 4.0, 2.0, 3.0];
        let head = Head::new(vec![1.0; 4], vec![5.0], 4).unwrap();
        let scores = fit_scores("scale(p=50)+maxlogit", &row, 4, Some(head), &row);
        let want = -(10.0 * (10f64 / 7.0).exp() + 5.0);
        assert!((scores[0] / want - 1.0).abs() < 1e-6, "{scores:?}");
    }
}
