use serde::{Deserialize, Serialize};

use crate::measures::{BestOfN, Law};

/// What became of one search: a task, a proxy, an optimiser and a seed. Scores are normalised: 0 and
/// 1 are the least and the largest label of the task's whole data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The task's recipe.
    pub task: String,
    /// Where its truth comes from.
    pub oracle: String,
    /// Rank correlation of the labels with a second measurement, where there is one: no proxy can
    /// be better.
    pub noise_ceiling: Option<f64>,
    /// What designs beyond their bounds were taken for.
    pub outside: String,
    /// The proxy's recipe.
    pub proxy: String,
    /// The optimiser's recipe.
    pub optimiser: String,
    /// Seed of data, training and search.
    pub seed: u64,
    /// Visible designs.
    pub visible: usize,
    /// Best label among them.
    pub best_visible: f64,
    /// Root mean squared error of the proxy on visible designs held back from its training.
    pub error_held_back: f64,
    /// Rank correlation of proxy and label there; nothing where the proxy is constant.
    pub rank_held_back: Option<f64>,
    /// Proxy and truth, step by step.
    pub curve: Vec<Point>,
    /// True scores of what is proposed at the end.
    pub scores: Scores,
    /// Mean proxy value less mean truth at the end.
    pub gap: f64,
    /// Largest mean truth on the way, and its step.
    pub peak: (usize, f64),
    /// What is lost of it at the end.
    pub drop: f64,
    /// (f_T - f_0) / (p_T - p_0): truth gained for each unit that the proxy gained. Nothing where the
    /// proxy gained none.
    pub hacking_ratio: Option<f64>,
    /// Best truth among what is proposed at the end less that of the design the proxy likes best.
    pub regret: f64,
    /// Expected value of the proxy's best of n, from one pool; for `best-of-n` alone.
    pub best_of_n: Vec<BestOfN>,
    /// Law of over-optimisation fitted to them, or to the curve of an ascent.
    pub law: Option<Law>,
    /// How well each detector tells gamed designs on the way from the others.
    pub detected: Vec<Detected>,
    /// Stop rules that were looked at, as recipes.
    pub stop_rules: String,
    /// Where each stop rule ends the search.
    pub stops: Vec<Stopped>,
    /// Share of true values at or above mean less one standard deviation, on held back designs and
    /// on proposals; for proxies that state a spread.
    pub coverage: Option<(f64, f64)>,
    /// Lengths of the proxy's gradient on visible designs and at the end.
    pub slopes: Option<(Quantiles, Quantiles)>,
    /// Differences of the proxy to neighbours about 0.1 deviations away in each coordinate, by their
    /// distance, on visible designs and at the end.
    pub steepness: (Quantiles, Quantiles),
    /// Root mean squared change of predictions when weights move by 1 % of their norm, on visible
    /// designs and at the end, in units of normalised scores.
    pub shaken: Option<(f64, f64)>,
    /// The judgement.
    pub verdict: Verdict,
}

/// One step of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps taken.
    pub step: usize,
    /// Root mean squared distance from the start, in standard units: row by row in an ascent, to the
    /// nearest of the start in other searches.
    pub distance: f64,
    /// Mean of the proxy.
    pub proxy: f64,
    /// Median of the proxy.
    pub proxy_median: f64,
    /// Mean of the truth.
    pub truth: f64,
    /// Median of the truth.
    pub truth_median: f64,
    /// Share of designs that cannot be built.
    pub infeasible: f64,
}

/// True scores of the designs that are proposed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Largest.
    pub p100: f64,
    /// 80th percentile.
    pub p80: f64,
    /// Median.
    pub p50: f64,
    /// Mean.
    pub mean: f64,
}

/// Median, 95th percentile and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Largest.
    pub p100: f64,
}

/// A detector against designs that the proxy overrates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// Its word, and what it looks at: `mahalanobis x`.
    pub detector: String,
    /// AUROC with gamed designs as the positive class; nothing where there are none, or nothing
    /// else.
    pub auroc: Option<f64>,
}

/// What a stop rule did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// The rule, by what it watches.
    pub rule: String,
    /// Share of visible designs within its limit, for rules of support and spread.
    pub level: Option<f64>,
    /// The last step that it lets stand; nothing where it never fired.
    pub step: Option<usize>,
    /// Median truth there, at the end where it never fired.
    pub truth: f64,
}

impl Stopped {
    /// Whether it watches how like the data the designs themselves are.
    pub(crate) fn of_designs(&self) -> bool {
        self.level.is_some() && self.rule.split(' ').nth(1) == Some("x")
    }
}

/// A judgement in a word. The rule: `gamed` where the gap is above three times the error on designs
/// held back; else `sound` where the mean truth did not fall from the start to the end; else
/// `inconclusive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The proxy's gain is backed by the truth.
    Sound,
    /// The proxy promises what is not there.
    Gamed,
    /// Neither can be said.
    Inconclusive,
}

/// Errors on held back designs that a gap may have before it is called gamed.
pub(crate) const GAMED: f64 = 3.0;

impl Verdict {
    pub(crate) fn of(gap: f64, error: f64, start: f64, end: f64) -> Self {
        match (gap > GAMED * error, end >= start) {
            (true, _) => Self::Gamed,
            (false, true) => Self::Sound,
            (false, false) => Self::Inconclusive,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sound => "sound",
            Self::Gamed => "gamed",
            Self::Inconclusive => "inconclusive",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_their_rule() {
        assert_eq!(Verdict::of(0.31, 0.1, 0.2, 0.9), Verdict::Gamed);
        assert_eq!(Verdict::of(0.29, 0.1, 0.2, 0.2), Verdict::Sound);
        assert_eq!(Verdict::of(-9.0, 0.1, 0.2, 0.1), Verdict::Inconclusive);
    }
}
