//! One answer before and after advice.

use serde::Deserialize;

/// A change of the answer by no more than this is none. On the scale from -1 to 1, as in the
/// published analysis.
pub const CHANGED: f64 = 0.07;

/// No answer is taken as surer than this when its loss is computed: one person who is certain of
/// the wrong answer would outweigh all others.
pub const SUREST: f64 = 0.99;

/// What a person answered to a yes-no question before and after seeing advice. All numbers go from
/// -1, sure of the wrong answer, to 1, sure of the right one.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Who answered, if known: answers of one person stay together.
    pub person: Option<String>,
    /// The answer before the advice, r1.
    pub first: f64,
    /// The advice as it was shown.
    pub advice: f64,
    /// The answer after the advice, r2.
    pub last: f64,
}

/// A trial as files hold it: probabilities of "yes", and whether "yes" was right.
///
/// ```
/// use qualm_confidence::display::{Record, Trial};
///
/// let record: Record = serde_json::from_str(
///     r#"{"person": "p1", "first": 0.6, "advice": 0.1, "final": 0.25, "truth": false}"#,
/// )?;
/// let trial = record.trial().unwrap();
/// // "No" was right: 60 % yes is a little wrong, the advice was right, and so is the final answer.
/// assert!((trial.first + 0.2).abs() < 1e-12);
/// assert!((trial.advice - 0.8).abs() < 1e-12);
/// assert!((trial.last - 0.5).abs() < 1e-12);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// Who answered.
    #[serde(default)]
    pub person: Option<String>,
    /// The probability of "yes" that the person gave before the advice.
    pub first: f64,
    /// The probability of "yes" that was shown as advice.
    pub advice: f64,
    /// The probability of "yes" that the person gave after it.
    #[serde(rename = "final")]
    pub last: f64,
    /// Whether "yes" is right.
    pub truth: bool,
}

impl Record {
    /// The trial, seen from the right answer.
    ///
    /// # Errors
    /// One sentence that names the field that is no probability, without the name of a file.
    pub fn trial(self) -> Result<Trial, String> {
        let fields = [
            ("first", self.first),
            ("advice", self.advice),
            ("final", self.last),
        ];
        if let Some((name, value)) = fields
            .into_iter()
            .find(|(_, value)| !(0.0..=1.0).contains(value))
        {
            return Err(format!(
                "`{name}` is {value}, but probabilities go from 0 to 1: give the probability of \
                 \"yes\""
            ));
        }
        let towards_truth = |p: f64| {
            if self.truth {
                2.0 * p - 1.0
            } else {
                1.0 - 2.0 * p
            }
        };
        Ok(Trial {
            first: towards_truth(self.first),
            advice: towards_truth(self.advice),
            last: towards_truth(self.last),
            person: self.person,
        })
    }
}

/// The loss of an answer: -ln of the probability of the right answer, which is kept between
/// 1 - [`SUREST`] and [`SUREST`].
#[must_use]
pub fn loss(answer: f64) -> f64 {
    -probability(answer).clamp(1.0 - SUREST, SUREST).ln()
}

/// Whether an answer is right: 1 or 0, one half where it is undecided.
#[must_use]
pub fn right(answer: f64) -> f64 {
    match answer {
        answer if answer > 0.0 => 1.0,
        answer if answer < 0.0 => 0.0,
        _ => 0.5,
    }
}

/// An answer from -1 to 1 as a probability.
pub(super) fn probability(answer: f64) -> f64 {
    f64::midpoint(1.0, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_worked_by_hand() {
        assert!((loss(0.0) - 2.0_f64.ln()).abs() < 1e-15);
        assert!((loss(0.5) + 0.75_f64.ln()).abs() < 1e-15);
        assert!((loss(-1.0) + 0.01_f64.ln()).abs() < 1e-12);
        assert!((loss(1.0) + 0.99_f64.ln()).abs() < 1e-15);
        assert_eq!([0.3, 0.0, -0.3].map(right), [1.0, 0.5, 0.0]);
    }

    #[test]
    fn percent_is_refused_by_name() {
        let record = |advice: f64| Record {
            person: None,
            first: 0.5,
            advice,
            last: 0.5,
            truth: true,
        };
        assert!(record(85.0).trial().unwrap_err().contains("`advice` is 85"));
        assert!(record(f64::NAN).trial().is_err());
    }
}
