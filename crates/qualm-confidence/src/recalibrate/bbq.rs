//! Bayesian binning into quantiles: many binnings, averaged by how well each explains the answers.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::data::{Answers, Fitted};
use crate::measures::{Levels, Tally};

/// BBQ (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
/// binning" (2015)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Bbq {
    /// Weights add up to 1.
    binnings: Vec<Binning>,
}

/// One division of 0..1 into bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Binning {
    weight: f64,
    /// Where a bin ends and the next begins, ascending: one fewer than bins.
    edges: Vec<f64>,
    /// The expected accuracy of each bin.
    accuracy: Vec<f64>,
}

/// N' of the paper: all prior beliefs together weigh as much as two answers.
const PRIOR_ROWS: f64 = 2.0;
/// C of the paper: from `cbrt(N) / C` to `C cbrt(N)` bins.
const SPREAD: f64 = 10.0;
/// Binnings with less than this share of the best one's weight change nothing visible.
const LEAST_SHARE: f64 = 1e-3;

impl Bbq {
    /// All binnings into equally many answers, from `cbrt(N) / 10` to `10 cbrt(N)` bins, each
    /// weighted by its BDeu score (eq. 2 of the paper): the probability of the outcomes when bin
    /// accuracies follow a Beta law around the middle of their bin.
    ///
    /// Answers of one confidence stay in one bin, so bins may hold different numbers of answers.
    #[must_use]
    pub fn fit(answers: &Answers) -> Fitted<Bbq> {
        let levels = answers.levels();
        let cube_root = (answers.rows() as f64).cbrt();
        let fewest = ((cube_root / SPREAD) as usize).max(1);
        let most = ((cube_root * SPREAD) as usize).clamp(fewest, answers.rows());
        let mut divisions: Vec<Vec<usize>> =
            (fewest..=most).map(|bins| starts(levels, bins)).collect();
        // Ties can make two numbers of bins the same binning.
        divisions.dedup();
        let scored: Vec<(f64, Binning)> = divisions
            .iter()
            .map(|starts| score(levels, starts))
            .collect();
        let best = scored
            .iter()
            .map(|(score, _)| *score)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut binnings: Vec<Binning> = scored
            .into_iter()
            .map(|(score, binning)| Binning {
                weight: (score - best).exp(),
                ..binning
            })
            .filter(|binning| binning.weight >= LEAST_SHARE)
            .collect();
        let sum: f64 = binnings.iter().map(|binning| binning.weight).sum();
        binnings
            .iter_mut()
            .for_each(|binning| binning.weight /= sum);
        Fitted::quiet(Bbq { binnings })
    }

    /// Number of binnings that are averaged.
    #[must_use]
    pub fn binnings(&self) -> usize {
        self.binnings.len()
    }

    /// The confidence that `confidence` becomes.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        let of = |binning: &Binning| {
            let bin = binning.edges.partition_point(|&edge| edge <= confidence);
            binning.weight * binning.accuracy[bin]
        };
        let sum: f64 = self.binnings.iter().map(of).sum();
        sum.clamp(0.0, 1.0)
    }
}

/// The first level of each of about `bins` bins with equally many answers.
fn starts(levels: &Levels, bins: usize) -> Vec<usize> {
    let mut starts = vec![0];
    let (mut before, mut passed) = (0.0, 0.0);
    for (place, tally) in levels.tallies().iter().enumerate() {
        // A bin begins where the share of answers before it passes a multiple of 1 / bins.
        let multiple = (before * bins as f64 / levels.total().records).floor();
        if multiple > passed {
            starts.push(place);
            passed = multiple;
        }
        before += tally.records;
    }
    starts
}

/// The BDeu score of a binning, a logarithm, and its expected accuracies.
fn score(levels: &Levels, starts: &[usize]) -> (f64, Binning) {
    let values = levels.values();
    let middle = |place: usize| 0.5 * (values[place - 1] + values[place]);
    let edges: Vec<f64> = starts[1..].iter().map(|&place| middle(place)).collect();
    let lows = std::iter::once(0.0).chain(edges.iter().copied());
    let highs = edges.iter().copied().chain([1.0]);
    let ends = starts[1..].iter().copied().chain([values.len()]);
    let prior = PRIOR_ROWS / starts.len() as f64;
    let mut score = 0.0;
    let mut accuracy = Vec::with_capacity(starts.len());
    for ((&start, end), (low, high)) in starts.iter().zip(ends).zip(lows.zip(highs)) {
        let mut tally = Tally::default();
        levels.tallies()[start..end]
            .iter()
            .for_each(|of_level| tally += *of_level);
        let Tally { records, hits } = tally;
        let alpha = prior * 0.5 * (low + high);
        let beta = prior - alpha;
        score += ln_gamma(prior) - ln_gamma(records + prior);
        score += ln_gamma(hits + alpha) - ln_gamma(alpha);
        score += ln_gamma(records - hits + beta) - ln_gamma(beta);
        accuracy.push((hits + alpha) / (records + prior));
    }
    let binning = Binning {
        weight: 0.0,
        edges,
        accuracy,
    };
    (score, binning)
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    binnings: Vec<Binning>,
}

impl TryFrom<Written> for Bbq {
    type Error = String;

    fn try_from(Written { binnings }: Written) -> Result<Bbq, String> {
        let unit = |x: &f64| (0.0..=1.0).contains(x);
        for binning in &binnings {
            if binning.accuracy.len() != binning.edges.len() + 1 {
                return Err("a binning needs one edge fewer than accuracies".to_owned());
            }
            let numbers = binning.edges.iter().chain(&binning.accuracy);
            if !numbers.chain([&binning.weight]).all(unit) {
                return Err("a number of a binning is not between 0 and 1".to_owned());
            }
            if !binning.edges.windows(2).all(|pair| pair[0] <= pair[1]) {
                return Err("the edges of a binning do not ascend".to_owned());
            }
        }
        let sum: f64 = binnings.iter().map(|binning| binning.weight).sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(format!(
                "the weights of the binnings add up to {sum}, not to 1"
            ));
        }
        Ok(Bbq { binnings })
    }
}

impl From<Bbq> for Written {
    fn from(Bbq { binnings }: Bbq) -> Written {
        Written { binnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn one_bin_by_hand() {
        // All confidences tied: one bin over 0..1, prior 1 and 1, three of four correct.
        let answers = Answers::new(&[0.9; 4], &[true, true, true, false]).unwrap();
        let fitted = Bbq::fit(&answers).recalibrator;
        assert_eq!(fitted.binnings(), 1);
        assert!((fitted.apply(0.9) - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn scores_by_hand() {
        let levels = Levels::new(&[0.2, 0.6], &[false, true]).unwrap();
        // One bin: Beta(1, 1) gives the outcomes 1/6.
        assert!((score(&levels, &[0]).0 - (1.0 / 6.0f64).ln()).abs() < 1e-10);
        // Two bins cut at .4 with priors .2 : .8 and .7 : .3 of one row: .8 * .7.
        let (two, binning) = score(&levels, &[0, 1]);
        assert!((two - 0.56f64.ln()).abs() < 1e-10);
        assert_eq!(binning.edges, [0.4]);
        assert!((binning.accuracy[0] - 0.1).abs() < 1e-12);
        assert!((binning.accuracy[1] - 0.85).abs() < 1e-12);
        let answers = Answers::new(&[0.2, 0.6], &[false, true]).unwrap();
        let fitted = Bbq::fit(&answers).recalibrator;
        let weight = 0.56 / (0.56 + 1.0 / 6.0);
        assert!((fitted.apply(0.1) - (weight * 0.1 + (1.0 - weight) * 0.5)).abs() < 1e-10);
    }

    #[test]
    fn bins_hold_equally_many_answers_where_ties_allow() {
        let levels = Levels::new(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], &[true; 6]).unwrap();
        assert_eq!(starts(&levels, 3), [0, 2, 4]);
        assert_eq!(starts(&levels, 1), [0]);
        let tied = Levels::new(&[0.1, 0.2, 0.2, 0.2, 0.2, 0.6], &[true; 6]).unwrap();
        assert_eq!(starts(&tied, 3), [0, 2]);
    }

    #[test]
    fn a_step_in_accuracy_is_found() {
        let mut stream = Stream::new(8, 0);
        let confidence: Vec<f64> = (0..5_000).map(|_| stream.unit()).collect();
        let truth = |c: f64| if c < 0.5 { 0.2 } else { 0.9 };
        let correct: Vec<bool> = confidence
            .iter()
            .map(|&c| stream.unit() < truth(c))
            .collect();
        let fitted = Bbq::fit(&Answers::new(&confidence, &correct).unwrap()).recalibrator;
        for c in [0.1, 0.4, 0.6, 0.95] {
            assert!((fitted.apply(c) - truth(c)).abs() < 0.05, "{c}");
        }
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<Bbq>(&text).unwrap(), fitted);
        assert!(serde_json::from_str::<Bbq>(r#"{"binnings":[]}"#).is_err());
    }
}
