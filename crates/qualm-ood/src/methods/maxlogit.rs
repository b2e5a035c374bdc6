//! Maximum logit.

use super::logit_score::LogitScore;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Folding, Graph, Lowering};
use crate::score::LogitRow;

pub(crate) const ENTRY: Entry = Entry {
    word: "maxlogit",
    formula: "-max_c l_c",
    paper: "Hendrycks et al., ICML 2022",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(MaxLogit))),
};

/// Outlier score `-max_c l_c` (Hendrycks et al. 2022, "Scaling out-of-distribution detection for
/// real-world settings", section 3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct MaxLogit;

impl LogitScore for MaxLogit {
    const PART: [&'static str; 1] = ["largest logit"];

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        f64::from(logits.max)
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        let logits = graph.logits();
        Ok(graph.fold(Folding::Max, logits))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        assert_eq!(
            score_logits("maxlogit", &[1.0, 3.0, -2.0, -5.0], 2),
            [-3.0, 2.0]
        );
    }
}
