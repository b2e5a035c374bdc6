//! How a model is asked for its confidence.

use serde::{Deserialize, Serialize};

/// What a model is asked for once it has answered, as in the paper's setups.
///
/// ```
/// use qualm_confidence::arithmetic::{Format, Share};
///
/// let right = Share { right: 61, of: 99 };
/// assert_eq!(Format::Number.target(true, right).as_deref(), Some(" 61%"));
/// assert_eq!(Format::Words.target(true, right).as_deref(), Some(" high"));
/// assert_eq!(Format::TrueFalse.target(true, right).as_deref(), Some(" True"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Nothing more: the confidence is the probability of the answer (answer logit).
    Answer,
    /// A percentage: `Confidence: 61%`.
    Number,
    /// One of five words: `Confidence: medium`.
    Words,
    /// One of five names in their place, whose meaning a model can only learn.
    Names,
    /// Whether the answer is true: the confidence is the probability of " True" (indirect logit).
    TrueFalse,
}

/// The confidences that the five words and the five names stand for: the middles of fifths.
pub const LEVELS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

impl Format {
    /// What follows the answer; nothing if no more is asked.
    #[must_use]
    pub fn follow_up(self) -> Option<&'static str> {
        match self {
            Format::Answer => None,
            Format::Number | Format::Words | Format::Names => Some("\nConfidence:"),
            Format::TrueFalse => Some("\nTrue/false:"),
        }
    }

    /// The words that stand for [`LEVELS`], from the lowest.
    #[must_use]
    pub fn words(self) -> Option<[&'static str; 5]> {
        match self {
            Format::Words => Some(["lowest", "low", "medium", "high", "highest"]),
            Format::Names => Some(["john", "sam", "matt", "dan", "tom"]),
            Format::Answer | Format::Number | Format::TrueFalse => None,
        }
    }

    /// What a perfectly calibrated model would go on with: the accuracy of its sub-task, rounded
    /// down to a percentage or to one of five words; for [`Format::TrueFalse`] the truth. It
    /// begins with the space that parts it from the colon.
    #[must_use]
    pub fn target(self, correct: bool, share: Share) -> Option<String> {
        match self {
            Format::Answer => None,
            Format::Number => Some(format!(" {}%", share.floor(100))),
            Format::Words | Format::Names => {
                let fifth = share.floor(5).min(4);
                self.words().map(|words| format!(" {}", words[fifth]))
            }
            Format::TrueFalse => Some(if correct { " True" } else { " False" }.to_owned()),
        }
    }
}

/// How many answers of a sub-task are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// Right ones, at most `of`.
    pub right: usize,
    /// All of them.
    pub of: usize,
}

impl Share {
    /// Counts one more.
    pub fn count(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    /// The share itself; nothing of nothing.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.right as f64 / self.of as f64)
    }

    /// `parts` times the share, rounded down exactly; 0 of nothing.
    fn floor(self, parts: usize) -> usize {
        (parts * self.right).checked_div(self.of).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_rounded_down_without_the_rounding_of_floats() {
        let number = |right, of| Format::Number.target(true, Share { right, of });
        // 100 * 0.29 is 28.999999999999996 in f64.
        assert_eq!(number(29, 100).unwrap(), " 29%");
        assert_eq!(number(2, 3).unwrap(), " 66%");
        assert_eq!(number(7, 7).unwrap(), " 100%");
        assert_eq!(number(0, 7).unwrap(), " 0%");
    }

    #[test]
    fn five_words_share_out_the_interval() {
        let word = |right| {
            Format::Words
                .target(true, Share { right, of: 100 })
                .unwrap()
        };
        assert_eq!(
            [0, 19, 20, 59, 60, 79, 80, 100].map(word),
            [
                " lowest", " lowest", " low", " medium", " high", " high", " highest", " highest"
            ]
        );
        let name = Format::Names.target(false, Share { right: 1, of: 2 });
        assert_eq!(name.unwrap(), " matt");
    }
}
