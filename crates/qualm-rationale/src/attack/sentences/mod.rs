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

/// What a victim makes of an insertion.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The example with it.
    pub attacked: Attacked,
    /// Probability of the example's class.
    pub of_label: f64,
    /// Whether that class is predicted, whatever was before.
    pub right: bool,
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
) -> Result<Vec<Tried>, RationaleError> {
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
        Tried {
            attacked,
            of_label: row[example.label],
            right: best(row) == example.label,
        }
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
    match worst_of(&try_all(victim, example, insertions)?) {
        Some(worst) => Ok(worst.attacked.clone()),
        None => {
            let right = best(&victim.probabilities(&[example.input()])?) == example.label;
            let outcome = if right {
                Outcome::Failed
            } else {
                Outcome::Skipped
            };
            Ok(Attacked::untouched(example, outcome, 1))
        }
    }
}

/// The one that makes the class least likely; of equals the first.
pub fn worst_of(tried: &[Tried]) -> Option<&Tried> {
    let mut worst: Option<&Tried> = None;
    for tried in tried {
        if worst.is_none_or(|worst| tried.of_label < worst.of_label) {
            worst = Some(tried);
        }
    }
    worst
}
