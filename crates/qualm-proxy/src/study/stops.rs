use super::outcome::Stopped;
use crate::measures::quantile;

/// Steps of the fixed rule, as conservative models search (Trabucco et al., ICML 2021).
const STEPS: usize = 50;
/// Predicted gain, in label deviations, at which the trust rule stops: RoMA's radius.
const TRUSTED_GAIN: f64 = 4.0;
/// Share of visible designs whose score lies below the limit of a support rule.
const WITHIN: f64 = 0.99;

/// A rule that ends a search: something is measured of each step, and the first step where it is
/// above a limit is not taken. No rule knows the truth.
#[derive(Debug)]
pub(super) struct StopRule {
    pub(super) name: String,
    /// What is measured at each kept step.
    pub(super) measured: Vec<f64>,
    pub(super) limit: f64,
}

impl StopRule {
    /// A detector: the median score of a step's designs against the 99th percentile of visible ones.
    pub(super) fn support(name: &str, of_steps: Vec<f64>, visible: &[f64]) -> Self {
        Self {
            name: name.into(),
            measured: of_steps,
            limit: quantile(visible, WITHIN),
        }
    }

    /// So many steps, whatever happens.
    pub(super) fn fixed(numbers: &[usize]) -> Self {
        Self {
            name: format!("{STEPS} steps"),
            measured: numbers.iter().map(|&number| number as f64).collect(),
            limit: STEPS as f64,
        }
    }

    /// A trust region of predictions: how far the median has risen above the start's, in label
    /// deviations.
    pub(super) fn trust(medians: &[f64]) -> Self {
        let first = medians.first().copied().unwrap_or_default();
        Self {
            name: format!("gain of {TRUSTED_GAIN} deviations"),
            measured: medians.iter().map(|median| median - first).collect(),
            limit: TRUSTED_GAIN,
        }
    }

    /// Where the rule ends a search whose steps have these numbers and median truths.
    pub(super) fn stop(&self, numbers: &[usize], truths: &[f64]) -> Stopped {
        let above = self
            .measured
            .iter()
            .position(|measured| *measured > self.limit);
        let last = match above {
            Some(at) => at.saturating_sub(1),
            None => numbers.len() - 1,
        };
        Stopped {
            rule: self.name.clone(),
            step: above.map(|_| numbers[last]),
            truth: truths[last],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_before_the_limit_stands() {
        let visible: Vec<f64> = (0..=100).map(f64::from).collect();
        let rule = StopRule::support("s", vec![50.0, 98.0, 99.5, 10.0], &visible);
        assert_eq!(rule.limit, 99.0);
        let stopped = rule.stop(&[0, 10, 20, 30], &[0.1, 0.4, 0.3, 0.0]);
        assert_eq!((stopped.step, stopped.truth), (Some(10), 0.4));
        // Designs beyond single precision score infinity, and that is above every limit.
        let beyond = StopRule::support("s", vec![quantile(&[f64::INFINITY; 4], 0.5)], &visible);
        assert_eq!(beyond.stop(&[0], &[0.2]).step, Some(0));
        let fixed = StopRule::fixed(&[0, 25, 50, 75]);
        let stopped = fixed.stop(&[0, 25, 50, 75], &[0.1, 0.2, 0.3, 0.4]);
        assert_eq!(stopped.step, Some(50));
        let trust = StopRule::trust(&[-1.0, 2.5, 3.1]);
        assert_eq!(trust.stop(&[0, 1, 2], &[0.1, 0.2, 0.0]).step, Some(1));
        let silent = StopRule::support("s", vec![1.0, 2.0], &visible).stop(&[0, 5], &[0.8, 0.6]);
        assert_eq!((silent.step, silent.truth), (None, 0.6));
    }
}
