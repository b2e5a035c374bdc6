//! A question of a suite, with what makes its answer right.

use std::collections::BTreeMap;

use qualm_stats::random::{Stream, hash_bytes};
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::family::{Family, Group};
use super::subtask::{Profile, Subtask};

/// Rises when the same seed gives other questions.
pub const SUITE_VERSION: u32 = 1;

/// A question of a suite.
///
/// ```
/// use qualm_confidence::arithmetic::{Profile, Question};
///
/// let subtask = Profile::Full.subtasks()[0];
/// let question = Question::draw(&subtask, 2022, 7);
/// assert_eq!(question.id, "add-1x1-2022-7");
/// assert!(question.accepts(&question.gold));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Sub-task, seed and number: a question of another seed has another id.
    pub id: String,
    /// The question alone: `What is 3 + 4?`, or the equation `3 + 4 =`.
    pub question: String,
    /// An answer that is accepted; of many right ones, any.
    pub gold: String,
    /// What makes an answer right.
    pub check: Check,
    /// What kind of question it is.
    pub family: Family,
    /// The name of its sub-task: `add-1x4-commas`.
    pub subtask: String,
    /// Which part of a study of shifts it belongs to.
    pub shift: Shift,
    /// Which suite it is part of.
    pub profile: Profile,
    /// The version of the suite, [`SUITE_VERSION`].
    pub version: u32,
    /// The seed of the suite.
    pub seed: u64,
}

/// Where a question stands when results are told by shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// The group of its family.
    pub split: Group,
    /// `role` (train or shift), `digits`, `separator` (none or comma).
    pub tags: BTreeMap<String, String>,
}

impl Question {
    /// Question number `index` of a sub-task.
    ///
    /// It depends on seed, sub-task and number alone: a suite with more questions a sub-task, or
    /// with fewer sub-tasks, has the same ones.
    #[must_use]
    pub fn draw(subtask: &Subtask, seed: u64, index: usize) -> Question {
        let name = subtask.to_string();
        let id = format!("{name}-{seed}-{index}");
        let drawn = subtask.draw(&mut Stream::new(seed, hash_bytes(0, id.as_bytes())));
        let group = subtask.group();
        let role = if group.is_training() {
            "train"
        } else {
            "shift"
        };
        let separator = if subtask.commas { "comma" } else { "none" };
        let tags = [
            ("role", role.to_owned()),
            ("digits", subtask.digits()),
            ("separator", separator.to_owned()),
        ];
        Question {
            id,
            question: drawn.text,
            gold: drawn.gold,
            check: drawn.check,
            family: subtask.family(),
            subtask: name,
            shift: Shift {
                split: group,
                tags: tags.map(|(tag, value)| (tag.to_owned(), value)).into(),
            },
            profile: subtask.profile,
            version: SUITE_VERSION,
            seed,
        }
    }

    /// Whether a model's answer is right; what is taken for an answer, [`Check`] says.
    #[must_use]
    pub fn accepts(&self, answer: &str) -> bool {
        self.check.accepts(answer)
    }

    /// What a model goes on from: `Q: What is 3 + 4?` and `A:` on the next line, or `3 + 4 =`.
    #[must_use]
    pub fn opening(&self) -> String {
        opening(self.profile, &self.question)
    }
}

pub(crate) fn opening(profile: Profile, question: &str) -> String {
    match profile {
        Profile::Full => format!("Q: {question}\nA:"),
        Profile::Tiny => question.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_written_and_read_back() {
        let subtask = Profile::Full.subtasks()[4];
        let question = Question::draw(&subtask, 5, 3);
        assert_eq!(question.subtask, "add-1x4-commas");
        let json = serde_json::to_value(&question).unwrap();
        assert_eq!(json["id"], "add-1x4-commas-5-3");
        assert_eq!(json["check"]["kind"], "equals");
        assert_eq!(json["shift"]["split"], "add-subtract");
        assert_eq!(
            json["shift"]["tags"],
            serde_json::json!({"digits": "1x4", "role": "train", "separator": "comma"})
        );
        assert_eq!(serde_json::from_value::<Question>(json).unwrap(), question);
    }

    #[test]
    fn questions_open_as_in_the_paper_or_as_equations() {
        assert_eq!(
            opening(Profile::Full, "What is 1 + 1?"),
            "Q: What is 1 + 1?\nA:"
        );
        let question = Question::draw(&Profile::Tiny.subtasks()[0], 1, 0);
        assert!(question.opening().ends_with(" ="));
    }
}
