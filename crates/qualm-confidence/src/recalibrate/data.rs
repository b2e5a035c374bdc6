//! What recalibrators are fitted on, checked once.

use crate::ConfidenceError;
use crate::measures::{CLIP, Levels, Tally};

/// Probabilities of classes below this, zeros among them, have their logarithm taken here.
const LEAST_PROBABILITY: f64 = 1e-12;

/// How far the probabilities of a row may be from adding up to 1: rounding of `f16` and of decimals.
const SUM_TOLERANCE: f64 = 1e-2;

/// Answers with one confidence each, some of them correct and some not.
///
/// ```
/// use qualm_confidence::recalibrate::Answers;
///
/// assert_eq!(Answers::new(&[0.9, 0.4], &[true, false])?.rows(), 2);
/// let error = Answers::new(&[90.0, 0.4], &[true, false]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "row 0: the confidence 90 is not between 0 and 1; divide percentages by 100",
/// );
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    levels: Levels,
}

impl Answers {
    /// One confidence and whether it was right, for each answer.
    ///
    /// # Errors
    /// When the slices differ in length, a confidence is not between 0 and 1, or there is not at
    /// least one correct and one wrong answer.
    pub fn new(confidence: &[f64], correct: &[bool]) -> Result<Answers, ConfidenceError> {
        check_confidence(confidence)?;
        let levels = Levels::new(confidence, correct)?;
        let Tally { records, hits } = levels.total();
        if hits == 0.0 || hits == records {
            return Err(ConfidenceError::Values(format!(
                "{hits} of {records} answers are correct, but a recalibrator learns from correct \
                 and wrong answers; give rows with both"
            )));
        }
        Ok(Answers { levels })
    }

    /// Number of answers.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.levels.total().records as usize
    }

    /// The answers by confidence: no function of it can tell more of them apart.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// As scores of the two classes wrong (0) and correct (1), with their labels.
    pub(crate) fn as_classes(&self) -> (Scores, Vec<usize>) {
        let (mut logits, mut labels) = (Vec::new(), Vec::new());
        for (value, Tally { records, hits }) in self.levels.iter() {
            logits.extend([0.0, logit(value)].repeat(records as usize));
            labels.resize(labels.len() + hits as usize, 1);
            labels.resize(labels.len() + (records - hits) as usize, 0);
        }
        (Scores { logits, classes: 2 }, labels)
    }
}

/// Logits of every class, row after row.
///
/// ```
/// use qualm_confidence::recalibrate::Scores;
///
/// let scores = Scores::from_probabilities(&[0.5, 0.25, 0.25], 3)?;
/// assert_eq!(scores.rows(), 1);
/// assert_eq!(scores.logits()[0], 0.5f64.ln());
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    logits: Vec<f64>,
    classes: usize,
}

impl Scores {
    /// Logits as a model gives them, `rows x classes`.
    ///
    /// # Errors
    /// When there are fewer than two classes, no rows, a row cut short, or a number that is not
    /// finite.
    pub fn from_logits(logits: Vec<f64>, classes: usize) -> Result<Scores, ConfidenceError> {
        check_shape(logits.len(), classes)?;
        match logits.iter().position(|logit| !logit.is_finite()) {
            None => Ok(Scores { logits, classes }),
            Some(at) => Err(ConfidenceError::Values(format!(
                "row {}, class {}: the logit {} is not finite; leave that row out",
                at / classes,
                at % classes,
                logits[at]
            ))),
        }
    }

    /// Probabilities, `rows x classes`, taken by their logarithm; those below 1e-12 at 1e-12.
    ///
    /// # Errors
    /// As [`Scores::from_logits`], and when a number is not between 0 and 1 or a row does not add
    /// up to 1 within 0.01.
    pub fn from_probabilities(
        probabilities: &[f64],
        classes: usize,
    ) -> Result<Scores, ConfidenceError> {
        check_shape(probabilities.len(), classes)?;
        for (row, values) in probabilities.chunks_exact(classes).enumerate() {
            if let Some(class) = values.iter().position(|p| !(0.0..=1.0).contains(p)) {
                return Err(ConfidenceError::Values(format!(
                    "row {row}, class {class}: {} is no probability, which lie between 0 and 1; \
                     give logits as logits",
                    values[class]
                )));
            }
            let sum: f64 = values.iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(ConfidenceError::Values(format!(
                    "row {row}: its probabilities add up to {sum:.4}, not to 1; give one \
                     probability for each class"
                )));
            }
        }
        let logits = probabilities.iter().map(|p| p.max(LEAST_PROBABILITY).ln());
        Ok(Scores {
            logits: logits.collect(),
            classes,
        })
    }

    /// Number of rows, at least 1.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.logits.len() / self.classes
    }

    /// Number of classes, at least 2.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All logits, row after row.
    #[must_use]
    pub fn logits(&self) -> &[f64] {
        &self.logits
    }

    /// Checks that there is one label a row and that each names a class.
    pub(crate) fn check_labels(&self, labels: &[usize]) -> Result<(), ConfidenceError> {
        same_rows(self.rows(), labels.len(), "labels")?;
        match labels.iter().position(|&label| label >= self.classes) {
            None => Ok(()),
            Some(row) => Err(ConfidenceError::Values(format!(
                "row {row}: the label {} names no class: there are {}, numbered from 0",
                labels[row], self.classes
            ))),
        }
    }
}

/// Refuses the first confidence that is not between 0 and 1.
pub(crate) fn check_confidence(confidence: &[f64]) -> Result<(), ConfidenceError> {
    match confidence.iter().position(|c| !(0.0..=1.0).contains(c)) {
        None => Ok(()),
        Some(row) => Err(ConfidenceError::Values(format!(
            "row {row}: the confidence {} is not between 0 and 1; divide percentages by 100",
            confidence[row]
        ))),
    }
}

fn check_shape(numbers: usize, classes: usize) -> Result<(), ConfidenceError> {
    if classes < 2 {
        return Err(ConfidenceError::Values(format!(
            "{classes} classes cannot be told apart; give the numbers of at least two"
        )));
    }
    if numbers == 0 || !numbers.is_multiple_of(classes) {
        return Err(ConfidenceError::Values(format!(
            "{numbers} numbers are not whole rows of {classes} classes; give one number for each \
             class in each row"
        )));
    }
    Ok(())
}

fn same_rows(rows: usize, others: usize, what: &str) -> Result<(), ConfidenceError> {
    if rows == others {
        return Ok(());
    }
    Err(ConfidenceError::Values(format!(
        "there are {rows} rows but {others} {what}; give one for each row"
    )))
}

/// `c` kept off 0 and 1 by [`CLIP`], as for the negative log-likelihood: no one answer can then
/// weigh infinitely. Stated certainties, and `f32` probabilities rounded to 1, do occur.
pub(crate) fn inside(c: f64) -> f64 {
    c.clamp(CLIP, 1.0 - CLIP)
}

/// `ln c - ln(1 - c)`, with `c` kept off 0 and 1 by [`CLIP`].
#[must_use]
pub fn logit(c: f64) -> f64 {
    let c = inside(c);
    c.ln() - (-c).ln_1p()
}

/// `1 / (1 + exp(-x))`, without overflow.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Replaces logits by their softmax and gives their log-sum-exp, safe for logits of any size.
pub(crate) fn softmax(logits: &mut [f64]) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - max).exp();
        sum += *logit;
    }
    logits.iter_mut().for_each(|p| *p /= sum);
    max + sum.ln()
}

/// A fitted function and what is to be said about the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted<R> {
    /// The function.
    pub recalibrator: R,
    /// What may be wrong with it, one sentence each.
    pub notes: Vec<String>,
}

impl<R> Fitted<R> {
    /// A fit that nothing is to be said about.
    pub(crate) fn quiet(recalibrator: R) -> Fitted<R> {
        Fitted {
            recalibrator,
            notes: Vec::new(),
        }
    }

    /// The function as something else.
    pub(crate) fn map<S>(self, into: impl FnOnce(R) -> S) -> Fitted<S> {
        Fitted {
            recalibrator: into(self.recalibrator),
            notes: self.notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_taken_inside_the_edges() {
        assert_eq!(logit(0.5), 0.0);
        assert!((logit(0.75) - 3f64.ln()).abs() < 1e-15);
        assert!((logit(1.0) - (1e6f64 - 1.0).ln()).abs() < 1e-9);
        assert_eq!(logit(1.0), logit(1.0 - 1e-9));
        assert!((logit(0.0) + logit(1.0)).abs() < 1e-9);
        assert!((sigmoid(logit(0.2)) - 0.2).abs() < 1e-15);
        assert_eq!((sigmoid(-1e9), sigmoid(1e9)), (0.0, 1.0));
    }

    #[test]
    fn softmax_by_hand_and_of_any_size() {
        let mut logits = [0.0, 3f64.ln()];
        assert!((softmax(&mut logits) - 4f64.ln()).abs() < 1e-15);
        assert!((logits[1] - 0.75).abs() < 1e-15);
        let mut large = [1e300, -1e300];
        assert_eq!(softmax(&mut large), 1e300);
        assert_eq!(large, [1.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused_with_its_row() {
        let told = |error: Result<(), ConfidenceError>| error.unwrap_err().to_string();
        let answers = |c: &[f64], right: &[bool]| told(Answers::new(c, right).map(drop));
        assert!(answers(&[0.5], &[true, false]).starts_with("there are 1 confidences and 2"));
        assert!(answers(&[0.5, f64::NAN], &[true, false]).starts_with("row 1: the confidence NaN"));
        assert!(answers(&[0.5, 0.6], &[true, true]).starts_with("2 of 2 answers are correct"));
        let scores = |logits: &[f64]| told(Scores::from_logits(logits.to_vec(), 2).map(drop));
        assert!(scores(&[0.0, 1.0, 2.0]).starts_with("3 numbers are not whole rows of 2"));
        assert!(scores(&[0.0, 1.0, f64::NAN, 2.0]).starts_with("row 1, class 0: the logit NaN"));
        let probabilities = |p: &[f64]| told(Scores::from_probabilities(p, 2).map(drop));
        assert!(probabilities(&[0.4, 0.5]).starts_with("row 0: its probabilities add up to 0.9"));
        assert!(probabilities(&[1.5, -0.5]).starts_with("row 0, class 0: 1.5 is no probability"));
        let rows = Scores::from_probabilities(&[1.0, 0.0], 2).unwrap();
        assert_eq!(rows.logits()[1], 1e-12f64.ln());
        assert!(told(rows.check_labels(&[2])).starts_with("row 0: the label 2 names no class"));
    }
}
