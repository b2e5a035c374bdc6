//! Where a confidence comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ConfidenceError;

/// Where a confidence comes from. Confidences of different kinds are different quantities and are
/// never pooled.
///
/// ```
/// use qualm_confidence::Kind;
///
/// assert_eq!("p_true".parse::<Kind>()?, Kind::PTrue);
/// assert_eq!(Kind::VerbalWord.to_string(), "verbal_word");
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number that the model states in its answer (Lin, Hilton, Evans 2022).
    VerbalNumber,
    /// Words that the model states in its answer, read by a lexicon.
    VerbalWord,
    /// The probability of the answer's tokens, all together: `exp(sum log p)`.
    AnswerLogprob,
    /// The geometric mean of the probabilities of the answer's tokens: `exp(mean log p)`, the
    /// "answer logit" of Lin, Hilton, Evans (2022).
    AnswerLogprobMean,
    /// The probability that the model gives to its answer being true when asked: P(True) of
    /// Kadavath et al. (2022), the "indirect logit" of Lin, Hilton, Evans (2022).
    #[serde(alias = "indirect")]
    PTrue,
    /// A probe's probability that the model knows the answer, from hidden states: P(IK).
    PIk,
    /// The share of sampled answers that agree with the answer given.
    Consistency,
    /// The probability that a classifier gives to the class it predicts.
    Classifier,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Kind; 8] = [
        Kind::VerbalNumber,
        Kind::VerbalWord,
        Kind::AnswerLogprob,
        Kind::AnswerLogprobMean,
        Kind::PTrue,
        Kind::PIk,
        Kind::Consistency,
        Kind::Classifier,
    ];

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::VerbalNumber => "verbal_number",
            Kind::VerbalWord => "verbal_word",
            Kind::AnswerLogprob => "answer_logprob",
            Kind::AnswerLogprobMean => "answer_logprob_mean",
            Kind::PTrue => "p_true",
            Kind::PIk => "p_ik",
            Kind::Consistency => "consistency",
            Kind::Classifier => "classifier",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Kind, ConfidenceError> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                ConfidenceError::Values(format!(
                    "there is no kind of confidence called '{text}': use one of {}",
                    names.join(", ")
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
            assert_eq!(
                serde_json::to_string(&kind).unwrap(),
                format!("\"{}\"", kind.name())
            );
        }
        let error = "logit".parse::<Kind>().unwrap_err().to_string();
        assert!(error.contains("'logit'") && error.contains("p_true"));
    }
}
