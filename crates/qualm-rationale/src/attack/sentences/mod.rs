//! A sentence added to a text.

mod pools;
mod query;
mod template;

pub use pools::{NEUTRAL, add_corpus, add_random};
pub use query::{Gazetteer, add_query};
pub use template::{TEMPLATES, Template, add_template};

use crate::RationaleError;
use crate::attack::{Attacked, Change, Outcome};
use crate::data::Example;
use crate::model::best;
use crate::victim::Victim;

/// A sentence to add, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// What it is called in tables: "tea, start".
    pub name: String,
    /// The sentence.
    pub sentence: String,
    /// Before the sentence of this number; `usize::MAX` behind the last.
    pub at: usize,
}

impl Insertion {
    /// The sentence first, and the sentence last.
    pub(crate) fn at_both_ends(name: &str, sentence: &str) -> [Self; 2] {
        [("start", 0), ("end", usize::MAX)].map(|(place, at)| Self {
            name: format!("{name}, {place}"),
            sentence: sentence.to_owned(),
            at,
        })
    }
}

/// What a victim makes of each insertion, in their order. All are tried, whatever the first do:
/// tables compare places and templates.
///
/// # Errors
/// When the victim does not answer.
pub fn try_all(
    victim: &dyn Victim,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Vec<(Attacked, f64)>, RationaleError> {
    let mut inputs = vec![example.input()];
    let made: Vec<_> = insertions
        .iter()
        .map(|insertion| example.with_sentence(&insertion.sentence, insertion.at))
        .collect();
    inputs.extend(made.iter().map(|(example, _)| example.input()));
    let rows = victim.probabilities(&inputs)?;
    let mut rows = rows.chunks(victim.classes());
    let before = rows.next().map_or(0, best);
    let tried = made.into_iter().zip(insertions).zip(rows);
    let tried = tried.map(|(((changed, span), insertion), row)| {
        let outcome = if before != example.label {
            Outcome::Skipped
        } else if best(row) == example.label {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        };
        let attacked = Attacked {
            example: changed,
            written: vec![span],
            changes: vec![Change {
                from: String::new(),
                to: insertion.sentence.clone(),
            }],
            outcome,
            queries: insertions.len() + 1,
            words_changed: 0.0,
            variant: Some(insertion.name.clone()),
        };
        (attacked, row[example.label])
    });
    Ok(tried.collect())
}

/// The insertion that makes the example's class least likely; of equals the first. Without one the
/// example stays what it was.
///
/// # Errors
/// When the victim does not answer.
pub fn worst(
    victim: &dyn Victim,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Attacked, RationaleError> {
    let mut worst: Option<(Attacked, f64)> = None;
    for tried in try_all(victim, example, insertions)? {
        if worst.as_ref().is_none_or(|(_, least)| tried.1 < *least) {
            worst = Some(tried);
        }
    }
    match worst {
        Some((attacked, _)) => Ok(attacked),
        None => {
            let before = best(&victim.probabilities(&[example.input()])?);
            let outcome = if before == example.label {
                Outcome::Failed
            } else {
                Outcome::Skipped
            };
            Ok(Attacked::untouched(example, outcome, 1))
        }
    }
}
