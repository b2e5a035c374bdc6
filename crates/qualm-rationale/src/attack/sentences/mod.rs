//! A sentence added to a text.

mod pools;
mod query;
mod template;

pub use pools::{NEUTRAL, add_corpus, add_random};
pub use query::{Gazetteer, add_query};
pub use template::{TEMPLATES, Template, add_template};

use std::ops::Range;

use crate::RationaleError;
use crate::attack::asked::Asked;
use crate::attack::{Attacked, Change, Outcome};
use crate::data::Example;
use crate::segment::sentences;
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

/// An insertion that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The example with it.
    pub attacked: Attacked,
    /// Probability of the example's class.
    pub of_label: f64,
    /// Whether that class is predicted, whatever was before.
    pub right: bool,
}

/// What a victim makes of each insertion, in their order. All are tried, whatever the first do, and
/// on a text that was wrong before, too: tables compare places and templates, and what a model
/// selects of a sentence hangs on no success. Each counts the queries of all.
///
/// # Errors
/// When the victim does not answer, or not as a classifier does.
pub fn try_all(
    victim: &dyn Victim,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Vec<Tried>, RationaleError> {
    let mut asked = Asked::new(victim, example, usize::MAX);
    try_within(&mut asked, example, insertions)
}

/// The same, as far as the budget of queries goes.
fn try_within(
    asked: &mut Asked<'_>,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Vec<Tried>, RationaleError> {
    let made: Vec<_> = insertions
        .iter()
        .map(|insertion| example.with_sentence(&insertion.sentence, insertion.at))
        .collect();
    let mut texts = vec![example.text.clone()];
    texts.extend(made.iter().map(|(made, _)| made.text.clone()));
    let mut answers = asked.ask(&texts)?.into_iter();
    let right_before = answers.next().is_some_and(|answer| answer.right);
    let tried = made.into_iter().zip(insertions).zip(answers);
    let tried = tried.map(|(((changed, span), insertion), answer)| {
        let outcome = match (right_before, answer.right) {
            (false, _) => Outcome::Skipped,
            (true, true) => Outcome::Failed,
            (true, false) => Outcome::Succeeded,
        };
        let attacked = Attacked {
            example: changed,
            written: vec![span],
            changes: vec![Change {
                at: place(example, insertion.at),
                from: String::new(),
                to: insertion.sentence.clone(),
            }],
            outcome,
            queries: asked.queries(),
            words_changed: 0.0,
            variant: Some(insertion.name.clone()),
        };
        Tried {
            attacked,
            of_label: answer.of_label,
            right: answer.right,
        }
    });
    Ok(tried.collect())
}

/// The worst of the insertions, by [`worst_of`]. Without one the example stays what it was.
///
/// # Errors
/// When the victim does not answer, or not as a classifier does.
pub fn worst(
    victim: &dyn Victim,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Attacked, RationaleError> {
    let mut asked = Asked::new(victim, example, usize::MAX);
    worst_within(&mut asked, example, insertions)
}

/// The same, as far as the budget of queries goes.
pub(crate) fn worst_within(
    asked: &mut Asked<'_>,
    example: &Example,
    insertions: &[Insertion],
) -> Result<Attacked, RationaleError> {
    if let Some(worst) = worst_of(&try_within(asked, example, insertions)?) {
        return Ok(worst.attacked.clone());
    }
    let outcome = match asked.ask_one(&example.text)? {
        Some(answer) if !answer.right => Outcome::Skipped,
        _ => Outcome::Failed,
    };
    Ok(Attacked::untouched(example, outcome, asked.queries()))
}

/// Of those that predict another class, or else of all, the one that makes the example's class least
/// likely; of equals the first. With more than two classes the one that makes it least likely need
/// not be one that predicts another.
pub fn worst_of(tried: &[Tried]) -> Option<&Tried> {
    let rank = |tried: &Tried| (tried.right, tried.of_label);
    let mut worst: Option<&Tried> = None;
    for tried in tried {
        if worst.is_none_or(|worst| rank(tried) < rank(worst)) {
            worst = Some(tried);
        }
    }
    worst
}

/// Where in the text as it was the sentence of this number begins, or where the text ends.
fn place(example: &Example, at: usize) -> Range<usize> {
    let starts = sentences(&example.text);
    let place = starts.get(at).map_or(example.text.len(), |next| next.start);
    place..place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::victim::Input;

    /// Three classes; what it says hangs on the sentence.
    struct Three;

    impl Victim for Three {
        fn classes(&self) -> usize {
            3
        }

        fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
            let row = |input: &Input<'_>| match input.text {
                text if text.contains("unsure") => [0.36, 0.32, 0.32],
                text if text.contains("other") => [0.4, 0.55, 0.05],
                _ => [0.9, 0.05, 0.05],
            };
            Ok(inputs.iter().flat_map(row).collect())
        }
    }

    fn example() -> Example {
        Example {
            id: String::new(),
            text: "A b. C d.".to_owned(),
            query: None,
            label: 0,
            evidence: Some(vec![5..6]),
        }
    }

    fn insertions() -> Vec<Insertion> {
        let named = [("unsure", 0), ("other", 1), ("plain", usize::MAX)];
        named
            .map(|(name, at)| Insertion {
                name: name.to_owned(),
                sentence: format!("X {name}."),
                at,
            })
            .to_vec()
    }

    #[test]
    fn one_that_changes_the_class_is_worse_than_one_that_makes_it_less_likely() {
        let example = example();
        let tried = try_all(&Three, &example, &insertions()).unwrap();
        let outcomes = tried.iter().map(|t| (t.attacked.outcome, t.of_label));
        let outcomes: Vec<_> = outcomes.collect();
        let (failed, succeeded) = (Outcome::Failed, Outcome::Succeeded);
        assert_eq!(outcomes, [(failed, 0.36), (succeeded, 0.4), (failed, 0.9)]);
        let changes = tried.iter().map(|tried| &tried.attacked.changes[0]);
        let places: Vec<_> = changes.map(|change| change.at.clone()).collect();
        assert_eq!(places, [0..0, 5..5, 9..9]);
        let worst = worst(&Three, &example, &insertions()).unwrap();
        assert_eq!(worst.variant.as_deref(), Some("other"));
        assert_eq!(worst.example.text, "A b. X other. C d.");
        assert_eq!(worst.written, [5..13]);
        assert_eq!(worst.example.evidence, Some(vec![14..15]));
        assert_eq!(worst.queries, 4);
    }

    #[test]
    fn without_one_that_does_the_least_likely_is_the_worst() {
        let (example, mut insertions) = (example(), insertions());
        insertions.remove(1);
        // What makes a text that stood before costs no query.
        insertions.push(insertions[0].clone());
        let least = worst(&Three, &example, &insertions).unwrap();
        assert_eq!(least.variant.as_deref(), Some("unsure"));
        assert_eq!((least.outcome, least.queries), (Outcome::Failed, 3));
        let none = worst(&Three, &example, &[]).unwrap();
        assert_eq!((none.outcome, none.queries), (Outcome::Failed, 1));
        assert_eq!(none.example, example);
    }

    #[test]
    fn what_was_wrong_before_is_skipped_and_yet_written() {
        let wrong = Example {
            label: 2,
            ..example()
        };
        let skipped = worst(&Three, &wrong, &insertions()).unwrap();
        assert_eq!(skipped.outcome, Outcome::Skipped);
        assert!(skipped.example.text.contains("X other."));
        let none = worst(&Three, &wrong, &[]).unwrap();
        assert_eq!(none.outcome, Outcome::Skipped);
    }

    #[test]
    fn what_the_budget_does_not_cover_is_not_tried() {
        let example = example();
        let mut asked = Asked::new(&Three, &example, 2);
        let worst = worst_within(&mut asked, &example, &insertions()).unwrap();
        assert_eq!(worst.variant.as_deref(), Some("unsure"));
        assert_eq!((worst.outcome, worst.queries), (Outcome::Failed, 2));
    }
}
