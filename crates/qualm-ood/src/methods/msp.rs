//! Maximum softmax probability.

use crate::OodError;
use crate::catalogue::Entry;
use crate::detector::{Detector, Inputs};
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "msp",
    formula: "-max_c softmax(l)_c",
    paper: "Hendrycks & Gimpel, ICLR 2017",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "",
    parse: |_| Ok(Box::new(Msp)),
};

/// Outlier score `-max_c p_c` with `p = softmax(l)` (Hendrycks & Gimpel 2017, section 2), computed
/// as `-exp(max l - logsumexp l)`: no probability overflows or underflows on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Msp;

impl Method for Msp {
    fn needs(&self) -> Needs {
        Needs {
            logits: true,
            ..Needs::default()
        }
    }

    fn solve(&self, _: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(Msp))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(Msp))
    }
}

impl Detector for Msp {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["largest probability"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        parts[0] = (f64::from(logits.max) - logits.log_sum_exp).exp();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, _: &mut TensorWriter) {}
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
}
