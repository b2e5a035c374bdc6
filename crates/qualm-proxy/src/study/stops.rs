use super::outcome::Stopped;
use crate::measures::quantile;
use crate::stops::{STANDARD_LEVEL, StopRule};

/// What the steps of a search look like to stop rules, in order.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// Numbers of the steps.
    pub(super) numbers: Vec<usize>,
    /// Median truths: not for the rules, but to say what stopping there gives.
    pub(super) truths: Vec<f64>,
    /// Median predictions, in standard units.
    pub(super) medians: Vec<f64>,
    /// Each detector's name, median scores of the steps, and scores of visible designs.
    pub(super) detectors: Vec<Watched<'a>>,
    /// The same of the standard deviations that the proxy states.
    pub(super) spread: Option<Watched<'a>>,
}

/// A score of designs.
#[derive(Debug)]
pub(super) struct Watched<'a> {
    pub(super) name: &'a str,
    pub(super) medians: Vec<f64>,
    pub(super) visible: &'a [f64],
}

impl Seen<'_> {
    /// Where a rule ends the search, once for each score that it watches.
    pub(super) fn stopped_by(&self, rule: StopRule) -> Vec<Stopped> {
        match rule {
            StopRule::Support { level } => {
                let detectors = self.detectors.iter();
                detectors
                    .map(|watched| self.beyond(watched, level))
                    .collect()
            }
            StopRule::Spread { level } => {
                let spread = self.spread.iter();
                spread.map(|watched| self.beyond(watched, level)).collect()
            }
            StopRule::Gain { limit } => {
                let first = self.medians.first().copied().unwrap_or_default();
                let gained = self.medians.iter().map(|median| median - first);
                vec![self.stop(format!("gain of {limit} deviations"), gained, limit, None)]
            }
            StopRule::Steps { n } => {
                let numbers = self.numbers.iter().map(|&number| number as f64);
                vec![self.stop(format!("{n} steps"), numbers, n as f64, None)]
            }
        }
    }

    fn beyond(&self, watched: &Watched<'_>, level: f64) -> Stopped {
        let name = match level == STANDARD_LEVEL {
            true => watched.name.to_owned(),
            false => format!("{} at {level}", watched.name),
        };
        let limit = quantile(watched.visible, level);
        self.stop(name, watched.medians.iter().copied(), limit, Some(level))
    }

    fn stop(
        &self,
        rule: String,
        measured: impl IntoIterator<Item = f64>,
        limit: f64,
        level: Option<f64>,
    ) -> Stopped {
        let above = measured.into_iter().position(|measured| measured > limit);
        let last = match above {
            Some(at) => at.saturating_sub(1),
            None => self.numbers.len() - 1,
        };
        Stopped {
            rule,
            level,
            step: above.map(|_| self.numbers[last]),
            truth: self.truths[last],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four steps.
    fn seen<'a>(scores: &[f64], visible: &'a [f64]) -> Seen<'a> {
        Seen {
            numbers: vec![0, 25, 50, 75],
            truths: vec![0.1, 0.4, 0.3, 0.0],
            medians: vec![-1.0, 0.5, 2.5, 3.1],
            detectors: vec![Watched {
                name: "s x",
                medians: scores.to_vec(),
                visible,
            }],
            spread: None,
        }
    }

    fn only(seen: &Seen<'_>, rule: StopRule) -> Stopped {
        let mut stopped = seen.stopped_by(rule);
        assert_eq!(stopped.len(), 1);
        stopped.remove(0)
    }

    #[test]
    fn the_step_before_the_limit_stands() {
        let visible: Vec<f64> = (0..=100).map(f64::from).collect();
        let seen = seen(&[50.0, 98.0, 99.5, 10.0], &visible);
        let stopped = only(&seen, StopRule::Support { level: 0.99 });
        assert_eq!((stopped.step, stopped.truth), (Some(25), 0.4));
        assert_eq!((stopped.rule.as_str(), stopped.level), ("s x", Some(0.99)));
        // A stricter level stops earlier, and says so.
        let stopped = only(&seen, StopRule::Support { level: 0.95 });
        assert_eq!((stopped.step, stopped.truth), (Some(0), 0.1));
        assert_eq!(stopped.rule, "s x at 0.95");
        // All visible designs lie within their largest score.
        let silent = only(&seen, StopRule::Support { level: 1.0 });
        assert_eq!((silent.step, silent.truth), (None, 0.0));
        assert_eq!(only(&seen, StopRule::Steps { n: 50 }).step, Some(50));
        assert_eq!(only(&seen, StopRule::Steps { n: 49 }).step, Some(25));
        assert_eq!(only(&seen, StopRule::Gain { limit: 4.0 }).step, Some(50));
        assert_eq!(only(&seen, StopRule::Gain { limit: 1.0 }).step, Some(0));
        // A proxy that states no spread has no rule of it.
        assert_eq!(seen.stopped_by(StopRule::Spread { level: 0.99 }), []);
    }

    #[test]
    fn what_is_beyond_single_precision_is_above_every_limit() {
        let visible: Vec<f64> = (0..=100).map(f64::from).collect();
        let seen = seen(&[quantile(&[f64::INFINITY; 4], 0.5)], &visible);
        let stopped = only(&seen, StopRule::Support { level: 0.99 });
        assert_eq!(stopped.step, Some(0));
    }
}
