use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::over_all;
use crate::attack::words::synonyms::like;

/// Short forms and the long ones.
const CONTRACTIONS: [(&str, &str); 24] = [
    ("isn't", "is not"),
    ("aren't", "are not"),
    ("wasn't", "was not"),
    ("weren't", "were not"),
    ("don't", "do not"),
    ("doesn't", "does not"),
    ("didn't", "did not"),
    ("can't", "cannot"),
    ("couldn't", "could not"),
    ("won't", "will not"),
    ("wouldn't", "would not"),
    ("shouldn't", "should not"),
    ("haven't", "have not"),
    ("hasn't", "has not"),
    ("hadn't", "had not"),
    ("it's", "it is"),
    ("that's", "that is"),
    ("i'm", "I am"),
    ("i've", "I have"),
    ("you're", "you are"),
    ("we're", "we are"),
    ("they're", "they are"),
    ("he's", "he is"),
    ("she's", "she is"),
];
const FIRST_NAMES: [&str; 24] = [
    "James", "Mary", "John", "Linda", "Robert", "Susan", "Michael", "Sarah", "William", "Karen",
    "David", "Nancy", "Richard", "Lisa", "Joseph", "Emma", "Thomas", "Laura", "Daniel", "Anna",
    "Paul", "Maria", "Mark", "Julia",
];
const PLACES: [&str; 24] = [
    "London",
    "Paris",
    "Berlin",
    "Madrid",
    "Rome",
    "Vienna",
    "Boston",
    "Chicago",
    "Dallas",
    "Seattle",
    "Denver",
    "Toronto",
    "Sydney",
    "Tokyo",
    "Delhi",
    "Cairo",
    "France",
    "Germany",
    "Spain",
    "Italy",
    "Canada",
    "Australia",
    "Japan",
    "India",
];
/// Other names and places tried for each.
const OTHERS: usize = 5;

/// What should change no class (Ribeiro et al., ACL 2020), as TextAttack's recipe has it: short forms
/// written out, names and places of small lists exchanged, numbers changed; all of them tried, the
/// worst first.
pub(crate) fn checklist(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
) -> Result<Outcome, RationaleError> {
    let words: Vec<usize> = (0..draft.len()).collect();
    let most = words.len();
    over_all(asked, draft, words, most, |draft, at| {
        invariant(draft.word(at))
    })
}

/// What a word may be exchanged for without a change of meaning that should matter.
fn invariant(word: &str) -> Vec<String> {
    let small = word.to_lowercase().replace(['`', '’'], "'");
    if let Some((_, long)) = CONTRACTIONS.iter().find(|(short, _)| *short == small) {
        return vec![like(word, long)];
    }
    for list in [&FIRST_NAMES, &PLACES] {
        if let Some(at) = list.iter().position(|name| *name == word) {
            // The next of the list, round: none is drawn.
            let others = (1..=OTHERS).map(|by| list[(at + by) % list.len()].to_owned());
            return others.collect();
        }
    }
    match word.parse::<u32>() {
        Ok(number) if word.chars().all(|c| c.is_ascii_digit()) => [
            number.saturating_add(1),
            number.saturating_sub(1),
            number.saturating_mul(2),
        ]
        .into_iter()
        .filter(|other| *other != number)
        .map(|other| other.to_string())
        .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exchanged_and_what_is_not() {
        assert_eq!(invariant("Don`t"), ["Do not"]);
        assert_eq!(invariant("Julia")[0], "James");
        assert_eq!(invariant("Paris").len(), OTHERS);
        assert_eq!(invariant("10"), ["11", "9", "20"]);
        assert_eq!(invariant("0"), ["1"]);
        assert!(invariant("film").is_empty() && invariant("julia").is_empty());
    }
}
