use std::convert::Infallible;
use std::path::Path;

use qualm_data::DataError;

use crate::Tokens;

/// A tokenizer that there cannot be: this program was built without the feature `tokenizers`.
pub struct Tokenizer(Infallible);

impl Tokenizer {
    /// Refuses, for want of what reads tokenizers.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path, _longest: Option<usize>) -> Result<Self, DataError> {
        Err(DataError::malformed(
            path.display().to_string(),
            "texts need a program that was built with the feature `texts`: cargo install --path crates/qualm-cli --features texts",
        ))
    }

    /// The token that batches are padded with.
    pub fn padding(&self) -> u32 {
        match self.0 {}
    }

    /// Tells this tokenizer from one that gives other tokens.
    pub fn identity(&self) -> &str {
        match self.0 {}
    }

    /// The tokens of each text.
    ///
    /// # Errors
    /// None: there is no such tokenizer.
    pub fn encode(&self, _texts: &[String], _marks: bool) -> Result<Vec<Tokens>, DataError> {
        match self.0 {}
    }
}
