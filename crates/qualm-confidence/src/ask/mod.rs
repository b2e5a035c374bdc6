//! Asking a language model, and how sure it is, of every question of a suite.
//!
//! The answer is the model's own, written without drawing, and stays; then it is asked, in other
//! prompts, how sure it is of it, as in the setups of Lin, Hilton, Evans (2022). Every reply is
//! kept in a [`Journal`] as it comes.

mod answerer;
#[cfg(feature = "endpoint")]
mod endpoint;
mod journal;
#[cfg(feature = "lm")]
mod local;
mod probe;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::arithmetic::{Format, Graded, Profile, Suite};
use crate::parse::Parser;
use crate::records::{Record, Stated};
use crate::{ConfidenceError, Kind, Status};

pub use answerer::{Answerer, Completion, Draws};
#[cfg(feature = "endpoint")]
pub use endpoint::Endpoint;
pub use journal::Journal;
#[cfg(feature = "lm")]
pub use local::Local;
pub use probe::{Probe, held_out};

/// Tokens of an answer at most: longer numbers are not in any suite.
const ANSWER_TOKENS: usize = 16;

/// Tokens of a statement of confidence at most.
const CONFIDENCE_TOKENS: usize = 8;

/// The parts that a probe's own split is cut into, each judged by a probe fitted to the others.
const FOLDS: usize = 5;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The suite.
    pub profile: Profile,
    /// Questions of each of its sub-tasks.
    pub per_subtask: usize,
    /// The seed of questions, examples and draws.
    pub seed: u64,
    /// Examples before each question, and before each request for confidence.
    pub shots: usize,
    /// Answers drawn for consistency; 0 draws none.
    pub draws: usize,
    /// The temperature they are drawn at.
    pub temperature: f64,
    /// The layer of a probe on hidden states, if one is wanted.
    pub probe: Option<usize>,
}

impl Default for Plan {
    /// The tiny suite, 50 questions a sub-task, 6 examples, 10 draws at temperature 1, no probe.
    fn default() -> Plan {
        Plan {
            profile: Profile::Tiny,
            per_subtask: 50,
            seed: qualm_stats::random::DEFAULT_SEED,
            shots: 6,
            draws: 10,
            temperature: 1.0,
            probe: None,
        }
    }
}

impl Plan {
    /// The requests that a run makes, for a progress bar.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let questions = self.profile.subtasks().len() * self.per_subtask;
        let each = 4 + usize::from(self.draws > 0);
        (questions * each) as u64
    }

    fn about(&self, model: &str) -> serde_json::Value {
        json!({
            "journal": 1,
            "model": model,
            "profile": self.profile.name(),
            "per_subtask": self.per_subtask,
            "seed": self.seed,
            "shots": self.shots,
            "draws": self.draws,
            "temperature": self.temperature,
            "probe": self.probe,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Answer {
    text: String,
    log_probs: Option<Vec<f64>>,
    hidden: Vec<f32>,
}

/// Asks a model everything that a plan says and gives one record a question. Replies are kept at
/// `journal` until all are there; `progress` is told how many came.
///
/// # Errors
/// What keeps the model from answering, a journal that cannot be used, a plan that cannot be
/// carried out.
pub fn ask(
    model: &dyn Answerer,
    plan: &Plan,
    journal: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Record>, ConfidenceError> {
    let mut journal = Journal::open(journal, &plan.about(model.name()))?;
    let suite =
        Suite::new(plan.profile, plan.per_subtask, plan.seed).asking(Format::Answer, plan.shots)?;
    let prompts: Vec<(String, String)> = suite
        .lines()
        .map(|line| (line.question.id, line.prompt))
        .collect();
    let mut asking = Asking {
        model,
        journal: &mut journal,
        progress,
    };
    let answers: Vec<Answer> = asking.each("answer", &prompts, |model, prompts| {
        let completions = model.complete(prompts, ANSWER_TOKENS, plan.probe)?;
        Ok(completions.into_iter().map(Answer::from).collect())
    })?;
    let graded: Vec<Graded> = suite
        .questions()
        .zip(&answers)
        .map(|(question, answer)| Graded::new(question, &answer.text))
        .collect();
    let mut records: Vec<Record> = graded.iter().map(Graded::record).collect();
    for (record, answer) in records.iter_mut().zip(&answers) {
        record.model = Some(model.name().to_owned());
        record.prompt_id = Some(format!("{} shots", plan.shots));
        record.token_logprobs.clone_from(&answer.log_probs);
    }

    let about = |format: Format| -> Result<Vec<(String, String)>, ConfidenceError> {
        let lines = suite.asking(format, plan.shots)?.lines_about(&graded)?;
        Ok(lines
            .into_iter()
            .map(|line| (line.question.id, line.prompt))
            .collect())
    };
    let parser = Parser::default();
    for (kind, format) in [
        (Kind::VerbalNumber, Format::Number),
        (Kind::VerbalWord, Format::Words),
    ] {
        let stage = kind.name();
        let said: Vec<String> = asking.each(stage, &about(format)?, |model, prompts| {
            let completions = model.complete(prompts, CONFIDENCE_TOKENS, None)?;
            Ok(completions
                .into_iter()
                .map(|completion| completion.text)
                .collect())
        })?;
        for (record, said) in records.iter_mut().zip(&said) {
            record.confidence.push(read(&parser, kind, said));
        }
    }
    let believed: Vec<Option<f64>> = asking.each(
        Kind::PTrue.name(),
        &about(Format::TrueFalse)?,
        |model, prompts| model.prefers(prompts, " True", " False"),
    )?;
    for (record, believed) in records.iter_mut().zip(believed) {
        record.confidence.push(match believed {
            Some(value) => Stated::point(Kind::PTrue, value),
            None => Stated::without_value(Kind::PTrue, Status::Absent),
        });
    }
    if plan.draws > 0 {
        let draws = Draws {
            copies: plan.draws,
            temperature: plan.temperature,
            seed: plan.seed,
        };
        let drawn: Vec<Vec<String>> = asking.each("samples", &prompts, |model, prompts| {
            model.draw(prompts, ANSWER_TOKENS, &draws)
        })?;
        for (record, drawn) in records.iter_mut().zip(drawn) {
            let answer = plain(record.answer.as_deref().unwrap_or_default());
            let same = drawn.iter().filter(|text| plain(text) == answer).count();
            let share = same as f64 / drawn.len().max(1) as f64;
            record
                .confidence
                .push(Stated::point(Kind::Consistency, share));
            record.samples = drawn.iter().map(|text| text.trim().to_owned()).collect();
        }
    }
    if plan.probe.is_some() {
        add_probe(&mut records, &graded, &answers);
    }
    records
        .into_iter()
        .map(|record| record.completed().map_err(ConfidenceError::Values))
        .collect()
}

impl From<Completion> for Answer {
    fn from(completion: Completion) -> Answer {
        Answer {
            text: completion.text,
            log_probs: completion.log_probs,
            hidden: completion.hidden,
        }
    }
}

/// A number without thousands commas and spaces, or any other text trimmed.
fn plain(text: &str) -> String {
    let first = text.split('\n').next().unwrap_or_default();
    first
        .chars()
        .filter(|c| *c != ',' && !c.is_whitespace())
        .collect()
}

/// What a model said when it was asked for its confidence: `Confidence:` and its words.
fn read(parser: &Parser, kind: Kind, said: &str) -> Stated {
    let text = format!("Confidence:{said}");
    let cue = parser.parse(&text).cue;
    // Numbers and words are two kinds: one in the place of the other is no answer.
    let fits = match cue.status {
        Status::Words => kind == Kind::VerbalWord,
        Status::Point | Status::Range => kind == Kind::VerbalNumber,
        _ => true,
    };
    match (fits, cue.value) {
        (true, Some(value)) => Stated {
            lo: cue.lo,
            hi: cue.hi,
            status: Some(cue.status),
            lexicon: cue.lexicon.map(str::to_owned),
            ..Stated::point(kind, value)
        },
        (true, None) => Stated::without_value(kind, cue.status),
        (false, _) => Stated::without_value(kind, Status::Absent),
    }
}

/// Adds P(I know): on the training split from probes that have not seen the question, elsewhere
/// from one fitted to the whole training split.
fn add_probe(records: &mut [Record], graded: &[Graded], answers: &[Answer]) {
    let is_training = |graded: &Graded| graded.question.shift.split.is_training();
    let rows: Vec<usize> = (0..graded.len())
        .filter(|&row| is_training(&graded[row]))
        .collect();
    let hidden: Vec<&[f32]> = rows
        .iter()
        .map(|&row| answers[row].hidden.as_slice())
        .collect();
    let correct: Vec<bool> = rows.iter().map(|&row| graded[row].correct).collect();
    let fitted = Probe::fit(&hidden, &correct).zip(held_out(&hidden, &correct, FOLDS));
    let places: BTreeMap<usize, usize> = rows
        .iter()
        .enumerate()
        .map(|(at, &row)| (row, at))
        .collect();
    for (row, record) in records.iter_mut().enumerate() {
        record.confidence.push(match &fitted {
            None => Stated::without_value(Kind::PIk, Status::Absent),
            Some((probe, held_out)) => Stated::point(
                Kind::PIk,
                match places.get(&row) {
                    Some(&at) => held_out[at],
                    None => probe.probability(&answers[row].hidden),
                },
            ),
        });
    }
}

struct Asking<'a> {
    model: &'a dyn Answerer,
    journal: &'a mut Journal,
    progress: &'a mut dyn FnMut(u64),
}

impl Asking<'_> {
    /// The replies of one stage to prompts with their ids; what the journal has is not asked
    /// again.
    fn each<T: Serialize + serde::de::DeserializeOwned>(
        &mut self,
        stage: &str,
        prompts: &[(String, String)],
        reply: impl Fn(&dyn Answerer, &[String]) -> Result<Vec<T>, ConfidenceError>,
    ) -> Result<Vec<T>, ConfidenceError> {
        let mut replies = Vec::with_capacity(prompts.len());
        let mut open = Vec::new();
        for (id, prompt) in prompts {
            let key = format!("{stage} {id}");
            let known = self.journal.reply::<T>(&key)?;
            if known.is_none() {
                open.push((replies.len(), key, prompt.clone()));
            }
            replies.push(known);
        }
        (self.progress)((prompts.len() - open.len()) as u64);
        for batch in open.chunks(self.model.batch().max(1)) {
            let texts: Vec<String> = batch.iter().map(|(_, _, prompt)| prompt.clone()).collect();
            let found = reply(self.model, &texts)?;
            for ((at, key, _), found) in batch.iter().zip(found) {
                self.journal.keep(key, &found)?;
                replies[*at] = Some(found);
            }
            (self.progress)(batch.len() as u64);
        }
        let missing =
            || ConfidenceError::Model(format!("{} gave too few replies", self.model.name()));
        replies
            .into_iter()
            .map(|reply| reply.ok_or_else(missing))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Adds and subtracts what fits into one digit, multiplies never; is as sure as it should be.
    struct Pupil {
        /// The calls after which it stops answering.
        patience: Cell<usize>,
    }

    impl Pupil {
        fn patient() -> Pupil {
            Pupil {
                patience: Cell::new(usize::MAX),
            }
        }

        fn call(&self) -> Result<(), ConfidenceError> {
            match self.patience.get() {
                0 => Err(ConfidenceError::Model("had enough".into())),
                left => {
                    self.patience.set(left - 1);
                    Ok(())
                }
            }
        }
    }

    /// What stands behind the last line break of a prompt.
    fn last_line(prompt: &str) -> &str {
        prompt.rsplit('\n').next().unwrap_or(prompt)
    }

    fn answer(prompt: &str) -> String {
        let words: Vec<&str> = last_line(prompt).split(' ').collect();
        let number = |at: usize| words[at].parse::<i64>().unwrap();
        let result = match words[1] {
            "+" => number(0) + number(2),
            "-" => number(0) - number(2),
            _ => -1,
        };
        if result.abs() < 10 {
            format!(" {result}")
        } else {
            " 0".into()
        }
    }

    impl Answerer for Pupil {
        fn name(&self) -> &str {
            "pupil"
        }

        fn batch(&self) -> usize {
            4
        }

        fn complete(
            &self,
            prompts: &[String],
            _: usize,
            layer: Option<usize>,
        ) -> Result<Vec<Completion>, ConfidenceError> {
            self.call()?;
            let one = |prompt: &String| {
                let asked = last_line(prompt).starts_with("Confidence:");
                let text = match (asked, prompt.contains("Confidence: 9")) {
                    (true, true) => " 85%".to_owned(),
                    (true, false) => " high".to_owned(),
                    (false, _) => answer(prompt),
                };
                let sure = if text == " 0" { -2.0 } else { -0.1 };
                Completion {
                    hidden: layer.map(|_| vec![sure as f32, 1.0]).unwrap_or_default(),
                    log_probs: Some(vec![sure]),
                    text,
                }
            };
            Ok(prompts.iter().map(one).collect())
        }

        fn draw(
            &self,
            prompts: &[String],
            _: usize,
            draws: &Draws,
        ) -> Result<Vec<Vec<String>>, ConfidenceError> {
            self.call()?;
            let one = |prompt: &String| {
                let mut drawn = vec![answer(prompt); draws.copies - 1];
                drawn.push(" 1,000".into());
                drawn
            };
            Ok(prompts.iter().map(one).collect())
        }

        fn prefers(
            &self,
            prompts: &[String],
            _: &str,
            _: &str,
        ) -> Result<Vec<Option<f64>>, ConfidenceError> {
            self.call()?;
            Ok(prompts.iter().map(|_| Some(0.25)).collect())
        }
    }

    fn plan() -> Plan {
        Plan {
            per_subtask: 6,
            shots: 3,
            draws: 4,
            probe: Some(1),
            ..Plan::default()
        }
    }

    fn run(pupil: &Pupil, journal: &Path) -> Result<Vec<Record>, ConfidenceError> {
        ask(pupil, &plan(), journal, &mut |_| {})
    }

    #[test]
    fn every_question_gets_every_kind() {
        let folder = tempfile::tempdir().unwrap();
        let mut done = 0;
        let journal = folder.path().join("a.part");
        let records = ask(&Pupil::patient(), &plan(), &journal, &mut |more| {
            done += more
        })
        .unwrap();
        assert_eq!((records.len(), done), (54, plan().requests()));
        for record in &records {
            let kinds: Vec<Kind> = record.confidence.iter().map(|stated| stated.kind).collect();
            for kind in [
                Kind::VerbalNumber,
                Kind::VerbalWord,
                Kind::AnswerLogprob,
                Kind::AnswerLogprobMean,
                Kind::PTrue,
                Kind::PIk,
                Kind::Consistency,
            ] {
                assert!(kinds.contains(&kind), "{kinds:?}");
            }
            assert_eq!(record.confidence(Kind::PTrue).unwrap().value, Some(0.25));
            assert_eq!(
                record.confidence(Kind::Consistency).unwrap().value,
                Some(0.75)
            );
            let know = record.confidence(Kind::PIk).unwrap().value.unwrap();
            assert_eq!(
                know > 0.5,
                record.answer.as_deref() != Some("0"),
                "{record:?}"
            );
        }
        let right = |split: &str| {
            let of = |r: &&Record| r.shift.split.as_deref() == Some(split);
            records
                .iter()
                .filter(of)
                .filter(|r| r.correct() == Some(true))
                .count()
        };
        assert!(right("add-subtract") > 6);
        assert_eq!(right("multiply-divide"), 0);
    }

    #[test]
    fn an_interrupted_run_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let whole = run(&Pupil::patient(), &folder.path().join("whole.part")).unwrap();
        let journal = folder.path().join("cut.part");
        let mut runs = 0;
        let resumed = loop {
            runs += 1;
            let pupil = Pupil {
                patience: Cell::new(9),
            };
            match run(&pupil, &journal) {
                Ok(records) => break records,
                Err(error) => assert_eq!(error.to_string(), "had enough"),
            }
        };
        assert_eq!(resumed, whole);
        // Five stages of 14 batches, nine a run.
        assert_eq!(runs, 8);
    }

    #[test]
    fn words_in_the_place_of_numbers_are_no_answer() {
        let parser = Parser::default();
        let status = |kind, said| read(&parser, kind, said).status();
        assert_eq!(status(Kind::VerbalNumber, " 61%"), Status::Point);
        assert_eq!(status(Kind::VerbalNumber, " high"), Status::Absent);
        assert_eq!(status(Kind::VerbalWord, " high"), Status::Words);
        assert_eq!(status(Kind::VerbalWord, " 61%"), Status::Absent);
        assert_eq!(status(Kind::VerbalNumber, " 140%"), Status::OutOfRange);
        assert_eq!(read(&parser, Kind::VerbalWord, " high").value, Some(0.7));
    }
}
