//! Maximum softmax probability of calibrated logits.

use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "tempscale",
    formula: "-max_c softmax(l / T)_c, T of least cross-entropy",
    paper: "Guo et al., ICML 2017",
    inputs: "logits, or features and a head; fitting needs labels",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(TempScale))),
};

/// Outlier score `-max_c softmax(l / T)_c` at the temperature `T` that minimises the cross-entropy
/// of the labels of the fitting rows (Guo et al., "On calibration of modern neural networks", ICML
/// 2017, section 4.2), to about 1e-4 of its value. The peers stop an L-BFGS search after 50 steps,
/// OpenOOD from 1.5, pytorch-ood from 1. The paper and OpenOOD fit `T` on validation rows; rows
/// that the classifier was trained on make it too small. Where it gets all of them right no `T` is
/// best, and at the smallest all rows would tie: then `T` is 1, with a warning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TempScale;

impl Method for TempScale {
    fn needs(&self) -> Needs {
        Needs {
            logits: true,
            temperature: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let sums = context.temperature()?;
        let Some(mut temperature) = sums.best_temperature() else {
            return Err(context.error("there is no labelled row to fit on"));
        };
        if sums.separated() {
            temperature = 1.0;
            context.warn(
                "tempscale: the classifier gets every fitting row right, so the smaller the temperature \
                 the better; it stays at 1 (fit on rows that the classifier was not trained on)"
                    .to_owned(),
            );
        }
        Ok(Box::new(TempScaleDetector { temperature }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let temperature = tensors.scalar("temperature")?;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(tensors.wrong("temperature", "is not above 0"));
        }
        Ok(Box::new(TempScaleDetector { temperature }))
    }
}

#[derive(Debug)]
struct TempScaleDetector {
    temperature: f64,
}

impl Detector for TempScaleDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["largest calibrated probability"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = row.logits().partition(self.temperature).recip();
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        tensors.vector("temperature", &[self.temperature]);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        Ok(graph.doubt(self.temperature))
    }

    fn origin(&self) -> f64 {
        -1.0
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::fit_labelled_logit_scores;

    #[test]
    fn by_hand() {
        // Of four rows with logits (2, 0), three are of class 0: 2 / T = log 3, so that a row with
        // logits (4, 0) has probability 9/10.
        let train = [2.0, 0.0].repeat(4);
        let rows = [2.0, 0.0, 4.0, 0.0];
        let scores = fit_labelled_logit_scores("tempscale", &train, 2, &[0, 0, 1, 0], &rows);
        assert!((scores[0] + 0.75).abs() < 1e-4, "{scores:?}");
        assert!((scores[1] + 0.9).abs() < 1e-4, "{scores:?}");
    }

    #[test]
    fn rows_that_are_all_right_leave_the_logits_alone() {
        let train = [2.0, 0.0, 0.0, 3.0];
        let rows = [3f32.ln(), 0.0];
        let scores = fit_labelled_logit_scores("tempscale", &train, 2, &[0, 1], &rows);
        assert!((scores[0] + 0.75).abs() < 1e-6, "{scores:?}");
    }
}
