//! What a display changes, and on which side of which accuracy of the model it harms.

use std::collections::BTreeMap;

use qualm_stats::Interval;

use super::people::Quality;
use super::resample::{Sums, intervals};
use super::study::StudyOptions;
use super::trial::Trial;

/// What people do alone, shown the true confidence, and shown another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Trials behind it.
    pub trials: usize,
    /// Their first answers.
    pub alone: Quality,
    /// Their final answers where the true confidence is shown.
    pub truly: Quality,
    /// Their final answers where the display is used.
    pub shown: Quality,
    /// The loss with the display minus that with the truth: below 0, the display helps.
    pub loss_change: Interval,
    /// The same for accuracy: above 0, it helps.
    pub accuracy_change: Interval,
    /// The change of loss where the advice is right.
    pub change_when_right: f64,
    /// The change of loss where it is wrong.
    pub change_when_wrong: f64,
    /// The share of right advice at which the display begins to harm, if right and wrong advice
    /// each stay as sure as here.
    pub turn: Turn,
}

/// On which side of which accuracy of the model a display harms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// It pushes: it helps right advice, and harms where less of it is right than this.
    HarmsBelow(Interval),
    /// It tempers: it softens wrong advice, and harms where more of it is right than this.
    HarmsAbove(Interval),
    /// It changes nothing.
    Never,
}

/// What changes between two ways to answer the same trials.
pub(super) fn compare(
    trials: &[Trial],
    before: &[Quality],
    after: &[Quality],
    options: &StudyOptions,
) -> Comparison {
    let mut named: BTreeMap<&str, Sums> = BTreeMap::new();
    let mut units: Vec<Sums> = Vec::new();
    for ((trial, before), after) in trials.iter().zip(before).zip(after) {
        let change = after.loss - before.loss;
        let right = super::trial::right(trial.advice);
        let sums = Sums {
            trials: 1.0,
            loss_change: change,
            accuracy_change: after.accuracy - before.accuracy,
            right,
            right_change: right * change,
        };
        match &trial.person {
            Some(person) => named.entry(person).or_default().add(&sums),
            None => units.push(sums),
        }
    }
    units.extend(named.into_values());
    let mut total = Sums::default();
    units.iter().for_each(|unit| total.add(unit));
    let (when_right, when_wrong) = total.by_advice();
    let pushes = when_right < when_wrong;
    let [loss_change, accuracy_change, turn] =
        intervals(&units, options.resamples, options.seed, |sums| {
            [
                sums.loss_change / sums.trials,
                sums.accuracy_change / sums.trials,
                turn(sums.by_advice(), pushes),
            ]
        });
    Comparison {
        trials: trials.len(),
        alone: Quality::mean(trials.iter().map(|trial| Quality::of(trial.first))),
        truly: Quality::mean(before.iter().copied()),
        shown: Quality::mean(after.iter().copied()),
        loss_change,
        accuracy_change,
        change_when_right: when_right,
        change_when_wrong: when_wrong,
        turn: match when_right.total_cmp(&when_wrong) {
            std::cmp::Ordering::Less => Turn::HarmsBelow(turn),
            std::cmp::Ordering::Greater => Turn::HarmsAbove(turn),
            std::cmp::Ordering::Equal => Turn::Never,
        },
    }
}

/// The share c of right advice at which `c right + (1 - c) wrong`, the mean change of loss, is 0:
/// `wrong / (wrong - right)`, cut to 0 and 1 where it is always on one side.
///
/// `pushes` says which side of it harms; a resample in which that is the other way round counts as
/// always harmed or never.
fn turn((right, wrong): (f64, f64), pushes: bool) -> f64 {
    let crossing = wrong / (wrong - right);
    if crossing.is_finite() && (right < wrong) == pushes {
        return crossing.clamp(0.0, 1.0);
    }
    let harmed = right + wrong > 0.0;
    f64::from(u8::from(harmed == pushes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_worked_by_hand() {
        assert_eq!(turn((-0.25, 0.75), true), 0.75);
        assert_eq!(turn((0.25, -0.75), false), 0.75);
        // Always better, always worse.
        assert_eq!(turn((-0.3, -0.1), true), 0.0);
        assert_eq!(turn((0.1, 0.3), true), 1.0);
        // A resample that tempers among those that push, and one without any change.
        assert_eq!(turn((0.3, 0.1), true), 1.0);
        assert_eq!(turn((-0.1, -0.3), true), 0.0);
        assert_eq!(turn((0.0, 0.0), true), 0.0);
    }
}
