//! Maximum concept matching.

use super::logit_score::LogitScore;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Graph, Lowering};
use crate::score::LogitRow;

pub(crate) const ENTRY: Entry = Entry {
    word: "mcm",
    formula: "-max_c softmax(s / T)_c, s = similarities to class prompts",
    paper: "Ming et al., NeurIPS 2022",
    inputs: "logits (cosine similarities), or features and a head; nothing is fitted",
    parameters: "temperature=1",
    parse: Parse::Method(|arguments| {
        let positive = |t: &f64| t.is_finite() && *t > 0.0;
        let what = "a temperature above 0";
        let temperature = arguments.take_or("temperature", 1.0, what, positive)?;
        Ok(Box::new(Mcm { temperature }))
    }),
};

/// Outlier score `-max_c softmax(s / T)_c` with `s_c` the cosine similarity of an image to the
/// prompt of class `c` (Ming et al., "Delving into out-of-distribution detection with
/// vision-language representations", NeurIPS 2022, equation 2; `T = 1` as in their section 4.1).
/// The similarities stand in the place of logits: stored, or as a head of unit prompts without bias
/// over unit features. pytorch-ood divides both by their norms itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mcm {
    temperature: f64,
}

impl LogitScore for Mcm {
    const PART: [&'static str; 1] = ["largest probability"];
    const CERTAIN: f64 = 1.0;

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        logits.partition(self.temperature).recip()
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        let doubt = graph.doubt(self.temperature);
        Ok(graph.neg(doubt))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        // softmax(ln 3, 0) = (3/4, 1/4); with T = 1/2 it is (9/10, 1/10).
        let logits = [3f32.ln(), 0.0];
        assert!((score_logits("mcm", &logits, 2)[0] + 0.75).abs() < 1e-6);
        assert!((score_logits("mcm(temperature=0.5)", &logits, 2)[0] + 0.9).abs() < 1e-6);
    }
}
