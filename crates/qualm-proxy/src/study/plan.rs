use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cell::Fitted;
use super::outcome::Outcome;
use crate::error::ProxyError;
use crate::optimiser::Optimiser;
use crate::problem::{Outside, Problem};
use crate::proxy::Learner;
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
    /// outcomes in the order of tasks, proxies, optimisers, seeds. Each new outcome goes to `keep`
    /// as soon as it is there, in no order; outcomes do not depend on the number of threads.
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
        let done = AtomicUsize::new(0);
        let advance = |by: usize| {
            progress(Progress {
                done: done.fetch_add(by, Ordering::Relaxed) + by,
                of,
            })
        };
        let places: Vec<(usize, u64)> = (0..self.tasks.len())
            .flat_map(|task| self.seeds.iter().map(move |&seed| (task, seed)))
            .collect();
        let problems: Vec<Problem<'_>> = places
            .par_iter()
            .map(|&(task, seed)| Problem::new(self.tasks[task].as_ref(), self.outside, seed))
            .collect::<Result<_, _>>()?;
        // The costly proxies first would be better for the last core, but the order is the user's.
        let units: Vec<(usize, usize)> = (0..places.len())
            .flat_map(|place| (0..self.learners.len()).map(move |l| (place, l)))
            .collect();
        let found: Mutex<Vec<Outcome>> = Mutex::new(Vec::new());
        units
            .par_iter()
            .with_max_len(1)
            .try_for_each(|&(place, learner)| {
                let (task, seed) = places[place];
                let (task, learner) = (self.tasks[task].as_ref(), self.learners[learner].as_ref());
                let name = learner.text();
                let is = |outcome: &Outcome, optimiser: &dyn Optimiser| {
                    (outcome.task.as_str(), outcome.proxy.as_str(), outcome.seed)
                        == (task.name(), &name, seed)
                        && outcome.optimiser == optimiser.text()
                };
                let open: Vec<&dyn Optimiser> = self
                    .optimisers
                    .iter()
                    .map(AsRef::as_ref)
                    .filter(|optimiser| !known.iter().any(|outcome| is(outcome, *optimiser)))
                    .collect();
                advance(self.optimisers.len() - open.len());
                if open.is_empty() {
                    return Ok(());
                }
                let proxy = learner.fit(problems[place].data(), seed)?;
                let fitted = Fitted::new(task, &problems[place], proxy, name.clone(), seed)?;
                for optimiser in open {
                    let outcome = fitted.search(optimiser)?;
                    keep(&outcome)?;
                    found
                        .lock()
                        .unwrap_or_else(|poisoned| poisoned.into_inner())
                        .push(outcome);
                    advance(1);
                }
                Ok(())
            })?;
        let mut all = found
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        all.extend(
            known
                .iter()
                .filter(|outcome| self.place(outcome).is_some())
                .cloned(),
        );
        all.sort_by_key(|outcome| self.place(outcome));
        Ok(all)
    }

    /// Where an outcome stands in this study; nothing where it belongs to another.
    fn place(&self, outcome: &Outcome) -> Option<[usize; 4]> {
        Some([
            self.tasks
                .iter()
                .position(|task| task.name() == outcome.task)?,
            self.learners
                .iter()
                .position(|learner| learner.text() == outcome.proxy)?,
            self.optimisers
                .iter()
                .position(|optimiser| optimiser.text() == outcome.optimiser)?,
            self.seeds.iter().position(|seed| *seed == outcome.seed)?,
        ])
    }
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
        assert_eq!((again, ran), (all, 4));
    }
}
