//! Venn-Abers calibration: isotonic regression that says how much one more answer would change it.

use serde::{Deserialize, Serialize};

use super::data::{Answers, Fitted};
use super::isotonic::{Pool, Tie, tied};

/// Inductive Venn-Abers prediction (Vovk and Petej, "Venn-Abers predictors" (2014)).
///
/// A new answer is added to the fitted ones, once as wrong and once as correct, and isotonic
/// regression gives its probability each time: p0 and p1, one of which is calibrated, in
/// expectation and for any number of answers. Few answers leave a wide gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct VennAbers {
    ties: Vec<Tie>,
    /// The last pool of all ties up to each one, and where it begins.
    up_to: Vec<(Pool, usize)>,
    /// The first pool of all ties from each one on, and where the next begins.
    from: Vec<(Pool, usize)>,
}

impl VennAbers {
    /// Keeps the answers, by confidence.
    #[must_use]
    pub fn fit(answers: &Answers<'_>) -> Fitted<VennAbers> {
        Fitted::quiet(VennAbers::of(tied(answers.confidence(), answers.correct())))
    }

    /// Pools the ties from both ends. The pools of the ties up to i are the last of them and the
    /// pools up to where it begins, so that one entry a tie holds the pools of every beginning.
    fn of(ties: Vec<Tie>) -> VennAbers {
        let mut up_to: Vec<(Pool, usize)> = Vec::with_capacity(ties.len());
        for (i, &tie) in ties.iter().enumerate() {
            let (mut pool, mut start) = (pool_of(tie), i);
            while let Some(&(before, further)) = start.checked_sub(1).and_then(|j| up_to.get(j)) {
                if before.mean() < pool.mean() {
                    break;
                }
                (pool, start) = (before.with(pool), further);
            }
            up_to.push((pool, start));
        }
        let mut from: Vec<(Pool, usize)> = ties.iter().map(|&tie| (pool_of(tie), 0)).collect();
        for i in (0..ties.len()).rev() {
            let (mut pool, mut end) = (from[i].0, i + 1);
            while let Some(&(behind, further)) = from.get(end) {
                if behind.mean() > pool.mean() {
                    break;
                }
                (pool, end) = (pool.with(behind), further);
            }
            from[i] = (pool, end);
        }
        VennAbers { ties, up_to, from }
    }

    /// p0 and p1: the probability that the answer is correct, were it found wrong or correct.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let place = self.ties.partition_point(|tie| tie.confidence < confidence);
        let [p0, p1] = [0.0, 1.0].map(|outcome| {
            let new = Pool::of(outcome, 1.0);
            match self.ties.get(place) {
                Some(&tie) if tie.confidence == confidence => {
                    self.widen(pool_of(tie).with(new), place, place + 1)
                }
                _ => self.widen(new, place, place),
            }
        });
        (p0, p1)
    }

    /// The mean of the pool that grows from `pool` among the pools of the ties before `start` and
    /// from `end` on.
    fn widen(&self, mut pool: Pool, mut start: usize, mut end: usize) -> f64 {
        loop {
            let before = start.checked_sub(1).map(|last| self.up_to[last]);
            match (before, self.from.get(end)) {
                (Some((before, further)), _) if before.mean() >= pool.mean() => {
                    (pool, start) = (before.with(pool), further);
                }
                (_, Some(&(behind, further))) if behind.mean() <= pool.mean() => {
                    (pool, end) = (pool.with(behind), further);
                }
                _ => return pool.mean(),
            }
        }
    }

    /// `p1 / (1 - p0 + p1)`: of all single probabilities the one whose log loss is at worst the
    /// least above that of the right one of p0 and p1 (Vovk and Petej (2014), section 4).
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        let (p0, p1) = self.interval(confidence);
        p1 / (1.0 - p0 + p1)
    }
}

fn pool_of(tie: Tie) -> Pool {
    Pool {
        values: 1,
        weight: tie.rows as f64,
        sum: tie.correct as f64,
    }
}

/// What stands in a file: the answers, by confidence.
#[derive(Serialize, Deserialize)]
struct Written {
    confidence: Vec<f64>,
    rows: Vec<u64>,
    correct: Vec<u64>,
}

impl TryFrom<Written> for VennAbers {
    type Error = String;

    fn try_from(written: Written) -> Result<VennAbers, String> {
        let Written {
            confidence,
            rows,
            correct,
        } = written;
        if confidence.is_empty() || [rows.len(), correct.len()] != [confidence.len(); 2] {
            return Err("confidence, rows and correct differ in length, or are empty".to_owned());
        }
        let ascending = confidence.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || !confidence.iter().all(|c| (0.0..=1.0).contains(c)) {
            return Err("confidences do not ascend between 0 and 1".to_owned());
        }
        // Counts beyond 2^32 would not be told apart in `f64` once they are added up.
        let counted = |(&rows, &correct): (&u64, &u64)| {
            rows >= 1 && rows <= u64::from(u32::MAX) && correct <= rows
        };
        if !rows.iter().zip(&correct).all(counted) {
            return Err("a confidence has more correct answers than answers".to_owned());
        }
        let ties = confidence.into_iter().zip(rows).zip(correct);
        let tie = |((confidence, rows), correct)| Tie {
            confidence,
            rows,
            correct,
        };
        Ok(VennAbers::of(ties.map(tie).collect()))
    }
}

impl From<VennAbers> for Written {
    fn from(VennAbers { ties, .. }: VennAbers) -> Written {
        Written {
            confidence: ties.iter().map(|tie| tie.confidence).collect(),
            rows: ties.iter().map(|tie| tie.rows).collect(),
            correct: ties.iter().map(|tie| tie.correct).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recalibrate::isotonic::pooled;
    use qualm_stats::Stream;

    #[test]
    fn one_more_answer_by_hand() {
        let answers = Answers::new(&[0.2, 0.8], &[false, true]).unwrap();
        let fitted = VennAbers::fit(&answers).recalibrator;
        // At .5 it may be either; at .9 a wrong one halves the pool with .8.
        assert_eq!(fitted.interval(0.5), (0.0, 1.0));
        assert_eq!(fitted.interval(0.9), (0.5, 1.0));
        assert_eq!(fitted.interval(0.2), (0.0, 0.5));
        assert_eq!(fitted.apply(0.9), 1.0 / 1.5);
    }

    /// Against isotonic regression of all answers and the new one.
    #[test]
    fn both_probabilities_are_those_of_isotonic_regression_with_the_answer_added() {
        let mut stream = Stream::new(6, 0);
        for _ in 0..100 {
            let rows = 2 + stream.below(30);
            let confidence: Vec<f64> = (0..rows).map(|_| stream.below(9) as f64 / 8.0).collect();
            let mut correct: Vec<bool> = confidence.iter().map(|c| stream.unit() < *c).collect();
            (correct[0], correct[1]) = (true, false);
            let fitted = VennAbers::fit(&Answers::new(&confidence, &correct).unwrap());
            for new in (0..=16).map(|i| f64::from(i) / 16.0) {
                let (p0, p1) = fitted.recalibrator.interval(new);
                for (outcome, ours) in [(false, p0), (true, p1)] {
                    let (mut confidence, mut correct) = (confidence.clone(), correct.clone());
                    confidence.push(new);
                    correct.push(outcome);
                    let ties = tied(&confidence, &correct);
                    let of_new = |ties: &[Tie]| ties.iter().any(|tie| tie.confidence == new);
                    let (pool, _) = pooled(&ties).find(|(_, ties)| of_new(ties)).unwrap();
                    assert!((pool.mean() - ours).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn a_file_is_checked_and_gives_the_same_function() {
        let answers = Answers::new(&[0.2, 0.8, 0.8], &[false, true, false]).unwrap();
        let fitted = VennAbers::fit(&answers).recalibrator;
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<VennAbers>(&text).unwrap(), fitted);
        for damaged in [
            text.replace("[1,2]", "[1]"),
            text.replace("[1,2]", "[1,0]"),
            text.replace("0.8", "0.1"),
            text.replace("0.8", "8.0"),
        ] {
            assert_ne!(damaged, text);
            assert!(
                serde_json::from_str::<VennAbers>(&damaged).is_err(),
                "{damaged}"
            );
        }
    }
}
