use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cell::Fitted;
use super::outcome::Outcome;
use crate::error::ProxyError;
use crate::optimiser::Optimiser;
use crate::problem::{Outside, Problem};
use crate::proxy::Learner;
use crate::stops::{self, StopRule};
use crate::task::Task;

/// Every task with every proxy, every optimiser and every seed.
#[derive(Debug)]
pub struct Study {
    /// Tasks.
    pub tasks: Vec<Box<dyn Task>>,
    /// Proxies.
    pub learners: Vec<Box<dyn Learner>>,
    /// Optimisers.
    pub optimisers: Vec<Box<dyn Optimiser>>,
    /// Rules that are asked where they would end a search.
    pub stops: Vec<StopRule>,
    /// Seeds of data, training and search.
    pub seeds: Vec<u64>,
    /// What a design beyond its bounds is taken for.
    pub outside: Outside,
}

/// How far a study is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Searches done.
    pub done: usize,
    /// Searches in all.
    pub of: usize,
}

impl Study {
    /// Searches in all.
    pub fn searches(&self) -> usize {
        self.tasks.len() * self.learners.len() * self.optimisers.len() * self.seeds.len()
    }

    /// Runs what is not among `known`, on all threads of the current rayon pool, and gives all
    /// outcomes in the order of tasks, seeds, proxies, optimisers. Each new outcome goes to `keep`
    /// as soon as it is there, in no order; outcomes do not depend on the number of threads.
    ///
    /// An outcome is known where task, oracle, visible designs, stop rules and treatment of bounds
    /// are the same, too: what was found on another table does not pass for this one's.
    ///
    /// # Errors
    /// When a task, a proxy or the user's oracle fails; what `keep` has seen is not lost.
    pub fn run(
        &self,
        known: &[Outcome],
        keep: &(dyn Fn(&Outcome) -> Result<(), ProxyError> + Sync),
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Outcome>, ProxyError> {
        let of = self.searches();
        let stop_rules = stops::text_of(&self.stops);
        let done = AtomicUsize::new(0);
        let advance = || {
            progress(Progress {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                of,
            });
        };
        let places: Vec<(&dyn Task, u64)> = self
            .tasks
            .iter()
            .flat_map(|task| self.seeds.iter().map(move |&seed| (task.as_ref(), seed)))
            .collect();
        let problems: Vec<Problem<'_>> = places
            .par_iter()
            .map(|&(task, seed)| Problem::new(task, self.outside, seed))
            .collect::<Result<_, _>>()?;
        let units: Vec<(usize, &dyn Learner)> = (0..places.len())
            .flat_map(|place| self.learners.iter().map(move |l| (place, l.as_ref())))
            .collect();
        let outcomes: Vec<Vec<Outcome>> = units
            .par_iter()
            .with_max_len(1)
            .map(|&(place, learner)| {
                let ((task, seed), problem) = (places[place], &problems[place]);
                let mut fitted = None;
                let mut search = |optimiser: &dyn Optimiser| {
                    let is = |outcome: &&Outcome| {
                        let text = (outcome.proxy.as_str(), outcome.optimiser.as_str());
                        text == (&learner.text(), &optimiser.text())
                            && outcome.seed == seed
                            && outcome.stop_rules == stop_rules
                            && belongs(outcome, task, problem)
                    };
                    if let Some(outcome) = known.iter().find(is) {
                        advance();
                        return Ok(outcome.clone());
                    }
                    let fitted = match &mut fitted {
                        Some(fitted) => fitted,
                        none => {
                            let proxy = learner.fit(problem.data(), seed)?;
                            let (name, stops) = (learner.text(), &self.stops);
                            none.insert(Fitted::new(task, problem, proxy, name, stops, seed)?)
                        }
                    };
                    let outcome = fitted.search(optimiser)?;
                    keep(&outcome)?;
                    advance();
                    Ok(outcome)
                };
                let optimisers = self.optimisers.iter();
                optimisers
                    .map(|optimiser| search(optimiser.as_ref()))
                    .collect()
            })
            .collect::<Result<_, ProxyError>>()?;
        Ok(outcomes.into_iter().flatten().collect())
    }
}

/// Whether an outcome was found on this problem.
fn belongs(outcome: &Outcome, task: &dyn Task, problem: &Problem<'_>) -> bool {
    outcome.task == task.name()
        && outcome.oracle == task.oracle().to_string()
        && outcome.outside == problem.judge().outside().to_string()
        && (outcome.visible, outcome.best_visible) == (problem.visible(), problem.best_visible())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{optimisers, proxies, tasks};

    fn study() -> Study {
        Study {
            tasks: tasks::parse_list("branin,manifold-32", None).expect("words"),
            learners: proxies::parse_list("ridge,mlp(epochs=3)").expect("recipes"),
            optimisers: optimisers::parse_list("sgd(steps=8),random,best-of-n(pool=512)")
                .expect("recipes"),
            stops: stops::parse_list(stops::STANDARD).expect("recipes"),
            seeds: vec![1, 2],
            outside: Outside::Clip,
        }
    }

    fn run(study: &Study, threads: usize, known: &[Outcome]) -> (Vec<Outcome>, usize) {
        let kept = AtomicUsize::new(0);
        let keep = |_: &Outcome| {
            kept.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let outcomes = pool
            .install(|| study.run(known, &keep, &|_| {}))
            .expect("it runs");
        (outcomes, kept.into_inner())
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let study = study();
        let one = run(&study, 1, &[]).0;
        let three = run(&study, 3, &[]).0;
        assert_eq!(one.len(), 24);
        let text = |outcomes: &[Outcome]| serde_json::to_string(outcomes).expect("plain data");
        assert_eq!(text(&one), text(&three));
    }

    #[test]
    fn a_search_beyond_all_bounds_is_refused() {
        let mut study = study();
        study.learners = proxies::parse_list("ridge").expect("a recipe");
        study.optimisers = optimisers::parse_list("sgd(steps=8,rate=1e200)").expect("a recipe");
        let error = study.run(&[], &|_| Ok(()), &|_| {}).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("on ridge: the search is beyond all bounds at step 1")
        );
    }

    #[test]
    fn what_is_known_is_not_run_again() {
        let study = study();
        let all = run(&study, 2, &[]).0;
        let (again, ran) = run(&study, 2, &all[..20]);
        assert_eq!((&again, ran), (&all, 4));
        // Where bounds are treated otherwise, nothing is known.
        let mut other = study;
        other.outside = Outside::Infeasible;
        assert_eq!(run(&other, 2, &all).1, 24);
        // Nor where other stop rules are asked.
        other.outside = Outside::Clip;
        other.stops = stops::parse_list("steps(n=3)").expect("a recipe");
        let (outcomes, ran) = run(&other, 2, &all);
        assert_eq!(ran, 24);
        assert_eq!(outcomes[0].stops.len(), 1);
        assert_eq!(outcomes[0].stops[0].step, Some(3));
    }
}
