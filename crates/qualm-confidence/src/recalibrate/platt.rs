//! Platt scaling: a line through the logits of the confidences.

use serde::{Deserialize, Serialize};

use super::data::{Answers, Fitted, logit, sigmoid};
use super::logistic::logistic;

/// `sigmoid(a logit(c) + b)` (Platt, "Probabilistic outputs for support vector machines" (1999)).
///
/// On the logit, where a = 1, b = 0 changes nothing: a line through the confidence itself cannot
/// even leave a calibrated one alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Platt {
    slope: f64,
    offset: f64,
}

impl Platt {
    /// Least cross-entropy with Platt's targets: (correct + 1) / (correct + 2) for correct
    /// answers, 1 / (wrong + 2) for wrong ones, so that separable answers have a finite fit.
    #[must_use]
    pub fn fit(answers: &Answers) -> Fitted<Platt> {
        let total = answers.levels().total();
        let of_correct = (total.hits + 1.0) / (total.hits + 2.0);
        let of_wrong = 1.0 / (total.records - total.hits + 2.0);
        let (mut logits, mut targets, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (value, tally) in answers.levels().iter() {
            logits.push(logit(value));
            targets.push(of_wrong + tally.accuracy() * (of_correct - of_wrong));
            counts.push(tally.records);
        }
        let found = logistic(&[&logits], &targets, &counts);
        let platt = Platt {
            slope: found[0],
            offset: found[1],
        };
        let mut fitted = Fitted::quiet(platt);
        if platt.slope < 0.0 {
            fitted.notes.push(
                "surer answers were wrong more often: the repaired confidence falls where the \
                 stated one rises"
                    .to_owned(),
            );
        }
        fitted
    }

    /// a and b.
    #[must_use]
    pub fn line(&self) -> (f64, f64) {
        (self.slope, self.offset)
    }

    /// The confidence that `confidence` becomes.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        sigmoid(self.slope * logit(confidence) + self.offset)
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    slope: f64,
    offset: f64,
}

impl TryFrom<Written> for Platt {
    type Error = String;

    fn try_from(Written { slope, offset }: Written) -> Result<Platt, String> {
        if slope.is_finite() && offset.is_finite() {
            Ok(Platt { slope, offset })
        } else {
            Err("slope and offset must be finite".to_owned())
        }
    }
}

impl From<Platt> for Written {
    fn from(Platt { slope, offset }: Platt) -> Written {
        Written { slope, offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn two_levels_by_hand() {
        // Platt's targets: 4/5 for three correct answers, 1/4 for two wrong ones.
        let confidence = [0.8, 0.8, 0.4, 0.8, 0.4];
        let answers = Answers::new(&confidence, &[true, true, true, false, false]).unwrap();
        let fitted = Platt::fit(&answers).recalibrator;
        assert!((fitted.apply(0.8) - (0.8 + 0.8 + 0.25) / 3.0).abs() < 1e-9);
        assert!((fitted.apply(0.4) - (0.8 + 0.25) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn separable_answers_stay_unsure() {
        let answers = Answers::new(&[0.1, 0.9], &[false, true]).unwrap();
        let fitted = Platt::fit(&answers).recalibrator;
        assert!((fitted.apply(0.9) - 2.0 / 3.0).abs() < 1e-9);
        assert!((fitted.apply(0.1) - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn calibrated_confidences_are_left_alone() {
        let mut stream = Stream::new(3, 0);
        let confidence: Vec<f64> = (0..100_000).map(|_| stream.unit()).collect();
        let correct: Vec<bool> = confidence.iter().map(|c| stream.unit() < *c).collect();
        let answers = Answers::new(&confidence, &correct).unwrap();
        let (slope, offset) = Platt::fit(&answers).recalibrator.line();
        assert!((slope - 1.0).abs() < 0.02, "{slope}");
        assert!(offset.abs() < 0.02, "{offset}");
    }

    #[test]
    fn reversed_confidence_is_told() {
        let answers = Answers::new(&[0.1, 0.9], &[true, false]).unwrap();
        assert!(Platt::fit(&answers).notes[0].starts_with("surer answers were wrong"));
    }
}
