use super::outcome::Stopped;
use crate::measures::quantile;

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
        let silent = StopRule::support("s", vec![1.0, 2.0], &visible).stop(&[0, 5], &[0.8, 0.6]);
        assert_eq!((silent.step, silent.truth), (None, 0.6));
    }
}
