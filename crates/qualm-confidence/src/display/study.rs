//! From trials to a display, and what it does to people, for better and for worse.

use qualm_stats::random::{DEFAULT_SEED, hash_bytes, unit_hash};

use super::compare::{Comparison, compare};
use super::optimise::optimise;
use super::people::{Agreement, People, Quality};
use super::shown::Display;
use super::simulate::Scenario;
use super::trial::Trial;
use crate::ConfidenceError;

/// The fewest trials on either side of the split.
pub const FEWEST: usize = 50;

/// The share of right advice in the made-up situations that a display is taken to.
const ACCURACIES: [f64; 7] = [0.9, 0.84, 0.76, 0.68, 0.6, 0.5, 0.4];

/// Trials in each of them.
const DEPLOYED: usize = 20_000;

/// How to study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudyOptions {
    /// The share of trials (of people, where they are known) that people and display are fitted
    /// to; the rest tests them.
    pub fit_share: f64,
    /// Bootstrap replicates behind each interval, at least 2.
    pub resamples: usize,
    /// The seed of split and bootstrap.
    pub seed: u64,
}

impl Default for StudyOptions {
    /// Half of the trials, 1000 replicates, [`DEFAULT_SEED`].
    fn default() -> StudyOptions {
        StudyOptions {
            fit_share: 0.5,
            resamples: 1000,
            seed: DEFAULT_SEED,
        }
    }
}

/// A display in a made-up situation, measured and not predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// What the situation is.
    pub name: String,
    /// The share of right advice.
    pub model: f64,
    /// What came of it.
    pub outcome: Comparison,
}

/// A display that was fitted to people, and what it does to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The share of right advice in all trials, ties counted half.
    pub model_accuracy: f64,
    /// The first answers in all trials.
    pub people: Quality,
    /// The final answers as they were given in the trials to test on.
    pub observed: Quality,
    /// How well the fitted people predict those of the trials to test on.
    pub agreement: Agreement,
    /// The display with the least expected loss on the trials to fit on.
    pub display: Display,
    /// What is expected of it there.
    pub fit: Comparison,
    /// What is expected of it on the trials to test on.
    pub test: Comparison,
    /// What came of it in made-up situations; empty for trials of real people.
    pub deployed: Vec<Deployment>,
}

impl Study {
    /// Fits people and display to a part of the trials and tells what they do on the rest.
    ///
    /// ```
    /// use qualm_confidence::display::{Scenario, Study, StudyOptions};
    ///
    /// let trials = Scenario::BETTER.draw(2000, 1);
    /// let options = StudyOptions { resamples: 100, ..StudyOptions::default() };
    /// let study = Study::of(&trials, &options)?;
    /// assert!(study.fit.shown.loss <= study.fit.truly.loss);
    /// # Ok::<(), qualm_confidence::ConfidenceError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfidenceError::Values`] if a side of the split has fewer than [`FEWEST`] trials, or if
    /// `options` are out of range.
    pub fn of(trials: &[Trial], options: &StudyOptions) -> Result<Study, ConfidenceError> {
        check(options)?;
        let (fit, test) = split(trials, options);
        if fit.len().min(test.len()) < FEWEST {
            return Err(ConfidenceError::Values(format!(
                "{} trials leave {} to fit on and {} to test on, but {FEWEST} are the least on \
                 either side: bring more trials, or more people where they are named",
                trials.len(),
                fit.len(),
                test.len()
            )));
        }
        let people = People::fit(&fit);
        let display = optimise(&people, &fit);
        let compare = |trials: &[Trial]| {
            let expected = |display: Display| -> Vec<Quality> {
                let of = |trial: &Trial| people.expected(trial, display);
                trials.iter().map(of).collect()
            };
            compare(
                trials,
                &expected(Display::TRUE),
                &expected(display),
                options,
            )
        };
        let finals = test.iter().map(|trial| Quality::of(trial.last));
        let firsts = trials.iter().map(|trial| Quality::of(trial.first));
        let advice = trials.iter().map(|trial| Quality::of(trial.advice));
        Ok(Study {
            model_accuracy: Quality::mean(advice).accuracy,
            people: Quality::mean(firsts),
            observed: Quality::mean(finals),
            agreement: people.agreement(&test),
            display,
            fit: compare(&fit),
            test: compare(&test),
            deployed: Vec::new(),
        })
    }

    /// The same for made-up people, and what becomes of the display when the model gets better or
    /// worse behind its back, and among people who take over whatever they are shown.
    ///
    /// # Errors
    /// As [`Study::of`].
    pub fn simulated(
        scenario: &Scenario,
        trials: usize,
        options: &StudyOptions,
    ) -> Result<Study, ConfidenceError> {
        let mut study = Study::of(&scenario.draw(trials, options.seed), options)?;
        let mut accuracies = ACCURACIES.to_vec();
        if !accuracies.contains(&scenario.model) {
            accuracies.push(scenario.model);
            accuracies.sort_by(|a, b| b.total_cmp(a));
        }
        for model in accuracies {
            let there = Scenario { model, ..*scenario };
            study.deployed.push(Deployment {
                name: "the same".into(),
                model,
                outcome: deploy(&there, study.display, options),
            });
        }
        let trusting = Scenario {
            reaction: Scenario::TRUSTING.reaction,
            ..*scenario
        };
        if trusting != *scenario {
            study.deployed.push(Deployment {
                name: "trusting".into(),
                model: trusting.model,
                outcome: deploy(&trusting, study.display, options),
            });
        }
        Ok(study)
    }
}

fn check(options: &StudyOptions) -> Result<(), ConfidenceError> {
    if options.resamples < 2 {
        return Err(ConfidenceError::Values(format!(
            "{} resamples make no interval: ask for at least 2, better 1000",
            options.resamples
        )));
    }
    if !(options.fit_share > 0.0 && options.fit_share < 1.0) {
        return Err(ConfidenceError::Values(format!(
            "the share {} to fit on is not strictly between 0 and 1: give for example 0.5",
            options.fit_share
        )));
    }
    Ok(())
}

/// Trials to fit on and to test on; which, a person's name or the place of a trial says.
fn split(trials: &[Trial], options: &StudyOptions) -> (Vec<Trial>, Vec<Trial>) {
    let fits = |(at, trial): (usize, &Trial)| {
        let key = match &trial.person {
            Some(person) => hash_bytes(options.seed, person.as_bytes()),
            None => at as u64,
        };
        unit_hash(options.seed, key) < options.fit_share
    };
    let (fit, test): (Vec<_>, Vec<_>) = trials.iter().enumerate().partition(|&pair| fits(pair));
    let owned = |side: Vec<(usize, &Trial)>| side.into_iter().map(|(_, t)| t.clone()).collect();
    (owned(fit), owned(test))
}

/// Lets made-up people answer with the truth and with the display, the same people and chances.
fn deploy(scenario: &Scenario, display: Display, options: &StudyOptions) -> Comparison {
    let mut trials = Vec::with_capacity(DEPLOYED);
    let mut shown = Vec::with_capacity(DEPLOYED);
    // Other people than those whom the display was fitted to.
    for encounter in scenario.encounters(DEPLOYED, options.seed.wrapping_add(1)) {
        shown.push(Quality::of(encounter.answer(&scenario.reaction, display)));
        trials.push(Trial {
            person: None,
            first: encounter.first,
            advice: encounter.advice,
            last: encounter.answer(&scenario.reaction, Display::TRUE),
        });
    }
    let truly: Vec<Quality> = trials.iter().map(|t| Quality::of(t.last)).collect();
    compare(&trials, &truly, &shown, options)
}

#[cfg(test)]
mod tests {
    use super::super::Turn;
    use super::*;

    fn options() -> StudyOptions {
        StudyOptions {
            resamples: 200,
            ..StudyOptions::default()
        }
    }

    fn at(study: &Study, model: f64) -> &Comparison {
        let same = |d: &&Deployment| d.model == model && d.name == "the same";
        &study.deployed.iter().find(same).unwrap().outcome
    }

    #[test]
    fn wary_people_with_a_better_model_gain_and_lose_when_it_gets_worse_than_they_are() {
        let study = Study::simulated(&Scenario::BETTER, 8000, &options()).unwrap();
        // Pushed: more is shown than is true.
        assert!(study.display.shows(0.7) > 0.72, "{:?}", study.display);
        assert!(study.fit.shown.loss <= study.fit.truly.loss);
        assert!(study.test.loss_change.hi < 0.0, "{:?}", study.test);
        // Not only as predicted: planted people answer so.
        let usual = at(&study, 0.84);
        assert!(
            usual.loss_change.hi < 0.0 && usual.accuracy_change.lo > 0.0,
            "{usual:?}"
        );
        for model in [0.5, 0.4] {
            let worse = at(&study, model);
            assert!(
                worse.loss_change.lo > 0.0 && worse.accuracy_change.hi < 0.0,
                "{worse:?}"
            );
            assert!(worse.shown.loss > worse.alone.loss);
        }
        let Turn::HarmsBelow(turn) = study.test.turn else {
            panic!("{:?}", study.test.turn);
        };
        assert!(turn.lo > 0.4 && turn.hi < 0.84, "{turn:?}");
        assert!(study.test.change_when_right < 0.0 && study.test.change_when_wrong > 0.0);
        // People who take over everything are led too far by it.
        let trusting = &study.deployed.last().unwrap().outcome;
        assert!(trusting.loss_change.lo > 0.0, "{trusting:?}");
    }

    #[test]
    fn the_turn_that_is_predicted_is_where_planted_people_turn() {
        let study = Study::simulated(&Scenario::BETTER, 8000, &options()).unwrap();
        let Turn::HarmsBelow(turn) = study.test.turn else {
            panic!("{:?}", study.test.turn);
        };
        // A model that is right exactly there changes next to nothing, beside what one does that
        // is right more or less often.
        let there = Scenario {
            model: turn.value,
            ..Scenario::BETTER
        };
        let there = deploy(&there, study.display, &options()).loss_change.value;
        let better = at(&study, 0.9).loss_change.value;
        let worse = at(&study, 0.4).loss_change.value;
        assert!(better < 0.0 && worse > 0.0);
        assert!(
            there.abs() < 0.5 * better.abs().min(worse),
            "{better} {there} {worse}"
        );
    }

    #[test]
    fn a_model_that_is_worse_than_people_and_loud_is_tempered() {
        let study = Study::simulated(&Scenario::WORSE, 8000, &options()).unwrap();
        assert!(study.model_accuracy < study.people.accuracy);
        assert!(study.display.shows(0.9) < 0.8, "{:?}", study.display);
        assert!(study.test.loss_change.hi < 0.0);
        assert!(at(&study, 0.55).loss_change.hi < 0.0);
        assert!(matches!(study.test.turn, Turn::HarmsAbove(_)));
    }

    #[test]
    fn people_who_take_over_everything_are_best_shown_the_truth_of_a_calibrated_model() {
        let study = Study::simulated(&Scenario::TRUSTING, 8000, &options()).unwrap();
        for p in [0.6, 0.75, 0.9] {
            let shown = study.display.shows(p);
            assert!(
                (shown - p).abs() < 0.04,
                "{:?} shows {shown} for {p}",
                study.display
            );
        }
    }

    #[test]
    fn no_split_cuts_through_a_person() {
        let mut trials = Scenario::BETTER.draw(2000, 1);
        for (at, trial) in trials.iter_mut().enumerate() {
            trial.person = Some(format!("p{}", at / 20));
        }
        let (fit, test) = split(&trials, &options());
        assert_eq!(fit.len() + test.len(), 2000);
        assert!(fit.len() > 500 && test.len() > 500);
        let people = |side: &[Trial]| -> std::collections::BTreeSet<String> {
            side.iter().filter_map(|t| t.person.clone()).collect()
        };
        assert!(people(&fit).is_disjoint(&people(&test)));
        assert!(Study::of(&trials, &options()).is_ok());
    }

    #[test]
    fn too_little_is_refused_with_the_figures() {
        let error = Study::of(&Scenario::BETTER.draw(60, 1), &options()).unwrap_err();
        assert!(error.to_string().contains("60 trials"), "{error}");
        let one = StudyOptions {
            resamples: 1,
            ..options()
        };
        assert!(Study::of(&Scenario::BETTER.draw(600, 1), &one).is_err());
        let all = StudyOptions {
            fit_share: 1.0,
            ..options()
        };
        assert!(Study::of(&Scenario::BETTER.draw(600, 1), &all).is_err());
    }
}
