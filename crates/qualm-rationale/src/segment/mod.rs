//! Where the words and sentences of a text stand.

mod sentences;
mod tokens;

pub use sentences::sentences;
pub use tokens::{is_word, tokens, words};
