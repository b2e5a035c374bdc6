use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{by_importance, in_order};
use crate::attack::words::stop_words::is_stop_word;
use crate::thesaurus::Thesaurus;

/// Synonyms in the order of the importance that leaving a word out shows: TextFooler's search (Jin
/// et al., AAAI 2020) over a thesaurus, without its neighbours of word vectors and its check by a
/// sentence encoder.
pub(crate) fn synonyms(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    thesaurus: &dyn Thesaurus,
) -> Result<Outcome, RationaleError> {
    let words = (0..draft.len()).filter(|at| !is_stop_word(draft.word(*at)));
    let order = by_importance(asked, draft, words.collect(), "")?;
    in_order(asked, draft, &order, |draft, at| {
        candidates(draft, at, thesaurus)
    })
}

/// Synonyms of a word as it stands, in its case; none of them the word itself.
pub(crate) fn candidates(draft: &Draft<'_>, at: usize, thesaurus: &dyn Thesaurus) -> Vec<String> {
    let word = draft.word(at);
    let small = word.to_lowercase();
    let others = thesaurus.synonyms(&small).into_iter();
    others
        .filter(|other| other.to_lowercase() != small)
        .map(|other| like(word, &other))
        .collect()
}

/// A word in the case of another: all capitals, the first one, or as it is.
pub(crate) fn like(model: &str, word: &str) -> String {
    let mut letters = model.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let mut rest = letters.filter(|letter| letter.is_alphabetic()).peekable();
    if first && rest.peek().is_some() && rest.all(char::is_uppercase) {
        return word.to_uppercase();
    }
    let mut letters = word.chars();
    match letters.next() {
        Some(letter) if first => letter.to_uppercase().chain(letters).collect(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_take_the_case_of_what_they_replace() {
        assert_eq!(like("GOOD", "fine"), "FINE");
        assert_eq!(like("Good", "fine"), "Fine");
        assert_eq!(like("good", "fine"), "fine");
        assert_eq!(like("I", "me"), "Me");
    }
}
