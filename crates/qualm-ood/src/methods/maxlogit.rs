//! Maximum logit.

use crate::OodError;
use crate::catalogue::Entry;
use crate::detector::{Detector, Inputs};
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "maxlogit",
    formula: "-max_c l_c",
    paper: "Hendrycks et al., ICML 2022",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "",
    parse: |_| Ok(Box::new(MaxLogit)),
};

/// Outlier score `-max_c l_c` (Hendrycks et al. 2022, "Scaling out-of-distribution detection for
/// real-world settings", section 3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct MaxLogit;

impl Method for MaxLogit {
    fn needs(&self) -> Needs {
        Needs {
            logits: true,
            ..Needs::default()
        }
    }

    fn solve(&self, _: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(MaxLogit))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        Ok(Box::new(MaxLogit))
    }
}

impl Detector for MaxLogit {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["largest logit"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = f64::from(row.logits().max);
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
        assert_eq!(
            score_logits("maxlogit", &[1.0, 3.0, -2.0, -5.0], 2),
            [-3.0, 2.0]
        );
    }
}
