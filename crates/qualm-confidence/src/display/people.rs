//! People as they were fitted, and what they are expected to answer.

use super::activation::{Activation, activated};
use super::integration::Integration;
use super::shown::Display;
use super::trial::{Trial, loss, right};

/// Fitted people: whether they change their answer, and where to.
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    /// Whether they change their answer.
    pub activation: Activation,
    /// Where to.
    pub integration: Integration,
}

/// Loss and accuracy of answers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// The mean of -ln of the probability given to the right answer.
    pub loss: f64,
    /// The share of right answers.
    pub accuracy: f64,
}

impl Quality {
    /// Of one answer from -1 to 1.
    #[must_use]
    pub fn of(answer: f64) -> Quality {
        Quality {
            loss: loss(answer),
            accuracy: right(answer),
        }
    }

    /// The mean of many; 0 where there are none.
    #[must_use]
    pub fn mean(all: impl IntoIterator<Item = Quality>) -> Quality {
        let mut sum = Quality::default();
        let mut count = 0.0;
        for one in all {
            sum.loss += one.loss;
            sum.accuracy += one.accuracy;
            count += 1.0;
        }
        if count > 0.0 {
            sum.loss /= count;
            sum.accuracy /= count;
        }
        sum
    }
}

/// How well fitted people predict others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The share of trials in which the answer changed.
    pub changed: f64,
    /// The loss of predicting whether, in nats.
    pub activation_loss: f64,
    /// The same for a constant prediction of the share that changed.
    pub activation_constant: f64,
    /// The root of the mean squared error of the final answer where it changed.
    pub integration_error: f64,
    /// The share of the variance of the final answer that is predicted there.
    pub integration_r2: f64,
}

impl People {
    /// Fits both to trials.
    #[must_use]
    pub fn fit(trials: &[Trial]) -> People {
        People {
            activation: Activation::fit(trials),
            integration: Integration::fit(trials),
        }
    }

    /// What is expected of the final answer to this trial where its advice is shown by `display`:
    /// `(1 - f_act) L(r1) + f_act L(f_int)` (Vodrahalli et al. 2022, the objective), and the
    /// accuracy in the same way. The loss is that of the expected answer, which is a little less
    /// than the expected loss.
    #[must_use]
    pub fn expected(&self, trial: &Trial, display: Display) -> Quality {
        let shown = display.shows_answer(trial.advice);
        let changes = self.activation.chance(trial.first, shown);
        let stays = Quality::of(trial.first);
        let goes = Quality::of(self.integration.answer(trial.first, shown));
        Quality {
            loss: (1.0 - changes) * stays.loss + changes * goes.loss,
            accuracy: (1.0 - changes) * stays.accuracy + changes * goes.accuracy,
        }
    }

    /// How well they predict these trials.
    #[must_use]
    pub fn agreement(&self, trials: &[Trial]) -> Agreement {
        let count = trials.len().max(1) as f64;
        let moved: Vec<&Trial> = trials.iter().filter(|trial| activated(trial)).collect();
        let changed = moved.len() as f64 / count;
        let surprise = |trial: &Trial| {
            let chance = self.activation.chance(trial.first, trial.advice);
            -(if activated(trial) {
                chance
            } else {
                1.0 - chance
            })
            .max(f64::MIN_POSITIVE)
            .ln()
        };
        let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        let mean = moved.iter().map(|trial| trial.last).sum::<f64>() / moved.len().max(1) as f64;
        let error = |trial: &&Trial| {
            (trial.last - self.integration.answer(trial.first, trial.advice)).powi(2)
        };
        let errors: f64 = moved.iter().map(error).sum();
        let spread: f64 = moved.iter().map(|trial| (trial.last - mean).powi(2)).sum();
        Agreement {
            changed,
            activation_loss: trials.iter().map(surprise).sum::<f64>() / count,
            activation_constant: entropy(changed) + entropy(1.0 - changed),
            integration_error: (errors / moved.len().max(1) as f64).sqrt(),
            integration_r2: if spread > 0.0 {
                1.0 - errors / spread
            } else {
                0.0
            },
        }
    }
}
