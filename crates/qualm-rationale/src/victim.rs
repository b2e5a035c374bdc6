use std::ops::Range;

use crate::RationaleError;

/// What a classifier is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Input<'a> {
    /// The text.
    pub text: &'a str,
    /// A claim or question that the text is read for.
    pub query: Option<&'a str>,
}

/// The units of a text and which of them a prediction was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where the units stand, in bytes.
    pub units: Vec<Range<usize>>,
    /// Which of them were selected.
    pub chosen: Vec<bool>,
}

impl Evidence {
    /// What was selected, in bytes, unit by unit.
    pub fn spans(&self) -> Vec<Range<usize>> {
        let units = self.units.iter().zip(&self.chosen);
        let chosen = units.filter(|(_, chosen)| **chosen);
        chosen.map(|(unit, _)| unit.clone()).collect()
    }
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

    /// What each prediction was made from; `None` of a model that does not tell.
    fn evidence(&self, _inputs: &[Input<'_>]) -> Option<Vec<Evidence>> {
        None
    }
}
