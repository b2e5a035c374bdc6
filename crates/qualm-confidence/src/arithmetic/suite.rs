//! Suites of questions, and the lines of the files that they are kept in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::answers::{Graded, accuracy_by_subtask};
use super::format::Format;
use super::prompt::{self, Pool};
use super::question::{Question, SUITE_VERSION};
use super::subtask::Profile;
use crate::ConfidenceError;

/// The most examples before a question, as in the paper.
pub const MOST_SHOTS: usize = 50;

/// Which questions, and how a model is asked.
///
/// ```
/// use qualm_confidence::arithmetic::{Format, Profile, Suite};
///
/// let suite = Suite::new(Profile::Tiny, 100, 2022).asking(Format::Number, 6)?;
/// let line = suite.lines().next().unwrap();
/// assert_eq!(line.prompt.lines().count(), 7);
/// assert_eq!(line.follow_up.as_deref(), Some("\nConfidence:"));
/// # Ok::<(), qualm_confidence::ConfidenceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    profile: Profile,
    per_subtask: usize,
    seed: u64,
    format: Format,
    shots: usize,
}

/// One line of a suite's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The question, its fields among the others.
    #[serde(flatten)]
    pub question: Question,
    /// How confidence is asked for.
    pub format: Format,
    /// Examples in the prompt.
    pub shots: usize,
    /// What a model goes on from: to answer, or, where the answer is given, to state its
    /// confidence.
    pub prompt: String,
    /// What to write behind the model's answer to ask for its confidence, where the answer is not
    /// given yet and the format asks for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<String>,
    /// What the model answered, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Whether that is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// What a calibrated model would go on with from the prompt, for training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Suite {
    /// So many questions of every sub-task (the paper took 100), asked without examples and
    /// without more than the answer.
    #[must_use]
    pub fn new(profile: Profile, per_subtask: usize, seed: u64) -> Suite {
        Suite {
            profile,
            per_subtask,
            seed,
            format: Format::Answer,
            shots: 0,
        }
    }

    /// The same questions, confidence asked for in another format, with `shots` examples before
    /// every question, drawn anew for each.
    ///
    /// # Errors
    /// More than [`MOST_SHOTS`] examples.
    pub fn asking(self, format: Format, shots: usize) -> Result<Suite, ConfidenceError> {
        if shots > MOST_SHOTS {
            return Err(ConfidenceError::Values(format!(
                "{shots} examples before a question are too many; take {MOST_SHOTS} at most"
            )));
        }
        Ok(Suite {
            format,
            shots,
            ..self
        })
    }

    /// All its questions, sub-task by sub-task.
    pub fn questions(&self) -> impl Iterator<Item = Question> + use<> {
        let suite = *self;
        let subtasks = suite.profile.subtasks().into_iter();
        subtasks.flat_map(move |subtask| {
            (0..suite.per_subtask).map(move |index| Question::draw(&subtask, suite.seed, index))
        })
    }

    /// Lines that ask for answers. Examples are other questions of the training group with right
    /// answers.
    pub fn lines(&self) -> impl Iterator<Item = Line> + use<> {
        let suite = *self;
        self.questions().map(move |question| Line {
            prompt: prompt::for_answer(&question, suite.shots),
            follow_up: suite.format.follow_up().map(str::to_owned),
            format: suite.format,
            shots: suite.shots,
            answer: None,
            correct: None,
            target: None,
            question,
        })
    }

    /// Lines that ask for the confidence in answers, whose targets follow from the accuracy of
    /// their sub-tasks. Examples are other answers of the training group with their targets.
    ///
    /// # Errors
    /// Fewer answers of the training group than examples are wanted.
    pub fn lines_about(&self, graded: &[Graded]) -> Result<Vec<Line>, ConfidenceError> {
        let shares = accuracy_by_subtask(graded);
        let target = |graded: &Graded| {
            let share = shares[graded.question.subtask.as_str()];
            self.format.target(graded.correct, share)
        };
        let pool = Pool::of(graded);
        let line = |about: &Graded| {
            let prompt = match self.format.follow_up() {
                None => prompt::for_answer(&about.question, self.shots),
                Some(follow_up) => pool.ask_about(about, self.shots, follow_up, target)?,
            };
            Ok(Line {
                question: about.question.clone(),
                format: self.format,
                shots: self.shots,
                prompt,
                follow_up: None,
                answer: Some(about.answer.clone()),
                correct: Some(about.correct),
                target: target(about),
            })
        };
        graded.iter().map(line).collect()
    }
}

/// Writes lines as JSON, one a line.
///
/// # Errors
/// What `out` refuses.
pub fn write_lines(lines: impl IntoIterator<Item = Line>, out: &mut impl Write) -> io::Result<()> {
    for line in lines {
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads the lines of a suite's file.
///
/// # Errors
/// A file that cannot be read, and a line that is none of a suite, that is of another version, or
/// whose numbers no suite draws.
pub fn read_lines(path: impl AsRef<Path>) -> Result<Vec<Line>, ConfidenceError> {
    let path = path.as_ref();
    let unreadable = |error: io::Error| ConfidenceError::file(path, error.to_string());
    let file = File::open(path).map_err(unreadable)?;
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(BufReader::new(file).lines()) {
        let text = text.map_err(unreadable)?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |reason: String| ConfidenceError::line(path, number, reason);
        let line: Line = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("is no line of a suite of questions ({error})")))?;
        let version = line.question.version;
        if version != SUITE_VERSION {
            return Err(wrong(format!(
                "is of version {version} of the suite, which is now {SUITE_VERSION}; make it anew"
            )));
        }
        if !line.question.check.is_sound() {
            return Err(wrong("has a check with numbers that no suite draws".into()));
        }
        lines.push(line);
    }
    if lines.is_empty() {
        return Err(ConfidenceError::file(path, "holds no questions"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use qualm_stats::random::hash_bytes;

    use super::*;

    fn written(suite: &Suite) -> Vec<u8> {
        let mut file = Vec::new();
        write_lines(suite.lines(), &mut file).unwrap();
        file
    }

    fn read(bytes: impl AsRef<[u8]>) -> Result<Vec<Line>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, bytes).unwrap();
        let path = file.path().display().to_string();
        read_lines(file.path()).map_err(|error| error.to_string().replace(&path, "FILE"))
    }

    #[test]
    fn every_gold_answer_of_the_full_suite_is_accepted() {
        let mut ids = BTreeSet::new();
        for question in Suite::new(Profile::Full, 100, 2022).questions() {
            assert!(question.accepts(&question.gold), "{question:?}");
            assert!(question.check.is_sound(), "{question:?}");
            assert!(ids.insert(question.id));
        }
        assert_eq!(ids.len(), 19_600);
    }

    #[test]
    fn a_larger_suite_holds_the_smaller_one() {
        let few: Vec<Question> = Suite::new(Profile::Full, 2, 1).questions().collect();
        let many: BTreeSet<String> = Suite::new(Profile::Full, 5, 1)
            .questions()
            .map(|question| question.id + &question.question)
            .collect();
        assert!(
            few.iter()
                .all(|q| many.contains(&(q.id.clone() + &q.question)))
        );
    }

    #[test]
    fn the_questions_of_a_version_stay_the_same() {
        // What this pins may change together with SUITE_VERSION alone.
        let full = Suite::new(Profile::Full, 3, 2022);
        let tiny = Suite::new(Profile::Tiny, 3, 2022)
            .asking(Format::Number, 6)
            .unwrap();
        let hashes = [full, tiny].map(|suite| hash_bytes(0, &written(&suite)));
        let expected = [15_427_565_291_801_709_085, 18_241_359_437_178_055_974];
        assert_eq!((SUITE_VERSION, hashes), (1, expected));
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let suite = Suite::new(Profile::Full, 1, 7)
            .asking(Format::TrueFalse, 2)
            .unwrap();
        let lines: Vec<Line> = suite.lines().collect();
        assert_eq!(read(written(&suite)).unwrap(), lines);
        assert!(lines[0].prompt.ends_with(&lines[0].question.opening()));
        assert!(suite.asking(Format::Answer, 51).is_err());
    }

    #[test]
    fn lines_of_another_version_or_with_unsound_checks_are_refused() {
        let line = String::from_utf8(written(&Suite::new(Profile::Tiny, 1, 1))).unwrap();
        let line = line.lines().next().unwrap();
        let newer = line.replace("\"version\":1", "\"version\":2");
        assert_eq!(
            read(format!("{line}\n{newer}")).unwrap_err(),
            "FILE, line 2: is of version 2 of the suite, which is now 1; make it anew"
        );
        let check = line.find("{\"kind\"").unwrap();
        let end = line[check..].find('}').unwrap() + check + 1;
        let hostile = "{\"kind\":\"multiple-within\",\"of\":0,\"from\":0,\"to\":1}";
        let hostile = format!("{}{hostile}{}", &line[..check], &line[end..]);
        assert_eq!(
            read(hostile).unwrap_err(),
            "FILE, line 1: has a check with numbers that no suite draws"
        );
        assert!(
            read("{}")
                .unwrap_err()
                .starts_with("FILE, line 1: is no line of a suite")
        );
        assert_eq!(read("").unwrap_err(), "FILE: holds no questions");
    }

    #[test]
    fn confidence_in_answers_has_the_accuracy_of_the_subtask_as_its_target() {
        let suite = Suite::new(Profile::Full, 4, 1)
            .asking(Format::Number, 25)
            .unwrap();
        // Of every four answers the first three are right.
        let graded: Vec<Graded> = suite
            .questions()
            .enumerate()
            .map(|(at, question)| {
                let correct = at % 4 < 3;
                let answer = if correct {
                    question.gold.clone()
                } else {
                    "?".into()
                };
                let graded = Graded::new(question, &answer);
                assert_eq!(graded.correct, correct);
                graded
            })
            .collect();
        let lines = suite.lines_about(&graded).unwrap();
        assert_eq!(lines.len(), 196 * 4);
        for (line, graded) in lines.iter().zip(&graded) {
            assert_eq!(line.target.as_deref(), Some(" 75%"));
            let asked = format!("{} {}\nConfidence:", line.question.opening(), graded.answer);
            assert!(line.prompt.ends_with(&asked));
            assert_eq!(line.prompt.matches("\nConfidence: 75%\n\n").count(), 25);
            assert_eq!(line.follow_up, None);
        }
        let words = suite
            .asking(Format::Words, 0)
            .unwrap()
            .lines_about(&graded)
            .unwrap();
        assert_eq!(words[0].target.as_deref(), Some(" high"));
        let truth = suite
            .asking(Format::TrueFalse, 1)
            .unwrap()
            .lines_about(&graded)
            .unwrap();
        assert_eq!(truth[3].target.as_deref(), Some(" False"));
        assert!(truth[3].prompt.contains("\nTrue/false: "));
    }
}
