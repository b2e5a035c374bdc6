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

    /// Where it stands in the text as it was.
    pub(crate) fn span(&self, at: usize) -> Range<usize> {
        self.spans[at].clone()
    }

    /// Whether only space stands between the word and the next.
    pub(crate) fn only_space_behind(&self, at: usize) -> bool {
        let next = self.spans.get(at + 1);
        next.is_some_and(|next| {
            let between = &self.example.text[self.spans[at].end..next.start];
            between.chars().all(char::is_whitespace)
        })
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
        self.text_with(|place| (place == at).then_some(word))
    }

    /// The text with more words written anew.
    pub(crate) fn with_all(&self, writing: &[(usize, String)]) -> String {
        self.text_with(|place| {
            let found = writing.iter().find(|(at, _)| *at == place);
            found.map(|(_, word)| word.as_str())
        })
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        self.text_with(|_| None)
    }

    fn text_with<'s>(&'s self, extra: impl Fn(usize) -> Option<&'s str>) -> String {
        let mut text = String::with_capacity(self.example.text.len() + 16);
        let mut end = 0;
        for (span, word) in self.edits(extra) {
            text.push_str(&self.example.text[end..span.start]);
            text.push_str(word);
            end = span.end;
        }
        text.push_str(&self.example.text[end..]);
        text
    }

    /// What is cut from the text as it was, and what is put there. With a word that is left out goes
    /// the space before it, or behind it where it begins the text.
    fn edits<'s>(
        &'s self,
        extra: impl Fn(usize) -> Option<&'s str>,
    ) -> Vec<(Range<usize>, &'s str)> {
        let text = &self.example.text;
        let mut edits = Vec::new();
        let mut end = 0;
        // Whether nothing is left of all before.
        let mut begins = true;
        for (at, span) in self.spans.iter().enumerate() {
            let Some(word) = extra(at).or(self.anew[at].as_deref()) else {
                continue;
            };
            let mut span = span.clone();
            if word.is_empty() {
                span.start = text[..span.start].trim_end().len().max(end);
                if begins && span.start == end {
                    span.end = text.len() - text[span.end..].trim_start().len();
                }
            }
            begins &= word.is_empty() && span.start == end;
            end = span.end;
            edits.push((span, word));
        }
        edits
    }

    /// The example as it is now, its evidence moved along, and where words were written anew.
    pub(crate) fn finish(&self) -> (Example, Vec<Range<usize>>) {
        let mut written = Vec::new();
        // Where each edit ends in the old text, and by how much all behind it has moved.
        let mut moves: Vec<(Range<usize>, isize)> = Vec::new();
        let mut by = 0isize;
        for (span, word) in self.edits(|_| None) {
            let start = span.start.saturating_add_signed(by);
            written.push(start..start + word.len());
            by += word.len() as isize - span.len() as isize;
            moves.push((span, by));
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
        let text = self.text();
        let evidence = self.example.evidence.as_ref().map(|parts| {
            let moved = parts.iter().map(|part| {
                let (start, end) = (to(part.start, false), to(part.end, true));
                // A part whose first word is left out does not begin with the space behind it.
                let space = text[start..end].len() - text[start..end].trim_start().len();
                start + space..end
            });
            moved.filter(|part| part.start < part.end).collect()
        });
        let example = Example {
            text,
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
        assert_eq!(after.text, "A tedious, film!");
        assert_eq!(written, [2..9, 10..10]);
        assert_eq!(after.evidence, Some(vec![2..9, 11..15]));
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

    #[test]
    fn a_word_left_out_takes_its_space_along() {
        let example = Example {
            id: String::new(),
            text: "One two, three four".to_owned(),
            query: None,
            label: 0,
            evidence: Some(vec![0..7, 9..19]),
        };
        let mut draft = Draft::new(&example);
        assert_eq!(draft.with(0, ""), "two, three four");
        assert_eq!(draft.with(3, ""), "One two, three");
        draft.write(0, "");
        draft.write(1, "");
        assert_eq!(draft.text(), ", three four");
        let both = [(2, "3".to_owned()), (3, String::new())];
        assert_eq!(draft.with_all(&both), ", 3");
        draft.write(2, "");
        let (after, written) = draft.finish();
        assert_eq!(
            (after.text.as_str(), written),
            (", four", vec![0..0, 0..0, 1..1])
        );
        assert_eq!(after.evidence, Some(vec![2..6]));
        draft.write(3, "");
        assert_eq!(draft.finish().0.evidence, Some(vec![]));
    }
}
