//! The parser: a lexicon, a scale, and the tables that both are compiled to.

use super::choose;
use super::hedges::{self, Needs, Tie};
use super::lexicon::Lexicon;
use super::result::Parsed;
use super::scale::Scale;
use super::tables;
use super::tokens::{self, Token};
use super::vocabulary::{Phrases, Vocabulary, WordId, expand};

/// What a phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing, though it looks like something.
    Excluded,
    Refusal,
    /// A refusal, where what follows is a confidence.
    RefusalToGive,
    /// The answer is not known.
    Unknown,
    /// Stands in place of a value.
    NoValue,
    /// An entry of the lexicon, where it has one.
    Hedge {
        entry: Option<u16>,
        opposite: bool,
    },
    /// One of five classes.
    Level(u8),
}

/// A phrase's meaning and what must hold around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phrase {
    pub(super) meaning: Meaning,
    pub(super) needs: Needs,
}

/// Reads statements of confidence. Making one takes milliseconds; make it once.
///
/// ```
/// use qualm_confidence::Status;
/// use qualm_confidence::parse::{Lexicon, Parser};
///
/// let parser = Parser::new(Lexicon::named("capphrase")?);
/// let read = parser.parse("It is highly likely that the treaty was signed in 1848.");
/// assert_eq!(read.cue.status, Status::Words);
/// assert_eq!((read.cue.value, read.cue.lo), (Some(0.9), Some(0.75)));
///
/// // A number in the answer is no confidence.
/// assert_eq!(parser.parse("About 2.61% speak Urdu.").cue.status, Status::Absent);
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
pub struct Parser {
    lexicon: Lexicon,
    scale: Option<Scale>,
    vocabulary: Vocabulary,
    phrases: Phrases<Phrase>,
    may: WordId,
    guesses: [WordId; 9],
}

impl Parser {
    /// A parser that takes the value of words from `lexicon`.
    #[must_use]
    pub fn new(lexicon: Lexicon) -> Parser {
        let mut vocabulary = Vocabulary::new();
        let mut phrases = Phrases::new();
        let mut add = |pattern: &str, meaning, needs| {
            for phrase in expand(pattern) {
                // What the lexicon does not hold gives way to nothing.
                if matches!(meaning, Meaning::Hedge { entry: None, .. })
                    && phrases.get(&phrase, &vocabulary).is_some()
                {
                    continue;
                }
                phrases.insert(&phrase, Phrase { meaning, needs }, &mut vocabulary);
            }
        };
        for &(pattern, tie, term, needs) in hedges::HEDGES {
            let entry = match tie {
                Tie::Form => lexicon.position(term),
                Tie::Aligned | Tie::Opposite if lexicon.aligned() => lexicon.position(term),
                Tie::Aligned | Tie::Opposite => None,
            };
            let entry = entry.and_then(|entry| u16::try_from(entry).ok());
            let opposite = tie == Tie::Opposite;
            add(pattern, Meaning::Hedge { entry, opposite }, needs);
        }
        for &(pattern, level, needs) in hedges::LEVELS {
            add(pattern, Meaning::Level(level as u8), needs);
        }
        for (patterns, meaning) in [
            (hedges::REFUSALS_TO_GIVE, Meaning::RefusalToGive),
            (hedges::REFUSALS, Meaning::Refusal),
            (hedges::UNKNOWNS, Meaning::Unknown),
            (hedges::NO_VALUES, Meaning::NoValue),
            (hedges::EXCLUDED, Meaning::Excluded),
        ] {
            for pattern in patterns {
                add(pattern, meaning, 0);
            }
        }
        for (index, entry) in lexicon.entries().iter().enumerate() {
            let Ok(index) = u16::try_from(index) else { break };
            let phrase = tokens::words(&entry.phrase);
            let needs = phrases
                .get(&phrase, &vocabulary)
                .map_or(hedges::EVENT, |there| there.needs);
            let meaning = Meaning::Hedge {
                entry: Some(index),
                opposite: false,
            };
            phrases.insert(&phrase, Phrase { meaning, needs }, &mut vocabulary);
        }
        let word = |word: &str| vocabulary.find(word.as_bytes()).0;
        let guesses = std::array::from_fn(|index| word(&format!("p{}", index + 1)));
        Parser {
            may: word("may"),
            guesses,
            lexicon,
            scale: None,
            vocabulary,
            phrases,
        }
    }

    /// The same parser, to which numbers without a unit and a stated scale are on `scale`.
    #[must_use]
    pub fn with_scale(mut self, scale: Scale) -> Parser {
        self.scale = Some(scale);
        self
    }

    /// The lexicon that words have their value from.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Reads one text. No text is an error: one without a statement is [`crate::Status::Absent`].
    /// Time and memory grow linearly with the text.
    #[must_use]
    pub fn parse(&self, text: &str) -> Parsed<'_> {
        choose::choose(self, super::scan::scan(self, text))
    }

    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(super) fn phrase(&self, tokens: &[Token]) -> Option<(usize, &Phrase)> {
        self.phrases.longest(tokens, &self.vocabulary)
    }

    pub(super) fn scale(&self) -> Option<Scale> {
        self.scale
    }

    pub(super) fn may(&self) -> WordId {
        self.may
    }

    /// Which guess "P1", "P2" ... is of; 0 for none.
    pub(super) fn guess(&self, word: WordId) -> u8 {
        let found = self.guesses.iter().position(|&guess| guess == word);
        found.map_or(0, |index| index as u8 + 1)
    }

    /// Value, low end and high end of an entry of the lexicon.
    pub(super) fn figures(&self, entry: usize) -> Option<[f64; 3]> {
        let entry = self.lexicon.entries().get(entry)?;
        Some([entry.value, entry.lo, entry.hi])
    }

    pub(super) fn term(&self, entry: usize) -> Option<&str> {
        let entry = self.lexicon.entries().get(entry)?;
        Some(&entry.phrase)
    }
}

impl Default for Parser {
    fn default() -> Parser {
        Parser::new(Lexicon::default())
    }
}

/// Value, low end and high end of a class.
pub(super) fn level(level: usize) -> [f64; 3] {
    let (_, value, lo, hi) = tables::LEVELS[level.min(tables::LEVELS.len() - 1)];
    [value, lo, hi]
}
