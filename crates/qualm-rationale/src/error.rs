use thiserror::Error;

/// Why texts could not be read, learned from, attacked or explained. Every message is one sentence
/// that says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RationaleError {
    /// A file that cannot be read or written, or does not hold what it should.
    #[error(transparent)]
    Data(#[from] qualm_data::DataError),
    /// Nothing to learn from, or to attack.
    #[error("{origin}: there is no text; give a file that has some")]
    NoText {
        /// File or data set.
        origin: String,
    },
    /// A text without a word.
    #[error("{origin}: row {row}: the text is empty; leave the row out or give it a text")]
    EmptyText {
        /// File or data set.
        origin: String,
        /// The row, counted from 1.
        row: usize,
    },
    /// Evidence that is no part of its text.
    #[error(
        "{origin}: row {row}: evidence from {start} to {end} is outside the text, which has \
         {length} characters; give offsets of characters, the end one past the last"
    )]
    OutsideText {
        /// File or data set.
        origin: String,
        /// The row, counted from 1.
        row: usize,
        /// First character.
        start: usize,
        /// One past the last character.
        end: usize,
        /// Characters of the text.
        length: usize,
    },
    /// Nothing to tell apart.
    #[error("{origin}: all {rows} texts are `{class}`; a classifier needs two classes")]
    OneClass {
        /// File or data set.
        origin: String,
        /// Texts.
        rows: usize,
        /// The one class.
        class: String,
    },
    /// Detectors that cannot be fitted to a classifier's features, or do not fit it.
    #[error("detectors of unlikely texts: {0}")]
    Doubts(String),
    /// Nothing to learn evidence from.
    #[error(
        "{origin}: `{method}` learns from evidence, and no text has any; give evidence or leave \
         `sup` out"
    )]
    NoEvidence {
        /// File or data set.
        origin: String,
        /// The method.
        method: String,
    },
    /// Somebody's model that does not answer as it should.
    #[error("{model}: {what}")]
    Victim {
        /// The model's command or file.
        model: String,
        /// What it did, and what to do.
        what: String,
    },
    /// A word that stands for nothing known.
    #[error("unknown {what} `{word}`; there are {known}")]
    Unknown {
        /// What the word should name: "attack".
        what: &'static str,
        /// The word.
        word: String,
        /// What is known.
        known: String,
    },
    /// A parameter that cannot be.
    #[error("`{recipe}`: {what}")]
    Parameter {
        /// The recipe as it was given.
        recipe: String,
        /// What is wrong, and what to do.
        what: String,
    },
}

impl RationaleError {
    pub(crate) fn parameter(recipe: &str, what: impl Into<String>) -> Self {
        Self::Parameter {
            recipe: recipe.to_owned(),
            what: what.into(),
        }
    }
}
