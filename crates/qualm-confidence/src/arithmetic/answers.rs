//! What a model answered, graded.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::format::Share;
use super::question::Question;
use crate::ConfidenceError;
use crate::records::{self, Record};

/// A model's answers to questions of a suite.
#[derive(Debug, Clone)]
pub struct Answers {
    path: PathBuf,
    /// By id: the line and what was answered.
    answers: HashMap<String, (u64, String)>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    answer: String,
}

/// A question, what was answered, and whether that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graded {
    /// The question.
    pub question: Question,
    /// The first line of what the model wrote, without spaces around it.
    pub answer: String,
    /// Whether it is right.
    pub correct: bool,
}

impl Graded {
    /// Grades what a model wrote.
    #[must_use]
    pub fn new(question: Question, written: &str) -> Graded {
        let line = written.split('\n').next().unwrap_or_default();
        Graded {
            correct: question.accepts(written),
            answer: line.trim().to_owned(),
            question,
        }
    }

    /// The record that confidences are added to. Its source is the sub-task, so that intervals
    /// count questions of one sub-task as one piece of evidence.
    ///
    /// ```
    /// use qualm_confidence::arithmetic::{Graded, Profile, Question};
    ///
    /// let question = Question::draw(&Profile::Tiny.subtasks()[0], 2022, 0);
    /// let record = Graded::new(question, " no idea\n").record();
    /// assert_eq!((record.correct, record.shift.split.as_deref()), (Some(false), Some("add-subtract")));
    /// ```
    #[must_use]
    pub fn record(&self) -> Record {
        let question = &self.question;
        Record {
            id: question.id.clone(),
            question: Some(question.question.clone()),
            answer: Some(self.answer.clone()),
            gold: Some(question.gold.clone()),
            correct: Some(self.correct),
            shift: records::Shift {
                split: Some(question.shift.split.name().to_owned()),
                tags: question.shift.tags.clone(),
            },
            source: Some(question.subtask.clone()),
            ..Record::default()
        }
    }
}

impl Answers {
    /// Reads JSON lines with `id` and `answer`; whatever else they hold is passed over.
    ///
    /// # Errors
    /// A file that cannot be read, a line without both, an id that comes twice, no line at all.
    pub fn read(path: impl AsRef<Path>) -> Result<Answers, ConfidenceError> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| ConfidenceError::file(path, error.to_string());
        let file = File::open(path).map_err(unreadable)?;
        let mut answers = HashMap::new();
        for (line, text) in (1..).zip(BufReader::new(file).lines()) {
            let text = text.map_err(unreadable)?;
            if text.trim().is_empty() {
                continue;
            }
            let wrong = |reason| ConfidenceError::line(path, line, reason);
            let Answer { id, answer } = serde_json::from_str(&text).map_err(|error| {
                wrong(format!(
                    "is no JSON object with the texts id and answer ({error})"
                ))
            })?;
            if answers.contains_key(&id) {
                return Err(wrong(format!(
                    "answers `{id}` a second time; keep one answer"
                )));
            }
            answers.insert(id, (line, answer));
        }
        if answers.is_empty() {
            return Err(ConfidenceError::file(path, "holds no answers"));
        }
        Ok(Answers {
            path: path.to_owned(),
            answers,
        })
    }

    /// Grades them against questions, in the order of these. Questions without an answer are left
    /// out.
    ///
    /// # Errors
    /// An answer to none of the questions: they are of another seed or another suite.
    pub fn grade(
        mut self,
        questions: impl IntoIterator<Item = Question>,
    ) -> Result<Vec<Graded>, ConfidenceError> {
        let mut graded = Vec::with_capacity(self.answers.len());
        for question in questions {
            let Some((_, answer)) = self.answers.remove(&question.id) else {
                continue;
            };
            graded.push(Graded::new(question, &answer));
        }
        let stray = self.answers.iter().min_by_key(|(_, (line, _))| *line);
        match stray {
            None => Ok(graded),
            Some((id, (line, _))) => Err(ConfidenceError::line(
                &self.path,
                *line,
                format!(
                    "answers `{id}`, which is no question of this suite; give the profile, the \
                     seed and the number of questions that the suite was made with"
                ),
            )),
        }
    }
}

/// The accuracy of every sub-task that has answers.
#[must_use]
pub fn accuracy_by_subtask(graded: &[Graded]) -> BTreeMap<&str, Share> {
    let mut shares = BTreeMap::new();
    for answer in graded {
        let share: &mut Share = shares.entry(answer.question.subtask.as_str()).or_default();
        share.count(answer.correct);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Profile;

    fn read(text: &str) -> Result<Answers, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let path = file.path().display().to_string();
        Answers::read(file.path()).map_err(|error| error.to_string().replace(&path, "FILE"))
    }

    fn questions() -> Vec<Question> {
        let subtasks = Profile::Tiny.subtasks();
        let draw = |(subtask, index)| Question::draw(subtask, 1, index);
        subtasks[..2]
            .iter()
            .flat_map(|s| [(s, 0), (s, 1)])
            .map(draw)
            .collect()
    }

    #[test]
    fn answers_are_graded_in_the_order_of_the_questions() {
        let questions = questions();
        let right = format!(" {}\\n5 + 5 =", questions[0].gold);
        let text = format!(
            "{{\"id\":\"{}\",\"answer\":\"none\"}}\n\n{{\"id\":\"{}\",\"answer\":\"{right}\",\"more\":1}}\n",
            questions[3].id, questions[0].id
        );
        let graded = read(&text).unwrap().grade(questions.clone()).unwrap();
        let told: Vec<_> = graded
            .iter()
            .map(|g| (g.answer.as_str(), g.correct))
            .collect();
        assert_eq!(told, [(questions[0].gold.as_str(), true), ("none", false)]);
        let shares = accuracy_by_subtask(&graded);
        let expected = [
            ("equation-add-1x1", Share { right: 1, of: 1 }),
            ("equation-add-1x2", Share { right: 0, of: 1 }),
        ];
        assert_eq!(shares, expected.into());
    }

    #[test]
    fn what_cannot_be_graded_is_named() {
        let refused = |text| read(text).unwrap_err();
        assert_eq!(refused("\n"), "FILE: holds no answers");
        let twice = "{\"id\":\"a\",\"answer\":\"1\"}\n{\"id\":\"a\",\"answer\":\"2\"}";
        assert_eq!(
            refused(twice),
            "FILE, line 2: answers `a` a second time; keep one answer"
        );
        assert!(refused("{\"id\":\"a\"}").starts_with("FILE, line 1: is no JSON object"));
        let stray = read("\n{\"id\":\"a\",\"answer\":\"1\"}").unwrap();
        let error = stray.grade(questions()).unwrap_err().to_string();
        assert!(
            error.contains("line 2: answers `a`, which is no question"),
            "{error}"
        );
    }
}
