use std::collections::BTreeSet;

use qualm_stats::Stream;

use crate::attack::sentences::Insertion;
use crate::attack::words::{is_stop_word, like};
use crate::data::Dataset;
use crate::segment::{is_word, tokens};
use crate::thesaurus::Thesaurus;

/// Names that a data set speaks of: runs of words with a capital letter that do not begin a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gazetteer {
    names: Vec<String>,
}

/// A piece of a sentence: a name, or any other token with the space behind it.
struct Piece<'a> {
    text: &'a str,
    space: &'a str,
    name: bool,
}

impl Gazetteer {
    /// The names in the queries of a data set, in the order of the alphabet.
    pub fn of(set: &Dataset) -> Self {
        let queries = set.examples.iter().filter_map(|e| e.query.as_deref());
        let names: BTreeSet<String> = queries
            .flat_map(|query| pieces(query).into_iter().skip(1))
            .filter(|piece| piece.name && piece.text.chars().nth(1).is_some())
            .map(|piece| piece.text.to_owned())
            .collect();
        Self {
            names: names.into_iter().collect(),
        }
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Another name, drawn from those of the same kind, or from all where there is none.
    fn other(&self, name: &str, stream: &mut Stream) -> Option<&str> {
        let others = || self.names.iter().filter(|other| *other != name);
        let mut found: Vec<&String> = others().filter(|o| kind(o) == kind(name)).collect();
        if found.is_empty() {
            found = others().collect();
        }
        found
            .get(stream.below(found.len()))
            .map(|other| other.as_str())
    }
}

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What a name is likely to stand for: a day, a month, or by its number of words. Persons mostly
/// have two, places one, titles three and more; Chen et al. ask a tagger.
#[derive(PartialEq, Eq)]
enum Kind {
    Day,
    Month,
    Words(usize),
}

fn kind(name: &str) -> Kind {
    match name {
        _ if DAYS.contains(&name) => Kind::Day,
        _ if MONTHS.contains(&name) => Kind::Month,
        _ => Kind::Words(name.split(' ').count().min(3)),
    }
}

/// Verbs that `not` may follow, for a sentence that nothing else turns round.
const VERBS: [&str; 15] = [
    "is", "was", "are", "were", "has", "had", "can", "could", "may", "must", "will", "would",
    "should", "did", "does",
];

/// AddQuery, after AddText-Adv for FEVER (Chen et al., NAACL 2022) and AddOneSent (Jia and Liang,
/// EMNLP 2017): the query with each name exchanged for another of the data set, of its kind where
/// there is one, and each word that has an antonym turned into it, but for function words; where
/// nothing changes, `not` behind its first verb. `strong` puts that there in any case. Before each
/// sentence up to the tenth and behind the last.
///
/// There is none where nothing can be changed.
pub fn add_query(
    query: &str,
    sentences: usize,
    names: &Gazetteer,
    thesaurus: &dyn Thesaurus,
    strong: bool,
    stream: &mut Stream,
) -> Vec<Insertion> {
    const PLACES: usize = 10;
    let Some(sentence) = turned(query, names, thesaurus, strong, stream) else {
        return Vec::new();
    };
    let places = (0..sentences.min(PLACES)).map(|at| (format!("before {}", at + 1), at));
    let last = std::iter::once(("end".to_owned(), usize::MAX));
    places
        .chain(last)
        .map(|(name, at)| Insertion {
            name,
            sentence: sentence.clone(),
            at,
        })
        .collect()
}

fn turned(
    query: &str,
    names: &Gazetteer,
    thesaurus: &dyn Thesaurus,
    strong: bool,
    stream: &mut Stream,
) -> Option<String> {
    let pieces = pieces(query);
    let mut changed = false;
    let mut made = String::new();
    for piece in &pieces {
        let small = piece.text.to_lowercase();
        let other = if piece.name {
            names.other(piece.text, stream).map(str::to_owned)
        } else if is_stop_word(&small) {
            None
        } else {
            let opposite = thesaurus.antonym(&small);
            opposite.map(|opposite| like(piece.text, &opposite))
        };
        changed |= other.is_some();
        made.push_str(other.as_deref().unwrap_or(piece.text));
        made.push_str(piece.space);
    }
    if !changed || strong {
        let verb = made.split(' ').position(|word| VERBS.contains(&word));
        if let Some(verb) = verb {
            let words = made.split(' ').enumerate().map(|(at, word)| {
                let not = if at == verb { " not" } else { "" };
                format!("{word}{not}")
            });
            made = words.collect::<Vec<_>>().join(" ");
            changed = true;
        }
    }
    changed.then_some(made)
}

/// Names, which are runs of words with a capital letter, and all other tokens. What begins the
/// sentence is a name if it has a capital, too, for most queries begin with one; but function words
/// there are none, nor are they anywhere by themselves.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let spans = tokens(text);
    let mut found: Vec<(std::ops::Range<usize>, bool)> = Vec::new();
    for span in spans {
        let token = &text[span.clone()];
        let capital = is_word(token) && token.starts_with(char::is_uppercase);
        match found.last_mut() {
            Some((last, true)) if capital && text[last.end..span.start] == *" " => {
                last.end = span.end;
            }
            _ => {
                let name = capital && !(found.is_empty() && is_stop_word(token));
                found.push((span, name));
            }
        }
    }
    for (span, name) in &mut found {
        *name &= !is_stop_word(&text[span.clone()]);
    }
    let starts: Vec<usize> = found.iter().map(|(span, _)| span.start).collect();
    let ends = starts.into_iter().skip(1).chain([text.len()]);
    found
        .into_iter()
        .zip(ends)
        .map(|((span, name), next)| Piece {
            text: &text[span.clone()],
            space: &text[span.end..next],
            name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Example;
    use crate::thesaurus::BuiltIn;

    fn gazetteer(queries: &[&str]) -> Gazetteer {
        let example = |query: &&str| Example {
            id: String::new(),
            text: String::new(),
            query: Some((*query).to_owned()),
            label: 0,
            evidence: None,
        };
        Gazetteer::of(&Dataset {
            name: String::new(),
            classes: Vec::new(),
            examples: queries.iter().map(example).collect(),
        })
    }

    #[test]
    fn names_are_runs_of_capitals() {
        let names = gazetteer(&[
            "Paris lies in France.",
            "The king met Anna Maria Smith twice.",
        ]);
        assert_eq!(names.names(), ["Anna Maria Smith", "France"]);
    }

    #[test]
    fn names_and_opposites_are_exchanged_and_else_it_is_denied() {
        let names = gazetteer(&["He met Anna."]);
        let mut stream = Stream::new(1, 0);
        let mut turn = |query: &str, strong| turned(query, &names, &BuiltIn, strong, &mut stream);
        assert_eq!(turn("Bert won.", false).as_deref(), Some("Anna lost."));
        assert_eq!(
            turn("it is here.", false).as_deref(),
            Some("it is not here.")
        );
        assert_eq!(
            turn("Bert was first.", true).as_deref(),
            Some("Anna was not last.")
        );
        assert_eq!(turn("nothing to turn", false), None);
        // The only name has no other.
        assert_eq!(turn("Anna sang", false), None);
    }

    #[test]
    fn function_words_are_no_names_and_have_no_opposite() {
        let names = gazetteer(&["He met Anna.", "He saw it. In Rome he saw B."]);
        assert_eq!(names.names(), ["Anna", "In Rome"]);
        let names = gazetteer(&["He met Anna."]);
        let mut stream = Stream::new(1, 0);
        let mut turn = |query: &str| turned(query, &names, &BuiltIn, false, &mut stream);
        assert_eq!(
            turn("A good man was here.").as_deref(),
            Some("A bad woman was here.")
        );
        assert_eq!(
            turn("In 2002, Bert won more.").as_deref(),
            Some("In 2002, Anna lost more.")
        );
        assert_eq!(turn("The King won.").as_deref(), Some("The Anna lost."));
    }

    #[test]
    fn a_name_is_exchanged_for_one_of_its_kind() {
        let names = gazetteer(&[
            "It is Rome.",
            "It is in May by Anna Smith.",
            "It is The Great Lake Song",
        ]);
        let mut stream = Stream::new(1, 0);
        let mut other = |name: &str| names.other(name, &mut stream).map(str::to_owned);
        for _ in 0..20 {
            assert_eq!(other("Bert Jones").as_deref(), Some("Anna Smith"));
            assert_eq!(other("July").as_deref(), Some("May"));
            assert_eq!(other("Paris").as_deref(), Some("Rome"));
            assert_eq!(
                other("A Tale of Two").as_deref(),
                Some("The Great Lake Song")
            );
            // The only one of its kind: any other.
            assert_ne!(other("Rome").unwrap(), "Rome");
        }
    }

    #[test]
    fn every_place_up_to_the_tenth() {
        let names = gazetteer(&[]);
        let mut stream = Stream::new(1, 0);
        let made = add_query("it is here.", 12, &names, &BuiltIn, false, &mut stream);
        assert_eq!(made.len(), 11);
        assert_eq!(
            (made[0].name.as_str(), made[10].at),
            ("before 1", usize::MAX)
        );
    }
}
