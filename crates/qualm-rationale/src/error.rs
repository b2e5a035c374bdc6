use thiserror::Error;

/// Why texts could not be read, learned from, attacked or explained. Every message is one sentence
/// that says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RationaleError {
    /// A file that cannot be read or written, or does not hold what it should.
    #[error(transparent)]
    Data(#[from] qualm_data::DataError),
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
}
