//! LTS: logits stretched by how much of a row lies in its large activations.

use super::scale::{concentration, lower_concentration};
use super::{kept, percentile};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering, Pairing};
use crate::shaping::{Change, ScaleRow, Shaper};
use crate::tensors::TensorReader;

pub(crate) const ENTRY: Entry = Entry {
    word: "lts",
    formula: "score of (W x + b) (sum(x+) / sum(largest (100-p) % of x+))^2, x+ = max(x, 0)",
    paper: "Djurisic et al., 2024 (logit scaling)",
    inputs: "features and a head; nothing is fitted",
    parameters: "p=95",
    parse: Parse::Shaper(|arguments| {
        let p = percentile(arguments, "p", 95.0)?;
        Ok(Box::new(Lts { p }))
    }),
};

/// Shaper `l -> l (s1 / s2)^2`, with `s1` the sum of the rectified row and `s2` that of its largest
/// 5 per cent (Djurisic et al. 2024, "Logit scaling for out-of-distribution detection", section 3).
/// Made for networks with any activation: negative features count as zero.
#[derive(Debug, Clone, Copy)]
struct Lts {
    p: f64,
}

impl Shaper for Lts {
    fn solve(&self, _: &FitContext<'_>) -> Result<Change, OodError> {
        Ok(Change::Logits(Box::new(*self)))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Change, OodError> {
        Ok(Change::Logits(Box::new(*self)))
    }
}

impl ScaleRow for Lts {
    fn factor(&self, features: &[f32], scratch: &mut Vec<f32>) -> f32 {
        let ratio = concentration(features, kept(features.len(), self.p), scratch);
        // A row without a positive activation has no ratio and is left as it is.
        if ratio.is_finite() {
            (ratio * ratio) as f32
        } else {
            1.0
        }
    }

    fn scales_bias(&self) -> bool {
        true
    }

    fn lower_factor(&self, graph: &mut Graph) -> Lowering {
        let features = graph.features();
        let count = kept(graph.width(features), self.p);
        // The whole is no less than its part, so that only what has no ratio is below one.
        let (ratio, one) = (lower_concentration(graph, count), graph.number(1.0));
        let ratio = graph.pair(ratio, Pairing::Max, one);
        Ok(graph.pair(ratio, Pairing::Mul, ratio))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Half of (1, 4, 2, 3): (10 / 7)^2, on logit and bias alike.
        let row = [1.0, 4.0, 2.0, 3.0];
        let head = Head::new(vec![1.0; 4], vec![5.0], 4).unwrap();
        let rows = [row, [-1.0, -1.0, 0.0, 0.0]].concat();
        let scores = fit_scores("lts(p=50)+maxlogit", &row, 4, Some(head), &rows);
        let want = -15.0 * (10f64 / 7.0).powi(2);
        assert!((scores[0] / want - 1.0).abs() < 1e-6, "{scores:?}");
        assert_eq!(scores[1], -3.0);
    }
}
