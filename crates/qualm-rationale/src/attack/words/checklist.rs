use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{Writing, over_all};
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

/// What should change no class (Ribeiro et al., ACL 2020), with the search of TextAttack's recipe:
/// short forms written out and long ones shortened, names and places exchanged, numbers changed; all
/// of them tried, the worst first. Names and places are those of small lists, where TextAttack asks a
/// tagger, and none is drawn.
pub(crate) fn checklist(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
) -> Result<Outcome, RationaleError> {
    let words: Vec<usize> = (0..draft.len()).collect();
    let most = words.len();
    over_all(asked, draft, words, most, |draft, at| {
        let alone = invariant(draft.word(at)).into_iter();
        let alone = alone.map(|other| vec![(at, other)]);
        alone.chain(shortened(draft, at)).collect()
    })
}

/// A word and the next as a short form: `do not` as `don't`.
fn shortened(draft: &Draft<'_>, at: usize) -> Option<Writing> {
    if at + 1 >= draft.len() || !draft.only_space_behind(at) {
        return None;
    }
    let (word, next) = (draft.word(at), draft.word(at + 1).to_lowercase());
    let both = format!("{} {next}", word.to_lowercase());
    let (short, _) = CONTRACTIONS
        .iter()
        .find(|(_, long)| long.to_lowercase() == both)?;
    let short = if *word == word.to_uppercase() && word.len() > 1 {
        short.to_uppercase()
    } else if word.starts_with(char::is_uppercase) {
        like("Aa", short)
    } else {
        (*short).to_owned()
    };
    Some(vec![(at, short), (at + 1, String::new())])
}

/// What a word may be exchanged for without a change of meaning that should matter.
fn invariant(word: &str) -> Vec<String> {
    let small = word.to_lowercase().replace(['`', '’'], "'");
    if let Some((_, long)) = CONTRACTIONS.iter().find(|(short, _)| *short == small) {
        return vec![like(word, long)];
    }
    if let Some((short, _)) = CONTRACTIONS.iter().find(|(_, long)| *long == small) {
        return vec![like(word, short)];
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
    use crate::attack::words::tests::{Sums, example};

    #[test]
    fn what_is_exchanged_and_what_is_not() {
        assert_eq!(invariant("Don`t"), ["Do not"]);
        assert_eq!(invariant("Julia")[0], "James");
        assert_eq!(invariant("Paris").len(), OTHERS);
        assert_eq!(invariant("10"), ["11", "9", "20"]);
        assert_eq!(invariant("0"), ["1"]);
        assert!(invariant("film").is_empty() && invariant("julia").is_empty());
    }

    #[test]
    fn long_forms_are_shortened_where_only_space_is_between() {
        let long = |text: &str, at| {
            let example = example(text);
            let draft = Draft::new(&example);
            shortened(&draft, at).map(|writing| draft.with_all(&writing))
        };
        assert_eq!(long("We do not go.", 1).as_deref(), Some("We don't go."));
        assert_eq!(long("Is not", 0).as_deref(), Some("Isn't"));
        assert_eq!(long("IT IS", 0).as_deref(), Some("IT'S"));
        assert_eq!(long("I am", 0).as_deref(), Some("I'm"));
        assert_eq!(long("do, not", 0), None);
        assert_eq!(long("We do", 1), None);
        assert_eq!(invariant("Cannot"), ["Can't"]);
    }

    #[test]
    fn the_worst_of_all_exchanges_comes_first() {
        // The class hangs on `do not`; the name is worth less.
        let victim = Sums::new(&[("not", 2.0), ("Paul", 1.0), ("don't", -0.5), ("Julia", 0.5)]);
        let example = example("Paul, do not go");
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        let mut draft = Draft::new(&example);
        let outcome = checklist(&mut asked, &mut draft).unwrap();
        // 3 - 2 - 0.5 = 0.5 left; then without Paul -0.5.
        assert_eq!(outcome, Outcome::Succeeded);
        assert_eq!(draft.text(), "Maria, don't go");
        assert_eq!(draft.changes(), [0, 1, 2]);
    }
}
