//! Words as numbers, and phrases as paths through a tree of words.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::roles::{self, Roles};
use super::tokens::{Kind, Token};

/// A word of the vocabulary; 0 is any word that it does not hold.
pub(super) type WordId = u16;

/// FNV-1a, which is fast for keys of a few bytes. Its keys are ours alone, so that nobody can
/// choose them to collide: an unknown word is looked up, never stored.
#[derive(Default)]
pub(super) struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        let start = if self.0 == 0 {
            0xcbf2_9ce4_8422_2325
        } else {
            self.0
        };
        self.0 = bytes.iter().fold(start, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Table<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// All words that phrases and grammar know.
#[derive(Default)]
pub(super) struct Vocabulary {
    words: Table<Box<[u8]>, (WordId, Roles)>,
    /// "per", which "cent" may follow.
    pub(super) per: WordId,
    /// "100" in digits.
    hundred: WordId,
    percent: WordId,
}

impl Vocabulary {
    pub(super) const UNKNOWN: WordId = 0;

    /// The words of the grammar.
    pub(super) fn new() -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for (role, words) in roles::TABLE {
            for word in words.split_whitespace() {
                let id = vocabulary.add(word);
                if let Some(entry) = vocabulary.words.get_mut(word.as_bytes()) {
                    *entry = (id, entry.1 | role);
                }
            }
        }
        vocabulary.per = vocabulary.add("per");
        vocabulary.hundred = vocabulary.add("100");
        vocabulary.percent = vocabulary.add("percent");
        vocabulary
    }

    /// The number of a word in lower case, which is added if it is new. A vocabulary that is
    /// full knows no further words.
    fn add(&mut self, word: &str) -> WordId {
        let next = WordId::try_from(self.words.len() + 1).unwrap_or(Self::UNKNOWN);
        self.words
            .entry(word.as_bytes().into())
            .or_insert((next, 0))
            .0
    }

    pub(super) fn find(&self, word: &[u8]) -> (WordId, Roles) {
        if word.is_empty() {
            return (Self::UNKNOWN, 0);
        }
        self.words.get(word).copied().unwrap_or_default()
    }

    /// What a token is called in phrases.
    fn name(&self, token: &Token) -> WordId {
        match token.kind {
            Kind::Number if token.number == 100.0 => self.hundred,
            Kind::Word | Kind::Number => token.word,
            Kind::Percent => self.percent,
            _ => Self::UNKNOWN,
        }
    }
}

/// Phrases, of which the longest that begins at a token is found in as many steps as it has words.
pub(super) struct Phrases<T> {
    steps: Table<u64, u32>,
    /// By word: the node after it at the start of a phrase, or 0.
    first: Vec<u32>,
    values: Vec<Option<T>>,
}

impl<T: Clone> Phrases<T> {
    pub(super) fn new() -> Phrases<T> {
        Phrases {
            steps: Table::default(),
            first: Vec::new(),
            // Node 0 is the root.
            values: vec![None],
        }
    }

    /// Adds a phrase, already in the words that tokens become; a phrase that is there is replaced.
    pub(super) fn insert(&mut self, phrase: &str, value: T, vocabulary: &mut Vocabulary) {
        let mut node = 0_u32;
        for word in phrase.split_whitespace() {
            let word = vocabulary.add(word);
            if word == Vocabulary::UNKNOWN {
                return;
            }
            let next = self.values.len() as u32;
            let slot = if node == 0 {
                if self.first.len() <= usize::from(word) {
                    self.first.resize(usize::from(word) + 1, 0);
                }
                &mut self.first[usize::from(word)]
            } else {
                self.steps.entry(key(node, word)).or_insert(0)
            };
            if *slot == 0 {
                *slot = next;
                self.values.push(None);
            }
            node = *slot;
        }
        if node != 0 {
            self.values[node as usize] = Some(value);
        }
    }

    /// The value of a phrase, where it is there.
    pub(super) fn get(&self, phrase: &str, vocabulary: &Vocabulary) -> Option<&T> {
        let mut node = 0_u32;
        for word in phrase.split_whitespace() {
            node = self.step(node, vocabulary.find(word.as_bytes()).0)?;
        }
        self.values[node as usize].as_ref()
    }

    fn step(&self, node: u32, word: WordId) -> Option<u32> {
        if word == Vocabulary::UNKNOWN {
            return None;
        }
        if node == 0 {
            let next = self.first.get(usize::from(word)).copied()?;
            return (next != 0).then_some(next);
        }
        self.steps.get(&key(node, word)).copied()
    }

    /// The longest phrase at the start of `tokens` and how many of them it takes.
    pub(super) fn longest(&self, tokens: &[Token], vocabulary: &Vocabulary) -> Option<(usize, &T)> {
        let mut node = 0_u32;
        let mut found = None;
        for (index, token) in tokens.iter().enumerate() {
            match self.step(node, vocabulary.name(token)) {
                Some(next) => node = next,
                None => break,
            }
            if let Some(value) = &self.values[node as usize] {
                found = Some((index + 1, value));
            }
        }
        found
    }
}

fn key(node: u32, word: WordId) -> u64 {
    u64::from(node) << 16 | u64::from(word)
}

/// All phrases that a pattern stands for: "{fairly|quite|} sure" is three.
pub(super) fn expand(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return vec![pattern.to_owned()];
    };
    let Some((choices, after)) = rest.split_once('}') else {
        return vec![pattern.to_owned()];
    };
    let endings = expand(after);
    choices
        .split('|')
        .flat_map(|choice| {
            endings
                .iter()
                .map(move |ending| format!("{before}{choice}{ending}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_all_its_choices() {
        assert_eq!(
            expand("{i am|} {very|quite} sure"),
            [
                "i am very sure",
                "i am quite sure",
                " very sure",
                " quite sure"
            ]
        );
    }

    #[test]
    fn the_longest_phrase_wins() {
        let mut vocabulary = Vocabulary::new();
        let mut phrases = Phrases::new();
        phrases.insert("likely", 1, &mut vocabulary);
        phrases.insert("not likely at all", 2, &mut vocabulary);
        let find = |text: &str| {
            let tokens = super::super::tokens::tokens(text, &vocabulary);
            phrases.longest(&tokens, &vocabulary).map(|(n, v)| (n, *v))
        };
        assert_eq!(find("Likely so"), Some((1, 1)));
        assert_eq!(find("not likely at all"), Some((4, 2)));
        assert_eq!(find("not likely"), None);
    }
}
