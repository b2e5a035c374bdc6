//! What a text was read as.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::Status;

/// Where in a text something stands: bytes from `0` up to but without `1`, at boundaries of
/// characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span(pub usize, pub usize);

impl Span {
    /// The text that it spans.
    #[must_use]
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.0..self.1).unwrap_or("")
    }

    /// The same place counted in characters, as Python counts.
    #[must_use]
    pub fn in_characters(&self, text: &str) -> Span {
        let count = |end: usize| text.get(..end).map_or(0, |part| part.chars().count());
        let start = count(self.0);
        Span(start, start + self.of(text).chars().count())
    }
}

/// Which rule of the grammar a statement was read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A number behind a label: "Confidence: 85%".
    Label,
    /// One of five classes: "Confidence: high".
    Level,
    /// Other words behind a label: "Confidence: almost certain".
    LabelWords,
    /// A number that a word of belief frames: "85 % sure", "a one in ten chance".
    BeliefFrame,
    /// A number that is the whole reply.
    WholeReply,
    /// Words that tell of belief: "almost certainly".
    Hedge,
    /// A refusal to say, or that the answer is not known.
    Refusal,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 7] = [
        Rule::Label,
        Rule::Level,
        Rule::LabelWords,
        Rule::BeliefFrame,
        Rule::WholeReply,
        Rule::Hedge,
        Rule::Refusal,
    ];
}

/// What else is to be known of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Several statements of the same rank differ; the lowest is taken.
    Several,
    /// A negation stands before it that no phrase covers, so that it has no value.
    Negated,
    /// It says how sure one is to be wrong, and was turned around.
    Reversed,
    /// A number above 10 behind a label was taken to be of 100.
    ScaleInferred,
    /// The lexicon does not hold the words.
    Unlisted,
}

const FLAGS: [Flag; 5] = [
    Flag::Several,
    Flag::Negated,
    Flag::Reversed,
    Flag::ScaleInferred,
    Flag::Unlisted,
];

/// A set of [`Flag`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    /// Whether the flag is in the set.
    #[must_use]
    pub fn has(&self, flag: Flag) -> bool {
        self.0 & 1 << flag as u8 != 0
    }

    pub(super) fn add(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u8;
    }

    /// The flags of the set.
    pub fn iter(&self) -> impl Iterator<Item = Flag> + '_ {
        FLAGS.into_iter().filter(|&flag| self.has(flag))
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for flag in self.iter() {
            list.serialize_element(&flag)?;
        }
        list.end()
    }
}

/// One statement of confidence in a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cue<'p> {
    /// What kind of statement it is.
    pub status: Status,
    /// The confidence, from 0 to 1: a range's middle, a phrase's median.
    pub value: Option<f64>,
    /// The low end of its interval; a point's own value.
    pub lo: Option<f64>,
    /// The high end.
    pub hi: Option<f64>,
    /// Where it stands.
    pub span: Option<Span>,
    /// The rule that read it.
    pub rule: Option<Rule>,
    /// For words, the lexicon that gives their interval; `levels` for the five classes.
    pub lexicon: Option<&'p str>,
    /// The phrase of that lexicon that they are.
    pub term: Option<&'p str>,
    /// What else is to be known.
    pub flags: Flags,
}

/// A belief that depends on an event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Conditional<'p> {
    /// The belief where the event happens, or where it does not, if `unless`.
    pub p: Cue<'p>,
    /// The belief otherwise, where said.
    pub p_else: Option<Cue<'p>>,
    /// The event.
    pub given: Span,
    /// Whether `p` is the belief where the event does not happen.
    pub unless: bool,
}

/// What a text was read as: the statement that governs it, and all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parsed<'p> {
    /// The statement that governs the text. A conditional belief has no value here.
    #[serde(flatten)]
    pub cue: Cue<'p>,
    /// Both branches of a conditional belief.
    pub conditional: Option<Conditional<'p>>,
    /// All statements in their order, the governing one too.
    pub cues: Vec<Cue<'p>>,
}

impl Parsed<'_> {
    /// The same with all spans counted in characters of `text`, which is the text that was read.
    #[must_use]
    pub fn in_characters(mut self, text: &str) -> Self {
        if text.is_ascii() {
            return self;
        }
        // One pass over the text, whatever the number of spans.
        let mut places: Vec<usize> = Vec::new();
        let spans = |parsed: &mut Self, visit: &mut dyn FnMut(&mut Span)| {
            let mut cue = |cue: &mut Cue<'_>| {
                if let Some(span) = &mut cue.span {
                    visit(span);
                }
            };
            cue(&mut parsed.cue);
            parsed.cues.iter_mut().for_each(&mut cue);
            if let Some(conditional) = &mut parsed.conditional {
                cue(&mut conditional.p);
                if let Some(p_else) = &mut conditional.p_else {
                    cue(p_else);
                }
                visit(&mut conditional.given);
            }
        };
        spans(&mut self, &mut |span| places.extend([span.0, span.1]));
        places.sort_unstable();
        places.dedup();
        let mut counts = Vec::with_capacity(places.len());
        let (mut byte, mut characters) = (0, 0);
        for &place in &places {
            characters += text.get(byte..place).map_or(0, |part| part.chars().count());
            byte = place;
            counts.push(characters);
        }
        let count = |place: usize| places.binary_search(&place).map_or(0, |at| counts[at]);
        spans(&mut self, &mut |span| {
            *span = Span(count(span.0), count(span.1))
        });
        self
    }
}
