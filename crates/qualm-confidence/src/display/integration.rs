//! How far do those go who change their answer?

use super::activation::activated;
use super::features::{self, Row};
use super::trial::Trial;

/// Where a person who changes their answer goes: a linear regression of sign(r1) (r2 - r1), the
/// step away from doubt on one's own side.
///
/// Whoever moves a fixed share w of the way to the advice steps by w (agree |advice| - |r1|), which
/// these features hold exactly; the paper fits a network as in
/// [`Activation`](super::Activation).
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    weights: Row,
}

impl Integration {
    /// Fits it to the trials in which the answer changed.
    #[must_use]
    pub fn fit(trials: &[Trial]) -> Integration {
        let changed = || trials.iter().filter(|trial| activated(trial));
        let rows: Vec<Row> = changed()
            .map(|trial| features::row(trial.first, trial.advice))
            .collect();
        let steps: Vec<f64> = changed()
            .map(|trial| features::side(trial.first, trial.advice) * (trial.last - trial.first))
            .collect();
        Integration {
            weights: features::linear(&rows, &steps),
        }
    }

    /// The expected answer after the advice, from -1 to 1.
    #[must_use]
    pub fn answer(&self, first: f64, advice: f64) -> f64 {
        let step = features::dot(&features::row(first, advice), &self.weights);
        (first + features::side(first, advice) * step).clamp(-1.0, 1.0)
    }
}
