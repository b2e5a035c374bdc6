use std::collections::{HashMap, HashSet};

use crate::RationaleError;
use crate::data::Example;
use crate::model::best;
use crate::victim::{Input, Victim};

/// A victim as an attack on one example sees it: asked with a text, it tells the probability of the
/// example's class. Every text costs one query the first time and none after that; TextAttack counts
/// a text again each time it is asked for.
pub struct Asked<'a> {
    victim: &'a dyn Victim,
    example: &'a Example,
    known: HashMap<String, Answer>,
    budget: usize,
    spent: bool,
}

/// What a victim says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Probability of the example's class.
    pub of_label: f64,
    /// Whether that class is the one predicted.
    pub right: bool,
}

impl Answer {
    /// `1 - p(y)`: what attacks raise.
    pub fn score(self) -> f64 {
        1.0 - self.of_label
    }
}

impl<'a> Asked<'a> {
    /// Nothing asked yet; at most `budget` distinct texts will be.
    pub fn new(victim: &'a dyn Victim, example: &'a Example, budget: usize) -> Self {
        Self {
            victim,
            example,
            known: HashMap::new(),
            budget,
            spent: false,
        }
    }

    /// Distinct texts asked so far.
    pub fn queries(&self) -> usize {
        self.known.len()
    }

    /// Whether a text was left unasked because the budget was spent; then the search is over.
    pub fn spent(&self) -> bool {
        self.spent
    }

    /// What the victim says of each text, in their order; those not known yet are asked at once.
    /// There are fewer answers than texts where the budget is spent, up to the first text that it
    /// did not cover.
    ///
    /// # Errors
    /// When the victim does not answer, or not as a classifier does.
    pub fn ask(&mut self, texts: &[String]) -> Result<Vec<Answer>, RationaleError> {
        let mut new: Vec<&String> = Vec::new();
        let mut seen: HashSet<&String> = HashSet::new();
        let mut covered = texts.len();
        for (place, text) in texts.iter().enumerate() {
            if self.known.contains_key(text) || seen.contains(text) {
                continue;
            }
            if self.known.len() + new.len() >= self.budget {
                covered = place;
                self.spent = true;
                break;
            }
            seen.insert(text);
            new.push(text);
        }
        let query = self.example.query.as_deref();
        let inputs: Vec<Input<'_>> = new.iter().map(|text| Input { text, query }).collect();
        let answers = answers(self.victim, &inputs, self.example.label)?;
        let new: Vec<(String, Answer)> = new.into_iter().cloned().zip(answers).collect();
        self.known.extend(new);
        let covered = texts[..covered].iter();
        Ok(covered
            .filter_map(|text| self.known.get(text).copied())
            .collect())
    }

    /// What the victim says of one text; `None` where the budget is spent.
    ///
    /// # Errors
    /// When the victim does not answer, or not as a classifier does.
    pub fn ask_one(&mut self, text: &str) -> Result<Option<Answer>, RationaleError> {
        Ok(self.ask(&[text.to_owned()])?.first().copied())
    }
}

/// What a victim says of each input of this class.
///
/// # Errors
/// When the victim does not answer, with another number of probabilities than it has classes for
/// each input, with one that is no number, or without the class.
fn answers(
    victim: &dyn Victim,
    inputs: &[Input<'_>],
    label: usize,
) -> Result<Vec<Answer>, RationaleError> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |what: String| RationaleError::Victim {
        model: "the attacked model".to_owned(),
        what,
    };
    let classes = victim.classes();
    if label >= classes {
        return Err(wrong(format!(
            "it has {classes} classes and an example is of class {label}, counted from 0; attack it \
             with examples of its own classes"
        )));
    }
    let numbers = victim.probabilities(inputs)?;
    if inputs.len().checked_mul(classes) != Some(numbers.len()) {
        return Err(wrong(format!(
            "it gave {} probabilities for {} texts and {classes} classes; give one for each class of \
             each text",
            numbers.len(),
            inputs.len()
        )));
    }
    if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
        return Err(wrong(format!(
            "the probability of class {} of text {} is {}; give finite numbers",
            at % classes,
            at / classes + 1,
            numbers[at]
        )));
    }
    let rows = numbers.chunks_exact(classes).map(|row| Answer {
        of_label: row[label],
        right: best(row) == label,
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Gives these numbers, whatever it is asked, and counts the texts.
    struct Fixed {
        classes: usize,
        numbers: Vec<f64>,
        texts: AtomicUsize,
    }

    impl Victim for Fixed {
        fn classes(&self) -> usize {
            self.classes
        }

        fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
            self.texts.fetch_add(inputs.len(), Ordering::Relaxed);
            Ok(self.numbers.repeat(inputs.len()))
        }
    }

    fn fixed(classes: usize, numbers: &[f64]) -> Fixed {
        Fixed {
            classes,
            numbers: numbers.to_vec(),
            texts: AtomicUsize::new(0),
        }
    }

    fn example(label: usize) -> Example {
        Example {
            id: String::new(),
            text: "a".to_owned(),
            query: None,
            label,
            evidence: None,
        }
    }

    fn texts(texts: &str) -> Vec<String> {
        texts.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_text_costs_one_query_once() {
        let (victim, example) = (fixed(2, &[0.25, 0.75]), example(1));
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        assert_eq!(asked.ask(&texts("a b a")).unwrap().len(), 3);
        let answer = asked.ask_one("b").unwrap().unwrap();
        assert_eq!((answer.score(), answer.right), (0.25, true));
        assert_eq!((asked.queries(), asked.spent()), (2, false));
        assert_eq!(victim.texts.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn no_more_is_asked_than_the_budget_allows() {
        let (victim, example) = (fixed(2, &[0.25, 0.75]), example(1));
        let mut asked = Asked::new(&victim, &example, 2);
        // `c` is not covered; what stands behind it is left out, though it is known.
        assert_eq!(asked.ask(&texts("a b a c a")).unwrap().len(), 3);
        assert_eq!((asked.queries(), asked.spent()), (2, true));
        assert_eq!(asked.ask_one("c").unwrap(), None);
        assert!(asked.ask_one("a").unwrap().is_some());
        assert_eq!(victim.texts.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn answers_that_are_none_are_refused() {
        let refused = |victim: Fixed, label| {
            let example = example(label);
            let mut asked = Asked::new(&victim, &example, usize::MAX);
            asked.ask(&texts("a b")).unwrap_err().to_string()
        };
        let few = refused(fixed(2, &[1.0]), 0);
        assert!(
            few.contains("gave 2 probabilities for 2 texts and 2 classes"),
            "{few}"
        );
        let none = refused(fixed(2, &[]), 0);
        assert!(none.contains("gave 0 probabilities"), "{none}");
        let nan = refused(fixed(2, &[0.5, f64::NAN]), 0);
        assert!(nan.contains("class 1 of text 1 is NaN"), "{nan}");
        let other = refused(fixed(2, &[0.5, 0.5]), 2);
        assert!(
            other.contains("it has 2 classes and an example is of class 2"),
            "{other}"
        );
        let without = refused(fixed(0, &[]), 0);
        assert!(without.contains("it has 0 classes"), "{without}");
    }
}
