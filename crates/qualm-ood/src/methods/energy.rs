//! Energy of the logits.

use crate::OodError;
use crate::catalogue::Entry;
use crate::detector::{Detector, Inputs};
use crate::fit::FitContext;
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "energy",
    formula: "-T logsumexp(l / T)",
    paper: "Liu et al., NeurIPS 2020",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "T=1",
    parse: |arguments| {
        let positive = |t: &f64| t.is_finite() && *t > 0.0;
        let temperature = arguments.take_or("T", 1.0, "a temperature above 0", positive)?;
        Ok(Box::new(Energy { temperature }))
    },
};

/// Outlier score `E(x) = -T log sum_c exp(l_c / T)` (Liu et al. 2020, equation 4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Energy {
    temperature: f64,
}

impl Method for Energy {
    fn needs(&self) -> Needs {
        Needs {
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

impl Detector for Energy {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["log-sum-exp"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        parts[0] = if self.temperature == 1.0 {
            logits.log_sum_exp
        } else {
            let max = f64::from(logits.max);
            let scaled = |&l: &f32| ((f64::from(l) - max) / self.temperature).exp();
            max + self.temperature * logits.values.iter().map(scaled).sum::<f64>().ln()
        };
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
        // log(e^0 + e^0) = log 2; with T = 2 twice that.
        assert!((score_logits("energy", &[0.0, 0.0], 2)[0] + 2f64.ln()).abs() < 1e-7);
        assert!((score_logits("energy(T=2)", &[0.0, 0.0], 2)[0] + 2.0 * 2f64.ln()).abs() < 1e-12);
        // T = 1 by either way.
        let logits = [0.3, -1.0, 2.5];
        let near_one = score_logits("energy(T=1.0000001)", &logits, 3)[0];
        assert!((score_logits("energy", &logits, 3)[0] - near_one).abs() < 1e-6);
    }
}
