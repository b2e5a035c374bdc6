use crate::RationaleError;

/// What a classifier is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Input<'a> {
    /// The text.
    pub text: &'a str,
    /// A claim or question that the text is read for.
    pub query: Option<&'a str>,
}

/// A classifier of texts that can be asked, and no more: a model trained here, a model of the
/// user's as ONNX, or a command.
pub trait Victim: Sync {
    /// Number of classes.
    fn classes(&self) -> usize;

    /// Probabilities of the classes, row by row, inputs x classes.
    ///
    /// # Errors
    /// [`RationaleError::Victim`] when the model does not answer.
    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError>;
}
