//! Attacks against a reference in Python, `reference/attacks.py`: outcome, text, words changed and
//! queries of 50 inputs each, once also within a budget of queries.

use std::collections::HashMap;

use qualm_rationale::attack::{Attack, Supplies, attack_all};
use qualm_rationale::data::{Dataset, Example};
use qualm_rationale::segment::words;
use qualm_rationale::thesaurus::Thesaurus;
use qualm_rationale::{Input, RationaleError, Victim};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    model: Model,
    thesaurus: HashMap<String, Vec<String>>,
    inputs: Vec<Item>,
    budget: usize,
    outcomes: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    run: String,
    attack: String,
    limited: bool,
    rows: Vec<Expected>,
}

/// Logistic over words and letters.
#[derive(Deserialize)]
struct Model {
    bias: f64,
    words: HashMap<String, f64>,
    letters: HashMap<char, f64>,
}

#[derive(Deserialize)]
struct Item {
    text: String,
    label: usize,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Expected {
    outcome: String,
    text: String,
    changed: usize,
    queries: usize,
}

impl Victim for Model {
    fn classes(&self) -> usize {
        2
    }

    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
        let rows = inputs.iter().flat_map(|input| {
            let mut z = self.bias;
            for span in words(input.text) {
                let word = input.text[span].to_lowercase();
                z += self.words.get(&word).unwrap_or(&0.0);
                let letters = word.chars().filter_map(|letter| self.letters.get(&letter));
                z += letters.sum::<f64>();
            }
            let p = 1.0 / (1.0 + (-z).exp());
            [1.0 - p, p]
        });
        Ok(rows.collect())
    }
}

struct Fixed(HashMap<String, Vec<String>>);

impl Thesaurus for Fixed {
    fn synonyms(&self, word: &str) -> Vec<String> {
        self.0.get(word).cloned().unwrap_or_default()
    }

    fn antonym(&self, _: &str) -> Option<String> {
        None
    }
}

#[test]
fn outcomes_are_those_of_the_reference() {
    let reference: Reference =
        serde_json::from_str(include_str!("reference/attacks.json")).unwrap();
    let example = |(number, item): (usize, &Item)| Example {
        id: number.to_string(),
        text: item.text.clone(),
        query: None,
        label: item.label,
        evidence: None,
    };
    let set = Dataset {
        name: "inputs".to_owned(),
        classes: ["bad", "good"].map(str::to_owned).to_vec(),
        examples: reference.inputs.iter().enumerate().map(example).collect(),
    };
    assert_eq!(set.examples.len(), 50);
    let mut supplies = Supplies::of(&set);
    supplies.thesaurus = Box::new(Fixed(reference.thesaurus));
    assert_eq!(reference.outcomes.len(), 5);
    for run in &reference.outcomes {
        let attack = Attack::parse(&run.attack).unwrap();
        supplies.budget = if run.limited {
            reference.budget
        } else {
            usize::MAX
        };
        let attacked = attack_all(attack, &reference.model, &set, &supplies, 1, &|| {}).unwrap();
        assert_eq!((run.rows.len(), attacked.len()), (50, 50));
        for (expected, attacked) in run.rows.iter().zip(attacked) {
            let got = Expected {
                outcome: attacked.outcome.word().to_owned(),
                changed: attacked.changes.len(),
                text: attacked.example.text,
                queries: attacked.queries,
            };
            assert_eq!(got, *expected, "{}", run.run);
        }
    }
}
