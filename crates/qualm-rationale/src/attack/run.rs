use qualm_stats::Stream;
use rayon::prelude::*;

use crate::RationaleError;
use crate::attack::{Attack, Attacked, Outcome, Supplies};
use crate::data::Dataset;
use crate::victim::Victim;

/// Attacks all examples, on all threads of the current rayon pool. Example i draws from stream i of
/// the seed, so that the results are the same for any number of threads.
///
/// # Errors
/// The first error in the order of the examples.
pub fn attack_all(
    attack: Attack,
    victim: &dyn Victim,
    set: &Dataset,
    supplies: &Supplies,
    seed: u64,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Attacked>, RationaleError> {
    let examples = set.examples.par_iter().enumerate();
    let attacked: Vec<Result<Attacked, RationaleError>> = examples
        .map(|(number, example)| {
            let mut stream = Stream::new(seed, number as u64);
            let attacked = attack.run(victim, example, supplies, &mut stream);
            done();
            attacked
        })
        .collect();
    attacked.into_iter().collect()
}

/// What an attack did to a data set, as TextAttack counts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Examples.
    pub examples: usize,
    /// Examples that were wrong before.
    pub skipped: usize,
    /// Examples whose class was changed.
    pub succeeded: usize,
    /// Mean share of words changed, of successes.
    pub words_changed: f64,
    /// The same of all attacked, failures among them: for input reduction, which never succeeds, the
    /// share left out.
    pub words_changed_of_all: f64,
    /// Mean number of distinct texts that the victim was asked about, of those attacked.
    pub queries: f64,
}

impl Summary {
    /// Of these.
    pub fn of(attacked: &[Attacked]) -> Self {
        let count = |outcome| attacked.iter().filter(|a| a.outcome == outcome).count();
        let mean = |value: fn(&Attacked) -> f64, keep: fn(Outcome) -> bool| {
            let kept: Vec<f64> = attacked
                .iter()
                .filter(|a| keep(a.outcome))
                .map(value)
                .collect();
            kept.iter().sum::<f64>() / kept.len().max(1) as f64
        };
        Self {
            examples: attacked.len(),
            skipped: count(Outcome::Skipped),
            succeeded: count(Outcome::Succeeded),
            words_changed: mean(|a| a.words_changed, |o| o == Outcome::Succeeded),
            words_changed_of_all: mean(|a| a.words_changed, |o| o != Outcome::Skipped),
            queries: mean(|a| a.queries as f64, |o| o != Outcome::Skipped),
        }
    }

    /// Share right before the attack.
    pub fn accuracy(&self) -> f64 {
        self.share(self.examples - self.skipped)
    }

    /// Share right under attack: attacks that failed, of all examples.
    pub fn accuracy_under_attack(&self) -> f64 {
        self.share(self.examples - self.skipped - self.succeeded)
    }

    /// Share of attacks that succeeded, of those tried.
    pub fn success_rate(&self) -> f64 {
        self.succeeded as f64 / (self.examples - self.skipped).max(1) as f64
    }

    fn share(&self, part: usize) -> f64 {
        part as f64 / self.examples.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Example;
    use crate::segment::words;
    use crate::victim::Input;

    /// Class 1 where a text has more letters `o` than words that begin with `b`.
    struct Letters;

    impl Victim for Letters {
        fn classes(&self) -> usize {
            2
        }

        fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
            let rows = inputs.iter().flat_map(|input| {
                let found = words(input.text);
                let bad = found
                    .iter()
                    .filter(|s| input.text[(*s).clone()].starts_with('b'));
                let z = input.text.matches('o').count() as f64 - bad.count() as f64 - 0.5;
                let p = 1.0 / (1.0 + (-z).exp());
                [1.0 - p, p]
            });
            Ok(rows.collect())
        }
    }

    fn set() -> Dataset {
        let texts = [
            ("A good book on wood", 1),
            ("Bees bring honey, bears bite", 0),
            ("Long rows of old oaks", 1),
            ("Nothing to see", 0),
            ("One bad film", 1),
        ];
        let examples = texts.iter().cycle().take(30).enumerate();
        let examples = examples.map(|(number, (text, label))| Example {
            id: number.to_string(),
            text: (*text).to_owned(),
            query: None,
            label: *label,
            evidence: None,
        });
        Dataset {
            name: "letters".to_owned(),
            classes: ["bad", "good"].map(str::to_owned).to_vec(),
            examples: examples.collect(),
        }
    }

    #[test]
    fn results_are_the_same_for_any_number_of_threads() {
        let set = set();
        let supplies = Supplies::of(&set);
        for (attack, name, _) in Attack::ALL {
            let run = |threads, seed| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let attacked = || attack_all(attack, &Letters, &set, &supplies, seed, &|| {});
                pool.build().unwrap().install(attacked).unwrap()
            };
            let one = run(1, 5);
            assert_eq!(one, run(3, 5), "{name}");
            assert_eq!(one.len(), 30);
            if [Attack::DeepWordBug, Attack::AddRandom].contains(&attack) {
                assert_ne!(one, run(1, 6), "{name}");
            }
        }
    }

    #[test]
    fn every_attack_keeps_to_the_budget() {
        let set = set();
        let mut supplies = Supplies::of(&set);
        for budget in [0, 1, 2, 7] {
            supplies.budget = budget;
            for (attack, name, _) in Attack::ALL {
                let attacked = attack_all(attack, &Letters, &set, &supplies, 5, &|| {}).unwrap();
                let most = attacked.iter().map(|a| a.queries).max().unwrap();
                assert!(most <= budget.max(1), "{name}: {most} of {budget}");
            }
        }
    }

    #[test]
    fn figures_by_hand() {
        let attacked = |outcome, queries, words_changed| Attacked {
            queries,
            words_changed,
            ..Attacked::untouched(&set().examples[0], outcome, 0)
        };
        let summary = Summary::of(&[
            attacked(Outcome::Skipped, 1, 0.0),
            attacked(Outcome::Failed, 10, 0.2),
            attacked(Outcome::Succeeded, 4, 0.25),
            attacked(Outcome::Succeeded, 16, 0.75),
        ]);
        assert_eq!(
            (summary.examples, summary.skipped, summary.succeeded),
            (4, 1, 2)
        );
        assert_eq!(
            (summary.accuracy(), summary.accuracy_under_attack()),
            (0.75, 0.25)
        );
        assert!((summary.success_rate() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(summary.words_changed, 0.5);
        assert!((summary.words_changed_of_all - 1.2 / 3.0).abs() < 1e-12);
        assert_eq!(summary.queries, 10.0);
        let none = Summary::of(&[]);
        assert_eq!(
            (none.accuracy(), none.success_rate(), none.queries),
            (0.0, 0.0, 0.0)
        );
    }
}
