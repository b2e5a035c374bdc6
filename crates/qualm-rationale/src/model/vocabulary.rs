use std::collections::HashMap;

use crate::segment::tokens;

/// The words that a model has vectors for. All others are one word, the unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Vocabulary {
    /// The number of the word that stands for all unknown ones.
    pub const UNKNOWN: u32 = 0;

    /// The words that stand in these texts at least `least` times, the most frequent first and no
    /// more than `most`; of equals the first in the alphabet.
    ///
    /// ```
    /// use qualm_rationale::model::Vocabulary;
    /// let words = Vocabulary::of(["So good!!!!", "so bad", "so so"].into_iter(), 2, 100);
    /// assert_eq!((words.len(), words.number("SO"), words.number("bad")), (2, 1, 0));
    /// ```
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, least: usize, most: usize) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for text in texts {
            for span in tokens(text) {
                *counts.entry(normal(&text[span])).or_default() += 1;
            }
        }
        let mut counted: Vec<(String, usize)> = counts
            .into_iter()
            .filter(|(_, count)| *count >= least)
            .collect();
        counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counted.truncate(most);
        Self::from_words(counted.into_iter().map(|(word, _)| word).collect())
    }

    /// Words in the order of their numbers, which begin behind the unknown's.
    pub(crate) fn from_words(words: Vec<String>) -> Self {
        let numbers = words.iter().cloned().zip(1..).collect();
        Self { words, numbers }
    }

    /// The words in the order of their numbers, without the unknown.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Words, the unknown among them.
    #[expect(clippy::len_without_is_empty, reason = "the unknown is always there")]
    pub fn len(&self) -> usize {
        self.words.len() + 1
    }

    /// The number of a token as it stands in a text.
    pub fn number(&self, token: &str) -> u32 {
        self.numbers
            .get(&normal(token))
            .copied()
            .unwrap_or(Self::UNKNOWN)
    }
}

/// What a token counts as: small letters, one kind of apostrophe, at most three marks of a run.
pub(crate) fn normal(token: &str) -> String {
    let mut normal = token.to_lowercase().replace(['`', '’'], "'");
    if let Some((end, _)) = normal.char_indices().nth(3)
        && !normal.starts_with(char::is_alphanumeric)
    {
        normal.truncate(end);
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_people_read_as_one_are_one() {
        assert_eq!(normal("Don`t"), "don't");
        assert_eq!(normal("!!!!!!"), "!!!");
        assert_eq!(normal("★★★★★"), "★★★");
        assert_eq!(normal("LOVED"), "loved");
    }

    #[test]
    fn frequent_words_come_first_and_equals_by_the_alphabet() {
        let texts = ["b a c", "c b a", "c d"];
        let words = Vocabulary::of(texts.into_iter(), 2, 2);
        assert_eq!(words.words(), ["c", "a"]);
        assert_eq!(words.number("b"), Vocabulary::UNKNOWN);
    }
}
