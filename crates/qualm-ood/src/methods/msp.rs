//! Maximum softmax probability.

use super::logit_score::LogitScore;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Graph, Lowering};
use crate::score::LogitRow;

pub(crate) const ENTRY: Entry = Entry {
    word: "msp",
    formula: "-max_c softmax(l)_c",
    paper: "Hendrycks & Gimpel, ICLR 2017",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(Msp))),
};

/// Outlier score `-max_c p_c` with `p = softmax(l)` (Hendrycks & Gimpel 2017, section 2), computed
/// as `-exp(max l - logsumexp l)`, where that difference follows from the classes that are not
/// predicted: no probability overflows or underflows on the way, and rows keep their order down to
/// doubts of 1e-16. Peers add up probabilities in `f32`, where they tie below 6e-8.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Msp;

impl LogitScore for Msp {
    const PART: [&'static str; 1] = ["largest probability"];
    const CERTAIN: f64 = 1.0;

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        (-logits.excess).exp()
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        let doubt = graph.doubt(1.0);
        Ok(graph.neg(doubt))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        // softmax(ln 3, 0) = (3/4, 1/4); equal logits share.
        let scores = score_logits("msp", &[3f32.ln(), 0.0, 1000.0, 1000.0], 2);
        assert!((scores[0] + 0.75).abs() < 1e-6 && (scores[1] + 0.5).abs() < 1e-6);
    }

    #[test]
    fn certain_rows_keep_their_order() {
        // What is lacking to one is exp(-20) and exp(-20.1).
        let scores = score_logits("msp", &[20.0, 0.0, 20.1, 0.0], 2);
        let doubts = [(-20f64).exp(), f64::from(-20.1f32).exp()];
        for (score, doubt) in scores.iter().zip(doubts) {
            assert!(((1.0 + score) / doubt - 1.0).abs() < 1e-6, "{scores:?}");
        }
    }
}
