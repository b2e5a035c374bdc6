use std::ops::Range;

use crate::data::Example;
use crate::segment::words;

/// A text with some of its words written anew. Everything between words stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft<'a> {
    example: &'a Example,
    spans: Vec<Range<usize>>,
    /// What stands in place of each word; `None` where it stays.
    anew: Vec<Option<String>>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(example: &'a Example) -> Self {
        let spans = words(&example.text);
        Self {
            example,
            anew: vec![None; spans.len()],
            spans,
        }
    }

    /// Number of words.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The word of this number as it is now.
    pub(crate) fn word(&self, at: usize) -> &str {
        match &self.anew[at] {
            Some(word) => word,
            None => &self.example.text[self.spans[at].clone()],
        }
    }

    /// The word as it was.
    pub(crate) fn first(&self, at: usize) -> &str {
        &self.example.text[self.spans[at].clone()]
    }

    /// Whether the word was written anew.
    pub(crate) fn changed(&self, at: usize) -> bool {
        self.anew[at].is_some()
    }

    /// Numbers of the words written anew.
    pub(crate) fn changes(&self) -> Vec<usize> {
        (0..self.len()).filter(|at| self.changed(*at)).collect()
    }

    pub(crate) fn write(&mut self, at: usize, word: &str) {
        self.anew[at] = Some(word.to_owned());
    }

    /// The text with one more word written anew.
    pub(crate) fn with(&self, at: usize, word: &str) -> String {
        self.text_with(Some((at, word)))
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        self.text_with(None)
    }

    fn text_with(&self, extra: Option<(usize, &str)>) -> String {
        let mut text = String::with_capacity(self.example.text.len() + 16);
        let mut end = 0;
        for (at, span) in self.spans.iter().enumerate() {
            let word = match extra {
                Some((place, word)) if place == at => Some(word),
                _ => self.anew[at].as_deref(),
            };
            if let Some(word) = word {
                text.push_str(&self.example.text[end..span.start]);
                text.push_str(word);
                end = span.end;
            }
        }
        text.push_str(&self.example.text[end..]);
        text
    }

    /// The example as it is now, its evidence moved along, and where words were written anew.
    pub(crate) fn finish(&self) -> (Example, Vec<Range<usize>>) {
        let mut written = Vec::new();
        // Where each edit ends in the old text, and by how much all behind it has moved.
        let mut moves: Vec<(Range<usize>, isize)> = Vec::new();
        let mut by = 0isize;
        for (span, anew) in self.spans.iter().zip(&self.anew) {
            if let Some(word) = anew {
                let start = span.start.saturating_add_signed(by);
                written.push(start..start + word.len());
                by += word.len() as isize - span.len() as isize;
                moves.push((span.clone(), by));
            }
        }
        let to = |place: usize, end: bool| {
            let mut moved = 0;
            for (span, by) in &moves {
                if span.end <= place {
                    moved = *by;
                } else if span.start < place {
                    // Within a word: all of what stands there now belongs to it.
                    let edge = if end { span.end } else { span.start };
                    let by = if end { *by } else { moved };
                    return edge.saturating_add_signed(by);
                }
            }
            place.saturating_add_signed(moved)
        };
        let evidence = self.example.evidence.as_ref().map(|parts| {
            let moved = parts
                .iter()
                .map(|part| to(part.start, false)..to(part.end, true));
            moved.filter(|part| part.start < part.end).collect()
        });
        let example = Example {
            text: self.text(),
            evidence,
            ..self.example.clone()
        };
        (example, written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_anew_and_evidence_moves() {
        let example = Example {
            id: String::new(),
            text: "A dull, slow film!".to_owned(),
            query: None,
            label: 0,
            evidence: Some(vec![2..6, 9..17]),
        };
        let mut draft = Draft::new(&example);
        assert_eq!((draft.len(), draft.word(1)), (4, "dull"));
        assert_eq!(draft.with(3, "movie"), "A dull, slow movie!");
        draft.write(1, "tedious");
        draft.write(2, "");
        let (after, written) = draft.finish();
        assert_eq!(after.text, "A tedious,  film!");
        assert_eq!(written, [2..9, 11..11]);
        assert_eq!(after.evidence, Some(vec![2..9, 11..16]));
        assert_eq!(draft.changes(), [1, 2]);
        assert_eq!((draft.first(1), draft.word(1)), ("dull", "tedious"));
    }

    #[test]
    fn evidence_within_a_changed_word_is_the_whole_word() {
        let example = Example {
            id: String::new(),
            text: "slow".to_owned(),
            query: None,
            label: 0,
            evidence: Some(vec![1..3]),
        };
        let mut draft = Draft::new(&example);
        draft.write(0, "tiresome");
        assert_eq!(draft.finish().0.evidence, Some(vec![0..8]));
    }
}
