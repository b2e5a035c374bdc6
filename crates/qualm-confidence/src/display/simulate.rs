//! People and a model made up, of whom everything is known.
//!
//! Evidence is normal: if the log odds of the right answer are drawn from N(m, 2m), then they are
//! the true log odds, and the answer is right in a share Phi(sqrt(m/2)) of cases. So people and
//! model have the accuracy that is asked for and are calibrated, unless the model is told to claim
//! another accuracy than it has.

use qualm_stats::random::Stream;
use statrs::distribution::{ContinuousCDF, Normal};

use super::features::sigmoid;
use super::shown::Display;
use super::trial::Trial;

/// How made-up people react to advice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reaction {
    /// The logit of the chance to change one's answer, where own confidence and advice are nil.
    pub readiness: f64,
    /// What it gains from sure advice.
    pub impressed: f64,
    /// What it loses by own confidence.
    pub stubborn: f64,
    /// What share of the way to the advice is gone.
    pub share: f64,
    /// The standard deviation of where the answer lands.
    pub noise: f64,
}

/// A made-up situation: people, their model, and how they take its advice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// The share of right answers of people alone.
    pub people: f64,
    /// The share of right advice.
    pub model: f64,
    /// The accuracy that the model's confidence speaks of: another than `model` where the model
    /// is not calibrated, as under shift.
    pub claimed: f64,
    /// How people react.
    pub reaction: Reaction,
}

/// People who change their answer in about two cases of five, more readily for surer advice.
const WARY: Reaction = Reaction {
    readiness: -1.9,
    impressed: 3.0,
    stubborn: 1.5,
    share: 0.7,
    noise: 0.15,
};

/// People who take over whatever they are shown.
const TRUSTING: Reaction = Reaction {
    readiness: 5.0,
    impressed: 0.0,
    stubborn: 0.0,
    share: 1.0,
    noise: 0.05,
};

impl Scenario {
    /// A calibrated model that is better than the people, who follow it too seldom: the situation
    /// of the published study.
    pub const BETTER: Scenario = Scenario {
        people: 0.68,
        model: 0.84,
        claimed: 0.84,
        reaction: WARY,
    };

    /// The same people with a model that is worse than they are and speaks as before.
    pub const WORSE: Scenario = Scenario {
        model: 0.55,
        ..Scenario::BETTER
    };

    /// A calibrated model that is better than the people, who take over whatever it says.
    pub const TRUSTING: Scenario = Scenario {
        reaction: TRUSTING,
        ..Scenario::BETTER
    };

    /// Draws trials in which the true confidence is shown; the same seed draws the same.
    ///
    /// ```
    /// use qualm_confidence::display::Scenario;
    ///
    /// let trials = Scenario::BETTER.draw(20_000, 1);
    /// let right = trials.iter().filter(|trial| trial.advice > 0.0).count();
    /// assert!((right as f64 / 20_000.0 - 0.84).abs() < 0.01);
    /// ```
    #[must_use]
    pub fn draw(&self, trials: usize, seed: u64) -> Vec<Trial> {
        self.encounters(trials, seed)
            .map(|encounter| Trial {
                person: None,
                first: encounter.first,
                advice: encounter.advice,
                last: encounter.answer(&self.reaction, Display::TRUE),
            })
            .collect()
    }

    /// What people meet, before anything is shown.
    pub(super) fn encounters(
        &self,
        trials: usize,
        seed: u64,
    ) -> impl Iterator<Item = Encounter> + use<> {
        let people = Evidence::of(self.people, self.people);
        let model = Evidence::of(self.model, self.claimed);
        let mut stream = Stream::new(seed, 0);
        (0..trials).map(move |_| Encounter {
            first: people.draw(&mut stream),
            advice: model.draw(&mut stream),
            readiness: stream.unit(),
            noise: stream.normal(),
        })
    }
}

/// One person at one question, with the chances that decide what they do.
pub(super) struct Encounter {
    pub(super) first: f64,
    pub(super) advice: f64,
    readiness: f64,
    noise: f64,
}

impl Encounter {
    /// What the person answers in the end. The same person meets each display with the same
    /// chances, so that displays differ by nothing else.
    pub(super) fn answer(&self, reaction: &Reaction, display: Display) -> f64 {
        let shown = display.shows_answer(self.advice);
        let logit = reaction.readiness + reaction.impressed * shown.abs()
            - reaction.stubborn * self.first.abs();
        if self.readiness >= sigmoid(logit) {
            return self.first;
        }
        let landed = self.first + reaction.share * (shown - self.first);
        (landed + reaction.noise * self.noise).clamp(-1.0, 1.0)
    }
}

/// Normal log odds of the right answer.
struct Evidence {
    /// The normal quantile of the accuracy.
    quantile: f64,
    /// The standard deviation.
    spread: f64,
}

impl Evidence {
    /// Evidence that is right in the share `accuracy` of cases and as loud as if in the share
    /// `claimed`: Phi(sqrt(m/2)) = a means m = 2 z^2 and a standard deviation of 2 |z| for z the
    /// quantile of a.
    fn of(accuracy: f64, claimed: f64) -> Evidence {
        let quantile = |share: f64| Normal::standard().inverse_cdf(share);
        Evidence {
            quantile: quantile(accuracy),
            spread: 2.0 * quantile(claimed).abs(),
        }
    }

    /// An answer from -1 to 1.
    fn draw(&self, stream: &mut Stream) -> f64 {
        let log_odds = self.spread * (self.quantile + stream.normal());
        (log_odds / 2.0).tanh()
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::probability;
    use super::*;

    /// Share of right answers, and the mean of y - p over those with p (of what they say) in a range.
    fn calibration(answers: &[f64], lo: f64, hi: f64) -> f64 {
        let said: Vec<f64> = answers
            .iter()
            .map(|answer| (probability(answer.abs()), *answer))
            .filter(|(p, _)| (lo..hi).contains(p))
            .map(|(p, answer)| f64::from(u8::from(answer > 0.0)) - p)
            .collect();
        said.iter().sum::<f64>() / said.len() as f64
    }

    #[test]
    fn people_and_model_are_as_right_and_as_calibrated_as_they_are_told_to_be() {
        let trials = Scenario::BETTER.draw(100_000, 7);
        let share = |of: fn(&Trial) -> f64| {
            trials.iter().filter(|trial| of(trial) > 0.0).count() as f64 / 1e5
        };
        assert!((share(|t| t.first) - 0.68).abs() < 0.006);
        assert!((share(|t| t.advice) - 0.84).abs() < 0.005);
        let firsts: Vec<f64> = trials.iter().map(|t| t.first).collect();
        let advice: Vec<f64> = trials.iter().map(|t| t.advice).collect();
        for (lo, hi) in [(0.5, 0.6), (0.6, 0.75), (0.75, 0.9), (0.9, 1.0)] {
            assert!(calibration(&firsts, lo, hi).abs() < 0.02);
            assert!(calibration(&advice, lo, hi).abs() < 0.02);
        }
        // About two in five change their answer, as in the published study (.35 to .56).
        let changed = trials.iter().filter(|t| t.first != t.last).count() as f64 / 1e5;
        assert!((0.35..0.56).contains(&changed), "{changed}");
    }

    #[test]
    fn a_worse_model_speaks_as_loudly_as_the_better_one() {
        let loudness = |scenario: Scenario| {
            let trials = scenario.draw(50_000, 8);
            trials.iter().map(|t| t.advice.abs()).sum::<f64>() / 5e4
        };
        let worse = Scenario::WORSE.draw(50_000, 8);
        let right = worse.iter().filter(|t| t.advice > 0.0).count() as f64 / 5e4;
        assert!((right - 0.55).abs() < 0.01);
        assert!(loudness(Scenario::WORSE) > 0.8 * loudness(Scenario::BETTER));
        let advice: Vec<f64> = worse.iter().map(|t| t.advice).collect();
        assert!(calibration(&advice, 0.9, 1.0) < -0.2);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(Scenario::BETTER.draw(50, 3), Scenario::BETTER.draw(50, 3));
        assert_ne!(Scenario::BETTER.draw(50, 3), Scenario::BETTER.draw(50, 4));
    }
}
