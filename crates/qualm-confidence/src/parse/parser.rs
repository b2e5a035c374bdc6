//! The parser: a lexicon, a scale, and the tables that both are compiled to.

use super::choose;
use super::lexicon::Lexicon;
use super::phrases::{self, Needs, Tie};
use super::result::Parsed;
use super::scale::Scale;
use super::spelling;
use super::tables;
use super::tokens::Token;
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
    beliefs: bool,
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
        let mut tree = Phrases::new();
        let mut add = |pattern: &str, meaning, needs| {
            for phrase in expand(pattern) {
                // What the lexicon does not hold gives way to nothing.
                if matches!(meaning, Meaning::Hedge { entry: None, .. })
                    && tree.get(&phrase, &vocabulary).is_some()
                {
                    continue;
                }
                tree.insert(&phrase, Phrase { meaning, needs }, &mut vocabulary);
            }
        };
        let held = |phrase: &str| {
            lexicon
                .position(phrase)
                .and_then(|at| u16::try_from(at).ok())
        };
        let aligned = |phrase: &str| held(phrase).filter(|_| lexicon.aligned());
        let hedge = |entry, opposite| Meaning::Hedge { entry, opposite };
        for (pattern, tie, needs) in phrases::rows().flatten() {
            let meaning = match tie {
                Tie::Form(phrase) => hedge(held(phrase), false),
                Tie::Aligned(phrase) => hedge(aligned(phrase), false),
                Tie::Opposite(phrase) => hedge(aligned(phrase), true),
                Tie::Level(level) => Meaning::Level(level),
                Tie::Refusal => Meaning::Refusal,
                Tie::Give => Meaning::RefusalToGive,
                Tie::Unknown => Meaning::Unknown,
                Tie::NoValue => Meaning::NoValue,
                Tie::Excluded => Meaning::Excluded,
            };
            add(pattern, meaning, needs);
        }
        for (index, entry) in lexicon.entries().iter().enumerate() {
            let Ok(index) = u16::try_from(index) else {
                break;
            };
            let phrase = spelling::words(&entry.phrase);
            let needs = tree
                .get(&phrase, &vocabulary)
                .map_or(phrases::EVENT, |there| there.needs);
            let meaning = Meaning::Hedge {
                entry: Some(index),
                opposite: false,
            };
            tree.insert(&phrase, Phrase { meaning, needs }, &mut vocabulary);
        }
        let word = |word: &str| vocabulary.find(word.as_bytes()).0;
        let guesses = std::array::from_fn(|index| word(&format!("p{}", index + 1)));
        Parser {
            may: word("may"),
            guesses,
            lexicon,
            scale: None,
            beliefs: false,
            vocabulary,
            phrases: tree,
        }
    }

    /// The same parser, to which numbers without a unit and a stated scale are on `scale`.
    #[must_use]
    pub fn with_scale(mut self, scale: Scale) -> Parser {
        self.scale = Some(scale);
        self
    }

    /// The same parser for texts that are known to state beliefs and no facts: a share at an "if"
    /// is a branch without a word of belief, as in "Rain 60 % if the wind turns".
    #[must_use]
    pub fn hearing_beliefs(mut self) -> Parser {
        self.beliefs = true;
        self
    }

    pub(super) fn hears_beliefs(&self) -> bool {
        self.beliefs
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
