//! What can be said of a stated confidence.

use serde::{Deserialize, Serialize};

/// What kind of statement a confidence was read from, or why there is none. Nothing is ever
/// imputed: only [`Status::Point`], [`Status::Range`] and [`Status::Words`] come with a value.
///
/// ```
/// use qualm_confidence::Status;
///
/// assert!(Status::Words.has_value() && !Status::Refusal.has_value());
/// assert_eq!(serde_json::to_string(&Status::OutOfRange).unwrap(), "\"out_of_range\"");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// One number: "85 %".
    Point,
    /// Two numbers or one bound: "70 to 80 %", "at least 90 %".
    Range,
    /// Words that a lexicon gives an interval: "almost certainly".
    Words,
    /// A belief that depends on an event: "60 % if it rains, 25 % if not".
    Conditional,
    /// A refusal to say: "I cannot give a probability".
    Refusal,
    /// No statement of confidence at all.
    Absent,
    /// A number that could mean two things: "1" without a scale.
    Ambiguous,
    /// A number that no scale allows: "confidence: 140 %".
    OutOfRange,
}

impl Status {
    /// All of them, in the order of their description.
    pub const ALL: [Status; 8] = [
        Status::Point,
        Status::Range,
        Status::Words,
        Status::Conditional,
        Status::Refusal,
        Status::Absent,
        Status::Ambiguous,
        Status::OutOfRange,
    ];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Point => "point",
            Status::Range => "range",
            Status::Words => "words",
            Status::Conditional => "conditional",
            Status::Refusal => "refusal",
            Status::Absent => "absent",
            Status::Ambiguous => "ambiguous",
            Status::OutOfRange => "out_of_range",
        }
    }

    /// Whether a confidence of this status carries a value.
    #[must_use]
    pub fn has_value(self) -> bool {
        matches!(self, Status::Point | Status::Range | Status::Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for status in Status::ALL {
            let written = serde_json::to_string(&status).unwrap();
            assert_eq!(written, format!("\"{}\"", status.name()));
        }
    }
}
