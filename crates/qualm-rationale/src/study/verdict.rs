use qualm_stats::{Bootstrap, Interval};

use crate::study::outcome::{Marks, Outcome};

/// A model beside the model with full context, under one attack.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The test set.
    pub test: String,
    /// The attack; `None` for the texts as they are.
    pub attack: Option<String>,
    /// The method.
    pub method: String,
    /// Accuracy, the mean over seeds.
    pub accuracy: f64,
    /// By how much it is above full context's: the mean over texts and seeds, with a 95 % interval
    /// over resampled texts.
    pub difference: Interval,
}

impl Comparison {
    /// `holds more than`, `holds less than` or `is not told apart from`: whether the interval of the
    /// difference leaves 0 out.
    pub fn words(&self) -> &'static str {
        if self.difference.lo > 0.0 {
            "holds more than"
        } else if self.difference.hi < 0.0 {
            "holds less than"
        } else {
            "is not told apart from"
        }
    }
}

/// The method that all are held against.
const FULL: &str = "fc(sup=0)";

/// Every method beside full context, text by text, on each test set as it is and under each attack.
/// None where full context was not studied.
pub fn comparisons(outcomes: &[Outcome]) -> Vec<Comparison> {
    let mut methods: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !methods.contains(&outcome.method.as_str()) {
            methods.push(&outcome.method);
        }
    }
    let Some(first) = outcomes.iter().find(|outcome| outcome.method == FULL) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (test, tested) in first.tests.iter().enumerate() {
        let attacks = (0..tested.attacks.len()).map(Some);
        for attack in std::iter::once(None).chain(attacks) {
            let full = rows(outcomes, FULL, test, attack);
            for method in methods.iter().filter(|method| **method != FULL) {
                let own = rows(outcomes, method, test, attack);
                let differences: Vec<f64> = own.iter().zip(&full).map(|(a, b)| a - b).collect();
                let Ok(difference) = Bootstrap::default().mean(&differences) else {
                    continue;
                };
                found.push(Comparison {
                    test: tested.name.clone(),
                    attack: attack.map(|at| tested.attacks[at].attack.clone()),
                    method: (*method).to_owned(),
                    accuracy: own.iter().sum::<f64>() / own.len().max(1) as f64,
                    difference,
                });
            }
        }
    }
    found
}

/// How often each text was right, over the seeds of a method.
pub(crate) fn rows(
    outcomes: &[Outcome],
    method: &str,
    test: usize,
    attack: Option<usize>,
) -> Vec<f64> {
    let marks: Vec<&Marks> = outcomes
        .iter()
        .filter(|outcome| outcome.method == method)
        .filter_map(|outcome| {
            let tested = outcome.tests.get(test)?;
            Some(match attack {
                None => &tested.right,
                Some(at) => &tested.attacks.get(at)?.after,
            })
        })
        .collect();
    let share = 1.0 / marks.len().max(1) as f64;
    let mut means = vec![0.0; marks.first().map_or(0, |marks| marks.len())];
    for marks in &marks {
        for (mean, number) in means.iter_mut().zip(marks.numbers()) {
            *mean += share * number;
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::outcome::{Tested, Trained, UnderAttack};

    fn outcome(method: &str, seed: u64, right: &[bool], after: &[bool]) -> Outcome {
        Outcome {
            setting: String::new(),
            method: method.to_owned(),
            seed,
            trained: Trained {
                epochs: 1,
                best: 1,
                validation_accuracy: 0.5,
                collapsed: false,
                cut: 0,
                seconds: 0.0,
            },
            tests: vec![Tested {
                name: "test".to_owned(),
                right: right.iter().copied().collect(),
                cut: 0,
                evidence: None,
                attacks: vec![UnderAttack {
                    attack: "add-template".to_owned(),
                    before: right.iter().copied().collect(),
                    after: after.iter().copied().collect(),
                    gr: None,
                    capture: None,
                    gold_alone: None,
                    queries: 0.0,
                    words_changed: 0.0,
                    variants: Vec::new(),
                }],
            }],
        }
    }

    #[test]
    fn a_clear_difference_is_told_and_none_where_there_is_none() {
        let (yes, no) = ([true; 40], [false; 40]);
        let outcomes = [
            outcome(FULL, 1, &yes, &no),
            outcome("vib", 1, &yes, &yes),
            outcome("vib", 2, &yes, &no),
        ];
        let found = comparisons(&outcomes);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].attack.as_deref(), found[0].accuracy), (None, 1.0));
        assert_eq!(found[0].words(), "is not told apart from");
        // Half of the seeds hold on every text.
        assert_eq!((found[1].accuracy, found[1].difference.lo), (0.5, 0.5));
        assert_eq!(found[1].words(), "holds more than");
        assert!(comparisons(&outcomes[1..]).is_empty());
    }
}
