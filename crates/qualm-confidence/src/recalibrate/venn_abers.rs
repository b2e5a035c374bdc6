//! Venn-Abers calibration: isotonic regression that says how much one more answer would change it.

use serde::{Deserialize, Serialize};

use super::data::{Answers, Fitted};
use crate::measures::{Levels, Tally};

/// Inductive Venn-Abers prediction (Vovk and Petej, "Venn-Abers predictors" (2014)).
///
/// A new answer is added to the fitted ones, once as wrong and once as correct, and isotonic
/// regression gives its probability each time: p0 and p1, one of which is calibrated, in
/// expectation and for any number of answers. Few answers leave a wide gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct VennAbers {
    /// The distinct confidences, ascending.
    values: Vec<f64>,
    tallies: Vec<Tally>,
    /// The last block of isotonic regression up to each value, and the place where it begins.
    up_to: Vec<(Tally, usize)>,
    /// The first block of isotonic regression from each value on, and where the next begins.
    from: Vec<(Tally, usize)>,
}

impl VennAbers {
    /// Keeps the answers, by confidence.
    #[must_use]
    pub fn fit(answers: &Answers) -> Fitted<VennAbers> {
        let levels: &Levels = answers.levels();
        let (values, tallies) = (levels.values().to_vec(), levels.tallies().to_vec());
        Fitted::quiet(VennAbers::of(values, tallies))
    }

    /// Pools violators from both ends. The blocks up to a value are the last of them and the
    /// blocks up to where that begins, so that one entry a value holds the blocks of every
    /// beginning of the answers.
    fn of(values: Vec<f64>, tallies: Vec<Tally>) -> VennAbers {
        let mut up_to: Vec<(Tally, usize)> = Vec::with_capacity(tallies.len());
        for (place, &tally) in tallies.iter().enumerate() {
            let (mut block, mut start) = (tally, place);
            while let Some(&(before, further)) =
                start.checked_sub(1).and_then(|last| up_to.get(last))
                && before.accuracy() >= block.accuracy()
            {
                block += before;
                start = further;
            }
            up_to.push((block, start));
        }
        let mut from = vec![(Tally::default(), 0); tallies.len()];
        for (place, &tally) in tallies.iter().enumerate().rev() {
            let (mut block, mut end) = (tally, place + 1);
            while let Some(&(behind, further)) = from.get(end)
                && behind.accuracy() <= block.accuracy()
            {
                block += behind;
                end = further;
            }
            from[place] = (block, end);
        }
        VennAbers {
            values,
            tallies,
            up_to,
            from,
        }
    }

    /// p0 and p1: the probability that the answer is correct, were it found wrong or correct.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let place = self.values.partition_point(|&value| value < confidence);
        let [p0, p1] = [0.0, 1.0].map(|hits| {
            let mut block = Tally { records: 1.0, hits };
            if self.values.get(place) == Some(&confidence) {
                block += self.tallies[place];
                self.widen(block, place, place + 1)
            } else {
                self.widen(block, place, place)
            }
        });
        (p0, p1)
    }

    /// The accuracy of the block that grows from `block` among those before `start` and those
    /// from `end` on.
    fn widen(&self, mut block: Tally, mut start: usize, mut end: usize) -> f64 {
        loop {
            let before = start.checked_sub(1).map(|last| self.up_to[last]);
            match (before, self.from.get(end)) {
                (Some((before, further)), _) if before.accuracy() >= block.accuracy() => {
                    block += before;
                    start = further;
                }
                (_, Some(&(behind, further))) if behind.accuracy() <= block.accuracy() => {
                    block += behind;
                    end = further;
                }
                _ => return block.accuracy(),
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
        let tally = |(rows, correct): (u64, u64)| Tally {
            records: rows as f64,
            hits: correct as f64,
        };
        let tallies = rows.into_iter().zip(correct).map(tally).collect();
        Ok(VennAbers::of(confidence, tallies))
    }
}

impl From<VennAbers> for Written {
    fn from(fitted: VennAbers) -> Written {
        let count = |of: fn(&Tally) -> f64| fitted.tallies.iter().map(|t| of(t) as u64).collect();
        Written {
            rows: count(|tally| tally.records),
            correct: count(|tally| tally.hits),
            confidence: fitted.values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::isotonic;
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
                    let blocks = isotonic(&Levels::new(&confidence, &correct).unwrap());
                    let block = blocks.iter().find(|block| new <= block.hi).unwrap();
                    assert!((block.tally.accuracy() - ours).abs() < 1e-12);
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
