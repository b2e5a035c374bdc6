//! Beta calibration: Platt scaling with a slope for either end.

use serde::{Deserialize, Serialize};

use super::data::{Answers, Fitted, inside, sigmoid};
use super::logistic::logistic;

/// `sigmoid(a ln c - b ln(1 - c) + m)` with a, b >= 0 (Kull, Silva Filho and Flach, "Beta
/// calibration" (2017), eq. 6).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Beta {
    a: f64,
    b: f64,
    m: f64,
}

impl Beta {
    /// Maximum likelihood; a coefficient that comes out negative is set to 0 and the rest fitted
    /// anew, as the paper does, so that the function never falls.
    #[must_use]
    pub fn fit(answers: &Answers) -> Fitted<Beta> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        let (mut targets, mut counts) = (Vec::new(), Vec::new());
        for (value, tally) in answers.levels().iter() {
            let c = inside(value);
            low.push(c.ln());
            high.push(-(-c).ln_1p());
            targets.push(tally.accuracy());
            counts.push(tally.records);
        }
        let fit = |columns: &[&[f64]]| logistic(columns, &targets, &counts);
        let both = fit(&[&low, &high]);
        let (a, b, m) = if both[0] < 0.0 {
            let alone = fit(&[&high]);
            (0.0, alone[0], alone[1])
        } else if both[1] < 0.0 {
            let alone = fit(&[&low]);
            (alone[0], 0.0, alone[1])
        } else {
            (both[0], both[1], both[2])
        };
        if a >= 0.0 && b >= 0.0 {
            return Fitted::quiet(Beta { a, b, m });
        }
        let accuracy = answers.levels().total().accuracy();
        Fitted {
            recalibrator: Beta {
                a: 0.0,
                b: 0.0,
                m: (accuracy / (1.0 - accuracy)).ln(),
            },
            notes: vec![
                "surer answers were wrong more often: every repaired confidence is the accuracy"
                    .to_owned(),
            ],
        }
    }

    /// a, b and m.
    #[must_use]
    pub fn parameters(&self) -> (f64, f64, f64) {
        (self.a, self.b, self.m)
    }

    /// The confidence that `confidence` becomes.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        let c = inside(confidence);
        sigmoid(self.a * c.ln() - self.b * (-c).ln_1p() + self.m)
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    a: f64,
    b: f64,
    m: f64,
}

impl TryFrom<Written> for Beta {
    type Error = String;

    fn try_from(Written { a, b, m }: Written) -> Result<Beta, String> {
        if [a, b, m].iter().all(|x| x.is_finite()) && a >= 0.0 && b >= 0.0 {
            Ok(Beta { a, b, m })
        } else {
            Err("a, b and m must be finite, a and b not below 0".to_owned())
        }
    }
}

impl From<Beta> for Written {
    fn from(Beta { a, b, m }: Beta) -> Written {
        Written { a, b, m }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    /// Answers of uniform confidences that are correct with probability `truth(c)`.
    fn fit(truth: impl Fn(f64) -> f64) -> Fitted<Beta> {
        let mut stream = Stream::new(4, 0);
        let confidence: Vec<f64> = (0..50_000).map(|_| stream.unit()).collect();
        let correct: Vec<bool> = confidence
            .iter()
            .map(|&c| stream.unit() < truth(c))
            .collect();
        Beta::fit(&Answers::new(&confidence, &correct).unwrap())
    }

    #[test]
    fn the_curve_that_made_the_answers_is_found() {
        let made = Beta {
            a: 0.5,
            b: 2.0,
            m: 0.3,
        };
        let (a, b, m) = fit(|c| made.apply(c)).recalibrator.parameters();
        assert!((a - 0.5).abs() < 0.05, "{a}");
        assert!((b - 2.0).abs() < 0.08, "{b}");
        assert!((m - 0.3).abs() < 0.08, "{m}");
    }

    #[test]
    fn negative_slopes_are_set_to_zero() {
        // More often right towards the middle: a > 0 fits below it, a negative b above.
        let (a, b, _) = fit(|c| 0.9 - 0.6 * (c - 0.7).abs())
            .recalibrator
            .parameters();
        assert!(a > 0.0);
        assert_eq!(b, 0.0);
        let reversed = fit(|c| 1.0 - c);
        assert_eq!(reversed.recalibrator.parameters().0, 0.0);
        assert!((reversed.recalibrator.apply(0.9) - 0.5).abs() < 0.01);
        assert!(reversed.notes[0].starts_with("surer answers were wrong"));
    }

    #[test]
    fn separable_answers_end_at_finite_coefficients() {
        let answers = Answers::new(&[0.1, 0.2, 0.8, 1.0], &[false, false, true, true]).unwrap();
        let fitted = Beta::fit(&answers).recalibrator;
        assert!(fitted.apply(0.8).is_finite() && fitted.apply(0.8) > 0.99);
    }
}
