//! One answer of a model and what was said of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Kind, Status};

/// One answer and every confidence in it, a line of a JSONL file.
///
/// Whether the answer is right is stated (`correct`), follows from `label` and the largest of
/// `probs`, or from `gold` and `answer` being the same but for white space around them; the first
/// of these that a record has counts.
///
/// ```
/// use qualm_confidence::{Kind, records::Record};
///
/// let record = Record::from_json(
///     r#"{"id": "q1", "answer": "12", "gold": "12", "shift": {"split": "train"},
///         "confidence": [{"kind": "verbal_number", "value": 0.9}]}"#,
/// )?;
/// assert_eq!(record.correct(), Some(true));
/// assert_eq!(record.confidence(Kind::VerbalNumber).and_then(|stated| stated.value), Some(0.9));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The name of the question; with `model` and `prompt_id` it names the record.
    pub id: String,
    /// The question as asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The model's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The right answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gold: Option<String>,
    /// Whether the answer is right, where that is known otherwise than by comparing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// What the model wrote, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_text: Option<String>,
    /// The confidences, at most one of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confidence: Vec<Stated>,
    /// The natural logarithms of the probabilities of the answer's tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_logprobs: Option<Vec<f64>>,
    /// Further answers, drawn at random.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// A classifier's probabilities, one a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probs: Option<Vec<f64>>,
    /// The right class, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<usize>,
    /// What the record is a part of.
    #[serde(default, skip_serializing_if = "Shift::is_empty")]
    pub shift: Shift,
    /// What several records were made from: a document, a person, a sub-task. Records that share a
    /// source are resampled together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The wording it was asked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<String>,
}

/// What a record is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The split: `train`, `multiply-divide`, `hospital B`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Anything else by which results should be told apart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl Shift {
    fn is_empty(&self) -> bool {
        self.split.is_none() && self.tags.is_empty()
    }
}

/// One confidence as stated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// Where it comes from.
    pub kind: Kind,
    /// The confidence, from 0 to 1; `None` where nothing was stated that has a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The lower end of what was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lo: Option<f64>,
    /// The upper end of what was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hi: Option<f64>,
    /// What kind of statement it was; where a file says nothing, a point if there is a value and
    /// absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Where in `raw_text` it stands, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<[usize; 2]>,
    /// The lexicon that gave words their value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<String>,
}

impl Stated {
    /// A confidence that is one number.
    #[must_use]
    pub fn point(kind: Kind, value: f64) -> Stated {
        Stated {
            kind,
            value: Some(value),
            lo: None,
            hi: None,
            status: Some(Status::Point),
            span: None,
            lexicon: None,
        }
    }

    /// A confidence without value, for a reason.
    #[must_use]
    pub fn without_value(kind: Kind, status: Status) -> Stated {
        Stated {
            value: None,
            status: Some(status),
            ..Stated::point(kind, 0.0)
        }
    }

    /// What kind of statement it is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.unwrap_or(match self.value {
            Some(_) => Status::Point,
            None => Status::Absent,
        })
    }

    fn check(&self) -> Result<(), String> {
        let kind = self.kind;
        for (name, value) in [("value", self.value), ("lo", self.lo), ("hi", self.hi)] {
            if let Some(value) = value
                && !(0.0..=1.0).contains(&value)
            {
                return Err(format!(
                    "{kind}: {name} is {value}, which is not between 0 and 1"
                ));
            }
        }
        if self.value.is_some() != self.status().has_value() {
            return Err(format!(
                "{kind}: status and value do not belong together: point, range and words have a \
                 value, the others have none"
            ));
        }
        if let (Some(lo), Some(hi)) = (self.lo, self.hi)
            && lo > hi
        {
            return Err(format!("{kind}: lo is {lo} and above hi, {hi}"));
        }
        Ok(())
    }
}

impl Record {
    /// Reads and checks one line. What follows from other fields is added: the confidence of a
    /// classifier from `probs`, those of the answer's tokens from `token_logprobs`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the line.
    pub fn from_json(line: &str) -> Result<Record, String> {
        let record: Record = serde_json::from_str(line).map_err(|error| error.to_string())?;
        record.completed()
    }

    /// Checks a record and adds the confidences that follow from its other fields.
    pub(crate) fn completed(mut self) -> Result<Record, String> {
        self.check()?;
        let mut derived = Vec::new();
        if let Some(probs) = &self.probs {
            derived.push((Kind::Classifier, probs[predicted(probs)].min(1.0)));
        }
        if let Some(logprobs) = &self.token_logprobs {
            let sum: f64 = logprobs.iter().sum();
            derived.push((Kind::AnswerLogprob, sum.exp()));
            let mean = sum / logprobs.len() as f64;
            derived.push((Kind::AnswerLogprobMean, mean.exp()));
        }
        for (kind, value) in derived {
            if self.confidence(kind).is_none() {
                self.confidence.push(Stated::point(kind, value));
            }
        }
        Ok(self)
    }

    /// The confidence of a kind, if the record has one.
    #[must_use]
    pub fn confidence(&self, kind: Kind) -> Option<&Stated> {
        self.confidence.iter().find(|stated| stated.kind == kind)
    }

    /// Whether the answer is right, `None` where nothing says so.
    #[must_use]
    pub fn correct(&self) -> Option<bool> {
        self.correct
            .or_else(|| Some(predicted(self.probs.as_ref()?) == self.label?))
            .or_else(|| Some(self.gold.as_ref()?.trim() == self.answer.as_ref()?.trim()))
    }

    fn check(&self) -> Result<(), String> {
        if self.id.is_empty() {
            return Err("the id is empty".into());
        }
        for (place, stated) in self.confidence.iter().enumerate() {
            stated.check()?;
            if self.confidence[..place]
                .iter()
                .any(|s| s.kind == stated.kind)
            {
                return Err(format!("{} is stated twice", stated.kind));
            }
        }
        if let Some(probs) = &self.probs {
            check_probs(probs, self.label)?;
        }
        if let Some(logprobs) = &self.token_logprobs {
            if logprobs.is_empty() {
                return Err("token_logprobs is empty: leave it out".into());
            }
            if let Some(wrong) = logprobs.iter().find(|p| !p.is_finite() || **p > 0.0) {
                return Err(format!(
                    "token_logprobs holds {wrong}, which is no logarithm of a probability"
                ));
            }
        }
        Ok(())
    }
}

/// Softmax in half precision misses 1 by this much.
const SUM_TOLERANCE: f64 = 0.01;

fn check_probs(probs: &[f64], label: Option<usize>) -> Result<(), String> {
    if probs.len() < 2 {
        return Err(format!("probs has {} of at least 2 classes", probs.len()));
    }
    if let Some(wrong) = probs.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(format!("probs holds {wrong}, which is no probability"));
    }
    let sum: f64 = probs.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(format!("probs adds up to {sum}, not to 1"));
    }
    match label {
        Some(label) if label >= probs.len() => Err(format!(
            "the label is {label} and probs has {} classes, counted from 0",
            probs.len()
        )),
        _ => Ok(()),
    }
}

/// The class of the largest probability, the first of several.
fn predicted(probs: &[f64]) -> usize {
    let mut best = 0;
    for (class, &p) in probs.iter().enumerate() {
        if p > probs[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        Record::from_json(line).unwrap_err()
    }

    #[test]
    fn right_or_wrong_is_stated_or_follows() {
        let correct = |line: &str| Record::from_json(line).unwrap().correct();
        assert_eq!(correct(r#"{"id":"a"}"#), None);
        assert_eq!(
            correct(r#"{"id":"a","answer":" 7 ","gold":"7"}"#),
            Some(true)
        );
        assert_eq!(
            correct(r#"{"id":"a","answer":"7","gold":"7","correct":false}"#),
            Some(false)
        );
        assert_eq!(
            correct(r#"{"id":"a","probs":[0.2,0.8],"label":0}"#),
            Some(false)
        );
    }

    #[test]
    fn what_follows_from_other_fields_is_added_once() {
        let record = Record::from_json(
            r#"{"id":"a","probs":[0.25,0.75],"label":1,"token_logprobs":[-1.0,-3.0],
                "confidence":[{"kind":"classifier","value":0.5}]}"#,
        )
        .unwrap();
        let value = |kind| record.confidence(kind).unwrap().value.unwrap();
        assert_eq!(value(Kind::Classifier), 0.5);
        assert_eq!(value(Kind::AnswerLogprob), (-4.0_f64).exp());
        assert_eq!(value(Kind::AnswerLogprobMean), (-2.0_f64).exp());
        assert_eq!(record.confidence.len(), 3);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        let of =
            |confidence: &str| refused(&format!(r#"{{"id":"a","confidence":[{confidence}]}}"#));
        assert!(of(r#"{"kind":"p_true","value":85}"#).contains("value is 85"));
        assert!(of(r#"{"kind":"p_true","value":0.5,"status":"refusal"}"#).contains("belong"));
        assert!(of(r#"{"kind":"p_true","status":"point"}"#).contains("belong"));
        assert!(of(r#"{"kind":"p_true","value":0.5,"lo":0.6,"hi":0.4}"#).contains("above hi"));
        assert!(of(r#"{"kind":"p_true"},{"kind":"p_true"}"#).contains("twice"));
        assert!(of(r#"{"kind":"mood","value":0.5}"#).contains("mood"));
        assert!(refused(r#"{"id":""}"#).contains("empty"));
        assert!(refused(r#"{"id":"a","confidense":[]}"#).contains("confidense"));
        assert!(refused(r#"{"id":"a","probs":[0.5,0.4]}"#).contains("adds up"));
        assert!(refused(r#"{"id":"a","probs":[0.5,0.5],"label":2}"#).contains("label"));
        assert!(refused(r#"{"id":"a","token_logprobs":[0.5]}"#).contains("0.5"));
    }
}
