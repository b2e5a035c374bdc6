//! Does advice change an answer at all?

use super::features::{self, Row};
use super::trial::{CHANGED, Trial};

/// The chance that a person changes their answer by more than [`CHANGED`] after this advice:
/// a logistic regression.
///
/// Vodrahalli et al. 2022 train a network of two hidden layers (12 to 24 to 12 to 1) that also sees
/// seven survey answers. Without surveys five features are left, whose products are among them; a
/// logistic regression on these has six coefficients, one minimum, and needs no seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    weights: Row,
}

impl Activation {
    /// Fits it to trials.
    #[must_use]
    pub fn fit(trials: &[Trial]) -> Activation {
        let rows: Vec<Row> = trials
            .iter()
            .map(|trial| features::row(trial.first, trial.advice))
            .collect();
        let outcomes: Vec<bool> = trials.iter().map(activated).collect();
        Activation {
            weights: features::logistic(&rows, &outcomes),
        }
    }

    /// The chance of a change, for a first answer and shown advice from -1 to 1.
    #[must_use]
    pub fn chance(&self, first: f64, advice: f64) -> f64 {
        features::sigmoid(features::dot(&features::row(first, advice), &self.weights))
    }
}

/// Whether the answer was changed.
pub(super) fn activated(trial: &Trial) -> bool {
    (trial.last - trial.first).abs() > CHANGED
}
