use std::ops::Range;

/// A text with its class, and where known what in it is the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it is called.
    pub id: String,
    /// The text.
    pub text: String,
    /// A claim or question that the text is read for.
    pub query: Option<String>,
    /// Number of its class.
    pub label: usize,
    /// Parts of the text that people gave as the reason, in bytes, in order and apart; `None` where
    /// nobody was asked.
    pub evidence: Option<Vec<Range<usize>>>,
}

/// Examples with the names of their classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// How errors and reports call it.
    pub name: String,
    /// Names of classes, in the order of their numbers.
    pub classes: Vec<String>,
    /// The examples.
    pub examples: Vec<Example>,
}
