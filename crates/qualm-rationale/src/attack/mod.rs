//! Attacks on texts: words and letters changed, sentences added. A victim is asked for
//! probabilities and never for more, so that any model can be attacked.

mod asked;
mod kind;
mod run;
pub mod sentences;
mod words;

use std::ops::Range;

pub use asked::{Answer, Asked};
pub use kind::{Attack, Supplies};
pub use run::{Summary, attack_all};

use crate::data::Example;

/// How an attack on one text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The text was classified wrongly before: no word was tried, and a sentence only to see what is
    /// selected of it.
    Skipped,
    /// The class stayed.
    Failed,
    /// The class was changed.
    Succeeded,
}

impl Outcome {
    /// `skipped`, `failed` or `succeeded`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stood, in bytes of the text as it was; empty where a sentence was added.
    pub at: Range<usize>,
    /// What stood there; empty where a sentence was added.
    pub from: String,
    /// What stands there now.
    pub to: String,
}

/// What an attack made of an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Attacked {
    /// The example with its text as it is now; evidence has moved with its words.
    pub example: Example,
    /// Where the attack wrote, in bytes of that text.
    pub written: Vec<Range<usize>>,
    /// What it changed, in the order of the text.
    pub changes: Vec<Change>,
    /// How it ended.
    pub outcome: Outcome,
    /// Distinct texts that the victim was asked about.
    pub queries: usize,
    /// Share of the words that were changed; 0 where a sentence was added.
    pub words_changed: f64,
    /// Which of several variants this is: the template and the place of a sentence.
    pub variant: Option<String>,
}

impl Attacked {
    /// The example as it was: nothing done.
    pub(crate) fn untouched(example: &Example, outcome: Outcome, queries: usize) -> Self {
        Self {
            example: example.clone(),
            written: Vec::new(),
            changes: Vec::new(),
            outcome,
            queries,
            words_changed: 0.0,
            variant: None,
        }
    }
}
