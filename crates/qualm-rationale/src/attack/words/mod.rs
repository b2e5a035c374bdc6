//! Words and letters changed, one word after another.

mod checklist;
mod deepwordbug;
mod draft;
mod greedy;
mod letters;
mod pruthi;
mod pwws;
mod reduction;
mod stop_words;
mod synonyms;

pub(crate) use checklist::checklist;
pub(crate) use deepwordbug::deepwordbug;
pub(crate) use draft::Draft;
pub(crate) use greedy::finish;
pub(crate) use pruthi::pruthi;
pub(crate) use pwws::{pwws, pwws_textattack};
pub(crate) use reduction::reduction;
pub(crate) use stop_words::is_stop_word;
pub(crate) use synonyms::{like, synonyms};

#[cfg(test)]
mod tests {
    use crate::RationaleError;
    use crate::data::Example;
    use crate::segment::words;
    use crate::thesaurus::Thesaurus;
    use crate::victim::{Input, Victim};

    /// Two classes; the logit of class 1 is the sum of the weights of a text's words, as they are or
    /// in small letters, and of the phrases in it that have a space.
    pub(super) struct Sums(Vec<(String, f64)>);

    impl Sums {
        pub(super) fn new(weights: &[(&str, f64)]) -> Self {
            let weights = weights.iter();
            Self(
                weights
                    .map(|(word, weight)| ((*word).to_owned(), *weight))
                    .collect(),
            )
        }

        fn logit(&self, text: &str) -> f64 {
            let words: Vec<&str> = words(text).into_iter().map(|span| &text[span]).collect();
            let weights = self.0.iter().map(|(phrase, weight)| {
                let times = if phrase.contains(' ') {
                    text.matches(phrase.as_str()).count()
                } else {
                    let same = |word: &&&str| *word == phrase || word.to_lowercase() == *phrase;
                    words.iter().filter(same).count()
                };
                times as f64 * weight
            });
            weights.sum()
        }
    }

    impl Victim for Sums {
        fn classes(&self) -> usize {
            2
        }

        fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
            let rows = inputs.iter().flat_map(|input| {
                let p = 1.0 / (1.0 + (-self.logit(input.text)).exp());
                [1.0 - p, p]
            });
            Ok(rows.collect())
        }
    }

    /// A thesaurus of a few words.
    pub(super) struct Words(pub(super) &'static [(&'static str, &'static [&'static str])]);

    impl Thesaurus for Words {
        fn synonyms(&self, word: &str) -> Vec<String> {
            let found = self.0.iter().find(|(known, _)| *known == word);
            let others = found.into_iter().flat_map(|(_, others)| others.iter());
            others.map(|other| (*other).to_owned()).collect()
        }

        fn antonym(&self, _: &str) -> Option<String> {
            None
        }
    }

    /// An example of class 1.
    pub(super) fn example(text: &str) -> Example {
        Example {
            id: String::new(),
            text: text.to_owned(),
            query: None,
            label: 1,
            evidence: None,
        }
    }
}
