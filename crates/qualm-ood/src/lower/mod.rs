//! Detectors as small graphs of plain operations, which other programs can be told in their own
//! words: `qualm-onnx` writes them as nodes of a model.

mod graph;
mod residual;
#[cfg(test)]
mod tests;

pub(crate) use residual::residual_norm;

pub use graph::{Folding, Function, Graph, Operation, Pairing, Value};

use crate::{Bundle, OodError};

/// A detector as a graph.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::lower::Operation;
/// use qualm_ood::{FitInput, FitOptions, Recipe, fit};
/// let train = MemorySet::new("train").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &train, head: None };
/// let recipes = Recipe::parse_list("maxlogit")?;
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// let lowered = bundle.lower(0)?;
/// // The logits, their largest, and its negative.
/// assert_eq!(lowered.graph.operations().len(), 3);
/// assert!(matches!(lowered.graph.operations()[0], Operation::Logits));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Lowered {
    /// The operations, each after those that it builds on.
    pub graph: Graph,
    /// The outlier score less `origin`: a value of width one.
    pub score: Value,
    /// What scores are counted from. Probabilities that differ by less than `f32` can tell beside
    /// one are told apart by what they lack of it.
    pub origin: f64,
}

/// A value, or why plain operations cannot say it: a clause that goes after "since".
pub(crate) type Lowering = Result<Value, String>;

impl Bundle {
    /// Detector number `detector` as a graph whose result is its outlier score.
    ///
    /// # Errors
    /// When the detector has no such form.
    ///
    /// # Panics
    /// When there is no detector of this number.
    pub fn lower(&self, detector: usize) -> Result<Lowered, OodError> {
        let fitted = &self.detectors()[detector];
        let mut graph = Graph::new(self.shape().dim, self.shape().classes, self.head());
        match fitted.detector.lower(&mut graph) {
            Ok(score) => Ok(Lowered {
                graph,
                score,
                origin: fitted.detector.origin(),
            }),
            Err(reason) => Err(OodError::Fit {
                method: fitted.name().to_owned(),
                problem: format!(
                    "`{}` cannot be said in plain operations, since {reason}; attach another method, such as vim or mahalanobis",
                    fitted.method()
                ),
            }),
        }
    }
}
