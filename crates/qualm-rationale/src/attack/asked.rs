use std::collections::HashMap;

use crate::RationaleError;
use crate::data::Example;
use crate::model::best;
use crate::victim::{Input, Victim};

/// A victim as an attack on one example sees it: asked with a text, it tells the probability of the
/// example's class. Every text costs one query the first time and none after that.
pub struct Asked<'a> {
    victim: &'a dyn Victim,
    example: &'a Example,
    known: HashMap<String, Answer>,
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
    /// Nothing asked yet.
    pub fn new(victim: &'a dyn Victim, example: &'a Example) -> Self {
        Self {
            victim,
            example,
            known: HashMap::new(),
        }
    }

    /// Distinct texts asked so far.
    pub fn queries(&self) -> usize {
        self.known.len()
    }

    /// What the victim says of each text; those not known yet are asked at once.
    ///
    /// # Errors
    /// When the victim does not answer.
    pub fn ask(&mut self, texts: &[String]) -> Result<Vec<Answer>, RationaleError> {
        let mut new: Vec<&String> = Vec::new();
        for text in texts {
            if !self.known.contains_key(text) && !new.contains(&text) {
                new.push(text);
            }
        }
        if !new.is_empty() {
            let query = self.example.query.as_deref();
            let inputs: Vec<Input<'_>> = new.iter().map(|text| Input { text, query }).collect();
            let rows = self.victim.probabilities(&inputs)?;
            for (text, row) in new.into_iter().zip(rows.chunks(self.victim.classes())) {
                let answer = Answer {
                    of_label: row[self.example.label],
                    right: best(row) == self.example.label,
                };
                self.known.insert(text.clone(), answer);
            }
        }
        Ok(texts.iter().map(|text| self.known[text]).collect())
    }

    /// What the victim says of one text.
    ///
    /// # Errors
    /// When the victim does not answer.
    pub fn ask_one(&mut self, text: &str) -> Result<Answer, RationaleError> {
        Ok(self.ask(&[text.to_owned()])?[0])
    }
}
