use std::ops::Range;

use crate::RationaleError;
use crate::segment::sentences;
use crate::victim::Input;

/// A text with its class, and where known what in it is the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it is called.
    pub id: String,
    /// The text.
    pub text: String,
    /// A claim or question that the text is read for.
    pub query: Option<String>,
    /// Number of its class.
    pub label: usize,
    /// Parts of the text that people gave as the reason, in bytes, in order and apart; `None` where
    /// nobody was asked.
    pub evidence: Option<Vec<Range<usize>>>,
}

impl Example {
    /// What a classifier is asked.
    pub fn input(&self) -> Input<'_> {
        Input {
            text: &self.text,
            query: self.query.as_deref(),
        }
    }

    /// The example with a sentence before that of number `at`, or behind the last, and where it
    /// stands, in bytes. Evidence stays with its words.
    ///
    /// ```
    /// use qualm_rationale::data::Example;
    /// let example = Example {
    ///     id: "a".into(),
    ///     text: "It broke. Sad.".into(),
    ///     query: None,
    ///     label: 0,
    ///     evidence: Some(vec![3..8, 10..14]),
    /// };
    /// let (attacked, at) = example.with_sentence("My tea was fine.", 1);
    /// assert_eq!(attacked.text, "It broke. My tea was fine. Sad.");
    /// assert_eq!(at, 10..26);
    /// assert_eq!(attacked.evidence, Some(vec![3..8, 27..31]));
    /// ```
    pub fn with_sentence(&self, sentence: &str, at: usize) -> (Self, Range<usize>) {
        let starts = sentences(&self.text);
        // A text with a sentence a line stays one.
        let between = if self.text.trim().contains('\n') {
            "\n"
        } else {
            " "
        };
        let (place, span, text) = match starts.get(at) {
            Some(next) => {
                let (before, after) = self.text.split_at(next.start);
                let span = next.start..next.start + sentence.len();
                (
                    next.start,
                    span,
                    format!("{before}{sentence}{between}{after}"),
                )
            }
            None => {
                let kept = self.text.trim_end();
                let between = if kept.is_empty() { "" } else { between };
                let start = kept.len() + between.len();
                let text = format!("{kept}{between}{sentence}");
                (self.text.len(), start..start + sentence.len(), text)
            }
        };
        let by = text.len() - self.text.len().min(text.len());
        let moved = |part: &Range<usize>| {
            if part.start >= place {
                part.start + by..part.end + by
            } else if part.end > place {
                part.start..part.end + by
            } else {
                part.clone()
            }
        };
        let example = Self {
            text,
            evidence: self
                .evidence
                .as_ref()
                .map(|parts| parts.iter().map(moved).collect()),
            ..self.clone()
        };
        (example, span)
    }

    /// The example with the sentences alone of which `mask` is true. Evidence in others is gone.
    ///
    /// # Panics
    /// When there is not a mark for each sentence.
    pub fn with_sentences_kept(&self, mask: &[bool]) -> Self {
        let sentences = sentences(&self.text);
        assert_eq!(mask.len(), sentences.len(), "a mark for each sentence");
        let between = self.between();
        let mut text = String::new();
        let mut evidence = Vec::new();
        for sentence in sentences.iter().zip(mask).filter(|(_, kept)| **kept) {
            let sentence = sentence.0;
            if !text.is_empty() {
                text.push_str(between);
            }
            let parts = self.evidence.iter().flatten();
            let inside = parts.map(|p| p.start.max(sentence.start)..p.end.min(sentence.end));
            let inside = inside.filter(|part| part.start < part.end);
            let to = |at: usize| at - sentence.start + text.len();
            evidence.extend(inside.map(|part| to(part.start)..to(part.end)));
            text.push_str(&self.text[sentence.clone()]);
        }
        Self {
            text,
            evidence: self.evidence.as_ref().map(|_| evidence),
            ..self.clone()
        }
    }

    /// What stands between two sentences: a text with a sentence a line stays one.
    fn between(&self) -> &'static str {
        if self.text.trim().contains('\n') {
            "\n"
        } else {
            " "
        }
    }
}

/// Examples with the names of their classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// How errors and reports call it.
    pub name: String,
    /// Names of classes, in the order of their numbers.
    pub classes: Vec<String>,
    /// The examples.
    pub examples: Vec<Example>,
}

impl Dataset {
    /// What a classifier is asked, example by example.
    pub fn inputs(&self) -> Vec<Input<'_>> {
        self.examples.iter().map(Example::input).collect()
    }

    /// The examples that `keep` is true of, by number.
    pub fn subset(&self, name: &str, keep: impl Fn(usize, &Example) -> bool) -> Self {
        let examples = self.examples.iter().enumerate();
        Self {
            name: name.to_owned(),
            classes: self.classes.clone(),
            examples: examples
                .filter(|(number, example)| keep(*number, example))
                .map(|(_, example)| example.clone())
                .collect(),
        }
    }

    /// Whether there are two classes at least to tell apart.
    ///
    /// # Errors
    /// [`RationaleError::OneClass`], and [`RationaleError::NoText`] for an empty set.
    pub fn check_classes(&self) -> Result<(), RationaleError> {
        let first = self
            .examples
            .first()
            .ok_or_else(|| RationaleError::NoText {
                origin: self.name.clone(),
            })?;
        if self.examples.iter().all(|other| other.label == first.label) {
            return Err(RationaleError::OneClass {
                origin: self.name.clone(),
                rows: self.examples.len(),
                class: self.classes[first.label].clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, evidence: Vec<Range<usize>>) -> Example {
        Example {
            id: String::new(),
            text: text.to_owned(),
            query: None,
            label: 0,
            evidence: Some(evidence),
        }
    }

    #[test]
    fn sentences_are_put_first_between_and_last() {
        let text = example("A b. C d.", vec![0..1, 7..8]);
        let (first, at) = text.with_sentence("X.", 0);
        assert_eq!((first.text.as_str(), at), ("X. A b. C d.", 0..2));
        assert_eq!(first.evidence, Some(vec![3..4, 10..11]));
        let (last, at) = text.with_sentence("X.", usize::MAX);
        assert_eq!((last.text.as_str(), at), ("A b. C d. X.", 10..12));
        assert_eq!(last.evidence, text.evidence);
        let (alone, at) = example("", vec![]).with_sentence("X.", 3);
        assert_eq!((alone.text.as_str(), at), ("X.", 0..2));
    }

    #[test]
    fn lines_stay_lines_and_space_at_the_end_is_no_trap() {
        let (lines, at) = example("a b\nc d\n", vec![4..7]).with_sentence("x", 1);
        assert_eq!((lines.text.as_str(), at), ("a b\nx\nc d\n", 4..5));
        assert_eq!(lines.evidence, Some(vec![6..9]));
        let (spaced, at) = example("a b     ", vec![2..3]).with_sentence("x", 9);
        assert_eq!((spaced.text.as_str(), at), ("a b x", 4..5));
        assert_eq!(spaced.evidence, Some(vec![2..3]));
    }

    #[test]
    fn sentences_are_kept_with_their_evidence() {
        let text = example("A b. C d. E f.", vec![2..6, 12..13]);
        let part = text.with_sentences_kept(&[true, false, true]);
        assert_eq!(part.text, "A b. E f.");
        assert_eq!(part.evidence, Some(vec![2..4, 7..8]));
        let none = text.with_sentences_kept(&[false; 3]);
        assert_eq!((none.text.as_str(), none.evidence), ("", Some(vec![])));
    }

    #[test]
    fn evidence_across_the_place_grows() {
        let (across, _) = example("A b. C d.", vec![2..9]).with_sentence("X.", 1);
        assert_eq!(across.evidence, Some(vec![2..12]));
    }
}
