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
