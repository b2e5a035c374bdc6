//! Phrases that tell of confidence, from the table `phrases.tsv`, which says what its columns mean.

use super::tables;

/// What must hold around a phrase for it to count, as bits.
pub(super) type Needs = u8;
/// The writer speaks for themselves, not of someone else.
pub(super) const OWN: Needs = 1;
/// A label stands before it.
pub(super) const LABELLED: Needs = 2;
/// It is no month.
pub(super) const VERB: Needs = 4;
/// It tells of an event, so that an "if" may follow.
pub(super) const EVENT: Needs = 8;

/// How a pattern has its meaning, as the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    Form(&'static str),
    Aligned(&'static str),
    Opposite(&'static str),
    Level(u8),
    Refusal,
    Give,
    Unknown,
    NoValue,
    Excluded,
}

/// The lines of the table: pattern, meaning, needs. None for a line that is no such thing, which
/// the test below keeps out of the table.
pub(super) fn rows() -> impl Iterator<Item = Option<(&'static str, Tie, Needs)>> {
    include_str!("phrases.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(row)
}

fn row(line: &'static str) -> Option<(&'static str, Tie, Needs)> {
    let mut cells = line.split('\t');
    let (pattern, meaning) = (cells.next()?, cells.next()?);
    let phrase = cells.next().unwrap_or("");
    let mut needs = 0;
    for need in cells.next().unwrap_or("").split_whitespace() {
        needs |= match need {
            "own" => OWN,
            "labelled" => LABELLED,
            "verb" => VERB,
            "event" => EVENT,
            _ => return None,
        };
    }
    let tie = match meaning {
        "form" => Tie::Form(phrase),
        "aligned" => Tie::Aligned(phrase),
        "opposite" => Tie::Opposite(phrase),
        "level" => Tie::Level(tables::LEVELS.iter().position(|row| row.0 == phrase)? as u8),
        "refusal" => Tie::Refusal,
        "give" => Tie::Give,
        "unknown" => Tie::Unknown,
        "no_value" => Tie::NoValue,
        "excluded" => Tie::Excluded,
        _ => return None,
    };
    Some((pattern, tie, needs))
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::Lexicon;
    use super::*;

    #[test]
    fn every_line_is_whole_and_names_a_phrase_that_some_lexicon_holds() {
        let everyday = Lexicon::named("everyday").unwrap();
        let all = Lexicon::NAMES.map(|name| Lexicon::named(name).unwrap());
        for (number, row) in rows().enumerate() {
            let (pattern, tie, _) = row.unwrap_or_else(|| panic!("row {number} is no row"));
            let known = match tie {
                Tie::Form(phrase) => all.iter().any(|lexicon| lexicon.get(phrase).is_some()),
                Tie::Aligned(phrase) | Tie::Opposite(phrase) => everyday.get(phrase).is_some(),
                _ => true,
            };
            assert!(known, "{pattern}: {tie:?}");
        }
    }
}
