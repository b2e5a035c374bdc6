//! Temperature scaling: one number that makes all logits smaller or larger.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::{Fitted, Scores, logit, sigmoid, softmax};
use crate::ConfidenceError;

/// `softmax(z / T)` (Guo et al., "On calibration of modern neural networks" (2017), eq. 9); for a
/// single confidence c, `sigmoid(logit(c) / T)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Temperature {
    temperature: f64,
}

/// The inverse temperature times the scale of the logits is sought between `exp(-REACH)` and
/// `exp(REACH)`: wide enough for any logits that say something, and finite where they say all
/// or nothing.
const REACH: f64 = 16.0;
/// Halvings of `2 REACH` until neighbouring values of `f64` are left.
const HALVINGS: u32 = 60;

impl Temperature {
    /// The temperature of least mean negative log-likelihood (NLL) of the labels.
    ///
    /// The NLL is convex in the inverse temperature, so its slope is bisected, over a range that
    /// goes with the scale of the logits. The result never has a higher NLL than T = 1.
    ///
    /// # Errors
    /// When labels do not fit, or every row gives all its classes the same logit.
    pub fn fit(scores: &Scores, labels: &[usize]) -> Result<Fitted<Temperature>, ConfidenceError> {
        scores.check_labels(labels)?;
        let scale = scale(scores);
        if scale == 0.0 {
            return Err(ConfidenceError::Values(
                "every row gives all its classes the same score, which no temperature changes; \
                 check where the scores come from"
                    .to_owned(),
            ));
        }
        let inverse = |log: f64| log.exp() / scale;
        let slope = |log: f64| slope(scores, labels, inverse(log));
        let mut notes = Vec::new();
        let (mut low, mut high) = (-REACH, REACH);
        if slope(low) >= 0.0 {
            high = low;
            notes.push(
                "the labels do not follow the scores: the best temperature is infinite, and with \
                 the largest that is allowed all classes are almost equally likely"
                    .to_owned(),
            );
        } else if separable(scores, labels) {
            notes.push(
                "every row's highest score is that of its label: the best temperature is 0, and \
                 the one found makes every row certain; fit on more rows, some of them wrong"
                    .to_owned(),
            );
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if slope(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let found = Temperature {
            temperature: inverse(high).recip(),
        };
        let same = Temperature { temperature: 1.0 };
        let recalibrator = if found.nll(scores, labels) <= same.nll(scores, labels) {
            found
        } else {
            same
        };
        Ok(Fitted {
            recalibrator,
            notes,
        })
    }

    /// T.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// The probabilities of a row of logits, in their place.
    pub fn apply(&self, logits: &mut [f64]) {
        // The largest is taken off first: tiny temperatures would make it infinite.
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let divide = |logit: &mut f64| *logit = (*logit - max) / self.temperature;
        logits.iter_mut().for_each(divide);
        softmax(logits);
    }

    /// The confidence that `confidence` becomes.
    #[must_use]
    pub fn apply_to_confidence(&self, confidence: f64) -> f64 {
        sigmoid(logit(confidence) / self.temperature)
    }

    /// Mean negative log-likelihood of the labels.
    fn nll(&self, scores: &Scores, labels: &[usize]) -> f64 {
        mean_of_rows(scores, labels, |row, label| {
            let max = largest(row);
            let terms = row.iter().map(|z| ((z - max) / self.temperature).exp());
            terms.sum::<f64>().ln() + (max - row[label]) / self.temperature
        })
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    temperature: f64,
}

impl TryFrom<Written> for Temperature {
    type Error = String;

    fn try_from(Written { temperature }: Written) -> Result<Temperature, String> {
        if temperature.is_finite() && temperature > 0.0 {
            Ok(Temperature { temperature })
        } else {
            Err(format!("the temperature {temperature} is not above 0"))
        }
    }
}

impl From<Temperature> for Written {
    fn from(Temperature { temperature }: Temperature) -> Written {
        Written { temperature }
    }
}

fn largest(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Root of the mean square of the logits, after each row's mean is taken off.
pub(crate) fn scale(scores: &Scores) -> f64 {
    let classes = scores.classes() as f64;
    let rows = scores.logits().chunks_exact(scores.classes());
    // Divided by the largest before squaring: logits of any size must not overflow.
    let most = rows
        .clone()
        .map(|row| largest(row) - row.iter().copied().fold(f64::INFINITY, f64::min))
        .fold(0.0, f64::max);
    if most == 0.0 {
        return 0.0;
    }
    let squares: f64 = rows
        .map(|row| {
            let mean = row.iter().sum::<f64>() / classes;
            row.iter().map(|z| ((z - mean) / most).powi(2)).sum::<f64>()
        })
        .sum();
    most * (squares / scores.logits().len() as f64).sqrt()
}

/// Slope of the mean NLL in the inverse temperature: `mean_i sum_k p_ik (z_ik - z_iy)`.
fn slope(scores: &Scores, labels: &[usize], inverse: f64) -> f64 {
    mean_of_rows(scores, labels, |row, label| {
        let max = largest(row);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for z in row {
            let p = ((z - max) * inverse).exp();
            sum += p;
            weighted += p * (z - row[label]);
        }
        weighted / sum
    })
}

/// Whether each label has a higher logit than all other classes.
fn separable(scores: &Scores, labels: &[usize]) -> bool {
    let rows = scores.logits().chunks_exact(scores.classes());
    rows.zip(labels).all(|(row, &label)| {
        let others = row.iter().enumerate().filter(|(class, _)| *class != label);
        others.map(|(_, z)| z).all(|z| row[label] > *z)
    })
}

/// The mean of what `of` gives for each row, added up in the order of the rows.
fn mean_of_rows(
    scores: &Scores,
    labels: &[usize],
    of: impl Fn(&[f64], usize) -> f64 + Sync,
) -> f64 {
    let values: Vec<f64> = scores
        .logits()
        .par_chunks_exact(scores.classes())
        .zip(labels)
        .with_min_len(64)
        .map(|(row, &label)| of(row, label))
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recalibrate::Answers;
    use proptest::prelude::*;
    use qualm_stats::Stream;

    /// z ~ N(0, 3^2) and P(correct) = sigmoid(z / 2.5): T is 2.5.
    fn overconfident(rows: usize, factor: f64, seed: u64) -> (Scores, Vec<usize>) {
        let mut stream = Stream::new(seed, 0);
        let (mut logits, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let z = 3.0 * stream.normal();
            logits.extend([0.0, factor * z]);
            labels.push(usize::from(stream.unit() < sigmoid(z / 2.5)));
        }
        (Scores::from_logits(logits, 2).unwrap(), labels)
    }

    #[test]
    fn the_temperature_that_made_the_answers_is_found_at_any_scale() {
        let (scores, labels) = overconfident(10_000, 1.0, 1);
        let plain = Temperature::fit(&scores, &labels).unwrap();
        let t = plain.recalibrator.temperature();
        assert!((t - 2.5).abs() <= 0.1, "{t}");
        assert!(plain.notes.is_empty());
        for factor in [1e-9, 1e3, 1e12, 1e300] {
            let (scores, labels) = overconfident(10_000, factor, 1);
            let scaled = Temperature::fit(&scores, &labels).unwrap();
            let ratio = scaled.recalibrator.temperature() / factor / t;
            assert!((ratio - 1.0).abs() < 1e-9, "{factor}: {ratio}");
        }
    }

    #[test]
    fn two_rows_by_hand() {
        // Three in four follow a logit of 1: sigmoid(1 / T) = 3/4, T = 1 / ln 3.
        let scores = Scores::from_logits([0.0, 1.0].repeat(4), 2).unwrap();
        let fitted = Temperature::fit(&scores, &[1, 1, 1, 0]).unwrap();
        let t = fitted.recalibrator.temperature();
        assert!((t - 1.0 / 3f64.ln()).abs() < 1e-12);
        let mut row = [0.0, 1.0];
        fitted.recalibrator.apply(&mut row);
        assert!((row[1] - 0.75).abs() < 1e-12);
    }

    #[test]
    fn separable_rows_and_rows_without_sense_end_finite_and_say_so() {
        let scores = Scores::from_logits(vec![0.0, 1.0, 2.0, 0.0, 0.0, 1e3], 2).unwrap();
        let separable = Temperature::fit(&scores, &[1, 0, 1]).unwrap();
        let t = separable.recalibrator.temperature();
        assert!(t.is_finite() && t > 0.0 && t < 1.0, "{t}");
        assert!(separable.notes[0].starts_with("every row's highest score"));
        let contrary = Temperature::fit(&scores, &[0, 1, 0]).unwrap();
        let mut row = [0.0, 1.0];
        contrary.recalibrator.apply(&mut row);
        assert!((row[1] - 0.5).abs() < 1e-6, "{row:?}");
        assert!(contrary.notes[0].starts_with("the labels do not follow"));
        let flat = Scores::from_logits(vec![5.0; 4], 2).unwrap();
        assert!(Temperature::fit(&flat, &[0, 1]).is_err());
    }

    #[test]
    fn a_confidence_is_two_classes() {
        let confidence = [0.9, 0.9, 0.9, 0.2];
        let answers = Answers::new(&confidence, &[true, true, false, false]).unwrap();
        let (scores, labels) = answers.as_classes();
        let fitted = Temperature::fit(&scores, &labels).unwrap().recalibrator;
        let mut row = [0.0, logit(0.9)];
        fitted.apply(&mut row);
        assert!((fitted.apply_to_confidence(0.9) - row[1]).abs() < 1e-12);
    }

    #[test]
    fn a_file_cannot_bring_a_temperature_that_is_none() {
        for text in ["0", "-1", "1e999", "null"] {
            let text = format!("{{\"temperature\":{text}}}");
            assert!(
                serde_json::from_str::<Temperature>(&text).is_err(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_nll_of_the_fitted_rows_never_rises(
            logits in prop::collection::vec(-30.0..30.0f64, 3..60),
            labels in prop::collection::vec(0usize..3, 20),
        ) {
            let rows = logits.len() / 3;
            let scores = Scores::from_logits(logits[..3 * rows].to_vec(), 3).unwrap();
            let labels = &labels[..rows];
            let fitted = Temperature::fit(&scores, labels).unwrap().recalibrator;
            let before = Temperature { temperature: 1.0 }.nll(&scores, labels);
            prop_assert!(fitted.nll(&scores, labels) <= before);
        }
    }
}
