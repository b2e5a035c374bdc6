//! Words of like and of opposite meaning.

mod built_in;
mod wordnet;

pub use built_in::BuiltIn;
pub use wordnet::WordNet;

/// Whoever knows words of like and of opposite meaning. Words are asked for in small letters.
pub trait Thesaurus: Sync {
    /// Single words that may mean the same, the nearest first, each once, without the word itself.
    fn synonyms(&self, word: &str) -> Vec<String>;

    /// The first word known to mean the opposite.
    fn antonym(&self, word: &str) -> Option<String>;
}
