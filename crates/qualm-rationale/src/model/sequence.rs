use std::collections::HashSet;
use std::ops::Range;

use crate::measures::touched;
use crate::model::Vocabulary;
use crate::segment::{sentences, tokens};
use crate::victim::Input;

/// What a model selects or leaves: single tokens, or whole sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Words and marks.
    Token,
    /// Sentences.
    Sentence,
}

impl Unit {
    /// `token` or `sentence`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Sentence => "sentence",
        }
    }

    /// Where the units of a text stand, in bytes.
    pub fn spans(self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::Token => tokens(text),
            Self::Sentence => sentences(text),
        }
    }
}

/// What a token is besides its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A token of the text.
    Plain,
    /// A token of the text that stands in the query, too.
    Asked,
    /// A token of the query.
    Query,
}

/// An input as a model takes it: the query's tokens, always visible, then the text's, in units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) tokens: Vec<u32>,
    pub(crate) marks: Vec<Mark>,
    /// Tokens of each unit; they leave no token of the text out.
    pub(crate) units: Vec<Range<usize>>,
    /// Where the units stand in the text, in bytes.
    pub(crate) spans: Vec<Range<usize>>,
    /// Tokens beyond the longest that a model takes.
    pub(crate) left_out: usize,
}

impl Sequence {
    /// Takes the first `longest` tokens of the text.
    pub(crate) fn of(input: Input<'_>, words: &Vocabulary, unit: Unit, longest: usize) -> Self {
        let query = input.query.unwrap_or_default();
        let mut sequence = Self {
            tokens: Vec::new(),
            marks: Vec::new(),
            units: Vec::new(),
            spans: Vec::new(),
            left_out: 0,
        };
        let mut asked = HashSet::new();
        for span in tokens(query) {
            let token = &query[span];
            asked.insert(super::vocabulary::normal(token));
            sequence.tokens.push(words.number(token));
            sequence.marks.push(Mark::Query);
        }
        let first = sequence.tokens.len();
        for unit in unit.spans(input.text) {
            let start = sequence.tokens.len();
            let mut end_of_text = unit.start;
            for span in tokens(&input.text[unit.clone()]) {
                if sequence.tokens.len() - first == longest {
                    sequence.left_out += 1;
                    continue;
                }
                end_of_text = unit.start + span.end;
                let token = &input.text[unit.clone()][span];
                let known = asked.contains(&super::vocabulary::normal(token));
                sequence.tokens.push(words.number(token));
                sequence
                    .marks
                    .push(if known { Mark::Asked } else { Mark::Plain });
            }
            if sequence.tokens.len() > start {
                sequence.units.push(start..sequence.tokens.len());
                sequence.spans.push(unit.start..end_of_text);
            }
        }
        if sequence.tokens.is_empty() {
            // A text without a token, as attacks may leave one, is one unknown word.
            sequence.tokens.push(Vocabulary::UNKNOWN);
            sequence.marks.push(Mark::Plain);
        }
        sequence
    }

    /// Which units touch any of these parts of the text, in bytes.
    pub(crate) fn touched(&self, spans: &[Range<usize>]) -> Vec<bool> {
        touched(&self.spans, spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vocabulary {
        Vocabulary::from_words(["it", "broke", ".", "who"].map(str::to_owned).to_vec())
    }

    #[test]
    fn sentences_hold_their_tokens_and_the_query_stands_before_them() {
        let input = Input {
            text: "It broke. Nobody knew.",
            query: Some("Who broke it"),
        };
        let sequence = Sequence::of(input, &words(), Unit::Sentence, 100);
        assert_eq!(sequence.tokens, [4, 2, 1, 1, 2, 3, 0, 0, 3]);
        assert_eq!(sequence.units, [3..6, 6..9]);
        assert_eq!(sequence.spans, [0..9, 10..22]);
        assert_eq!(
            sequence.marks[2..5],
            [Mark::Query, Mark::Asked, Mark::Asked]
        );
        assert_eq!(sequence.touched(&[8..10]), [true, false]);
        assert_eq!(sequence.touched(&[9..10]), [false, false]);
    }

    #[test]
    fn what_is_too_long_is_cut_and_counted() {
        let input = Input {
            text: "It broke. Nobody knew.",
            query: None,
        };
        let sequence = Sequence::of(input, &words(), Unit::Sentence, 4);
        assert_eq!((sequence.tokens.len(), sequence.left_out), (4, 2));
        assert_eq!(sequence.spans, [0..9, 10..16]);
        let tokens = Sequence::of(input, &words(), Unit::Token, 3);
        assert_eq!((tokens.units.len(), tokens.left_out), (3, 3));
    }
}
