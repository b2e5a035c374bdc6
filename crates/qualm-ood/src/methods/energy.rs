//! Energy of the logits.

use super::logit_score::LogitScore;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Graph, Lowering};
use crate::score::LogitRow;

pub(crate) const ENTRY: Entry = Entry {
    word: "energy",
    formula: "-T logsumexp(l / T)",
    paper: "Liu et al., NeurIPS 2020",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "T=1",
    parse: Parse::Method(|arguments| {
        let positive = |t: &f64| t.is_finite() && *t > 0.0;
        let temperature = arguments.take_or("T", 1.0, "a temperature above 0", positive)?;
        Ok(Box::new(Energy { temperature }))
    }),
};

/// Outlier score `E(x) = -T log sum_c exp(l_c / T)` (Liu et al. 2020, equation 4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Energy {
    temperature: f64,
}

impl LogitScore for Energy {
    const PART: [&'static str; 1] = ["log-sum-exp"];

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        if self.temperature == 1.0 {
            return logits.log_sum_exp;
        }
        f64::from(logits.max) + self.temperature * logits.partition(self.temperature).ln()
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        Ok(graph.log_sum_exp(self.temperature))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        // log(e^0 + e^0) = log 2; with T = 2 twice that.
        assert!((score_logits("energy", &[0.0, 0.0], 2)[0] + 2f64.ln()).abs() < 1e-7);
        assert!((score_logits("energy(T=2)", &[0.0, 0.0], 2)[0] + 2.0 * 2f64.ln()).abs() < 1e-12);
        // T = 1 by either way.
        let logits = [0.3, -1.0, 2.5];
        let near_one = score_logits("energy(T=1.0000001)", &logits, 3)[0];
        assert!((score_logits("energy", &logits, 3)[0] - near_one).abs() < 1e-6);
    }
}
