//! Entropy of the softmax.

use qualm_linalg::{exp, sums_of};

use super::logit_score::LogitScore;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::score::LogitRow;

pub(crate) const ENTRY: Entry = Entry {
    word: "entropy",
    formula: "-sum_c p_c log p_c, p = softmax(l)",
    paper: "Chan et al., ICCV 2021",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(Entropy))),
};

/// Outlier score `H(p) = -sum_c p_c log p_c` with `p = softmax(l)` (Chan et al. 2021, equation 3,
/// without their division by `log C`). Every term is computed from the logits and is positive, so
/// that confident rows keep their order down to entropies of 1e-37. pytorch-ood 0.4.0 clips `p` at
/// 1e-7 in `f32`, where the most confident rows tie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entropy;

impl LogitScore for Entropy {
    const PART: [&'static str; 1] = ["minus entropy"];

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        // With d = l - max l and S the sum of exp(d): H = log S - sum d exp(d) / S, both positive,
        // and the predicted class adds nothing to the second.
        let max = logits.max;
        let (mut rest, mut weighted) = (0.0, 0.0);
        for others in logits.others() {
            let sums = sums_of(others, |l: f32| {
                let share = exp(l - max);
                [share, share * (l - max)]
            });
            rest += sums[0];
            weighted += sums[1];
        }
        weighted / (1.0 + rest) - rest.ln_1p()
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        let below = graph.below_largest(1.0);
        let exponentials = graph.each(Function::Exp, below);
        let weighted = graph.pair(exponentials, Pairing::Mul, below);
        let weighted = graph.fold(Folding::Sum, weighted);
        let partition = graph.partition(1.0);
        let mean = graph.pair(weighted, Pairing::Div, partition);
        let rest = graph.rest(1.0);
        let log = graph.log_of_one_and(rest);
        Ok(graph.pair(mean, Pairing::Sub, log))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        // p = (1/2, 1/4, 1/4): H = 3/2 log 2. Equal logits: log 3.
        let scores = score_logits("entropy", &[2f32.ln(), 0.0, 0.0, 5.0, 5.0, 5.0], 3);
        assert!((scores[0] - 1.5 * 2f64.ln()).abs() < 1e-6);
        assert!((scores[1] - 3f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn certain_rows_keep_their_order() {
        let scores = score_logits("entropy", &[40.0, 0.0, 41.0, 0.0, 1e6, -1e6], 2);
        // p = e^-40 gives -p log p + p = 41 e^-40.
        assert!((scores[0] / (41.0 * (-40f64).exp()) - 1.0).abs() < 1e-5);
        assert!(scores[0] > scores[1] && scores[1] > scores[2] && scores[2] >= 0.0);
    }
}
