//! What scores of the logits alone have in common.

use std::fmt::Debug;

use crate::OodError;
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering};
use crate::method::{Method, Needs};
use crate::score::{LogitRow, Row};
use crate::tensors::{TensorReader, TensorWriter};

/// A score of the logits to which nothing is fitted: recipe and detector are the same thing, and
/// one number is all that it needs of a row. The outlier score is that number's negative.
pub(crate) trait LogitScore: Copy + Debug + Send + Sync + 'static {
    /// The name of that number.
    const PART: [&'static str; 1];

    /// How sure the logits look.
    fn confidence(&self, logits: LogitRow<'_>) -> f64;

    /// The bound below which the confidences of most rows crowd, where there is one.
    const CERTAIN: f64 = 0.0;

    /// The confidence less [`CERTAIN`](LogitScore::CERTAIN) in operations of a graph.
    ///
    /// # Errors
    /// As for [`Detector::lower`].
    fn lower_confidence(&self, graph: &mut Graph) -> Lowering;
}

impl<T: LogitScore> Method for T {
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

impl<T: LogitScore> Detector for T {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        T::PART.to_vec()
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        parts[0] = self.confidence(row.logits());
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[0]
    }

    fn save(&self, _: &mut TensorWriter) {}

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let confidence = self.lower_confidence(graph)?;
        Ok(graph.neg(confidence))
    }

    fn origin(&self) -> f64 {
        -T::CERTAIN
    }
}
