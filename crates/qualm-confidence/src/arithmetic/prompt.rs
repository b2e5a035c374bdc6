//! What a model reads: examples, the question, and what it is to go on from.

use std::collections::HashSet;

use qualm_stats::random::{Stream, hash_bytes};

use super::answers::Graded;
use super::question::{Question, opening};
use super::subtask::{Profile, Subtask};
use crate::ConfidenceError;

/// Keys of the streams that examples are drawn from, apart from those of questions.
const EXAMPLES: u64 = 1;
const EXAMPLES_ABOUT: u64 = 2;

/// Asks for an answer, after `shots` questions of the training group with right answers. They are
/// drawn for this question alone; none of them is the same question, no two are alike.
pub(crate) fn for_answer(question: &Question, shots: usize) -> String {
    let subtasks = question.profile.subtasks();
    let training: Vec<&Subtask> = subtasks
        .iter()
        .filter(|s| s.group().is_training())
        .collect();
    let mut stream = stream(question, EXAMPLES);
    let mut seen = HashSet::from([question.question.clone()]);
    let mut prompt = String::new();
    while seen.len() <= shots {
        let drawn = training[stream.below(training.len())].draw(&mut stream);
        if seen.insert(drawn.text.clone()) {
            let opening = opening(question.profile, &drawn.text);
            prompt.push_str(&format!("{opening} {}", drawn.gold));
            prompt.push_str(between(question.profile));
        }
    }
    prompt + &question.opening()
}

/// Graded answers of the training group, to take examples from.
pub(crate) struct Pool<'a> {
    graded: Vec<&'a Graded>,
    questions: HashSet<&'a str>,
}

impl<'a> Pool<'a> {
    pub(crate) fn of(graded: &'a [Graded]) -> Pool<'a> {
        let training = |graded: &&Graded| graded.question.shift.split.is_training();
        let graded: Vec<&Graded> = graded.iter().filter(training).collect();
        let questions = graded
            .iter()
            .map(|g| g.question.question.as_str())
            .collect();
        Pool { graded, questions }
    }

    /// Asks for the confidence in an answer, after `shots` other answers with their targets, drawn
    /// for this question alone.
    pub(crate) fn ask_about(
        &self,
        about: &Graded,
        shots: usize,
        follow_up: &str,
        target: impl Fn(&Graded) -> Option<String>,
    ) -> Result<String, ConfidenceError> {
        let answered = |graded: &Graded| {
            let opening = graded.question.opening();
            format!("{opening} {}{follow_up}", graded.answer)
        };
        let asked = about.question.question.as_str();
        let others = self.questions.len() - usize::from(self.questions.contains(asked));
        if others < shots {
            return Err(ConfidenceError::Values(format!(
                "{shots} examples are wanted before `{asked}`, and {others} other questions of \
                 the training group are answered; answer more of it or ask for fewer examples"
            )));
        }
        let mut stream = stream(&about.question, EXAMPLES_ABOUT);
        let mut seen = HashSet::from([asked]);
        let mut prompt = String::new();
        while seen.len() <= shots {
            let example = self.graded[stream.below(self.graded.len())];
            if seen.insert(&example.question.question) {
                prompt.push_str(&answered(example));
                prompt.push_str(&target(example).unwrap_or_default());
                prompt.push_str(between(about.question.profile));
            }
        }
        Ok(prompt + &answered(about))
    }
}

fn stream(question: &Question, key: u64) -> Stream {
    Stream::new(question.seed, hash_bytes(key, question.id.as_bytes()))
}

fn between(profile: Profile) -> &'static str {
    match profile {
        Profile::Full => "\n\n",
        Profile::Tiny => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(subtask: usize, index: usize) -> Question {
        Question::draw(&Profile::Tiny.subtasks()[subtask], 3, index)
    }

    #[test]
    fn examples_of_answers_are_right_and_of_the_training_group() {
        let asked = question(8, 0);
        let prompt = for_answer(&asked, 6);
        let lines: Vec<&str> = prompt.lines().collect();
        assert_eq!((lines.len(), lines[6]), (7, asked.question.as_str()));
        for example in &lines[..6] {
            let words: Vec<&str> = example.split(' ').collect();
            let [a, sign, b, "=", value] = words[..] else {
                panic!("{example}")
            };
            let [a, b, value] = [a, b, value].map(|number| number.parse::<i64>().unwrap());
            let expected = match sign {
                "+" => a + b,
                "-" => a - b,
                _ => panic!("{example}"),
            };
            assert_eq!(value, expected, "{example}");
        }
        // Each question has its own.
        assert_ne!(
            lines[..6],
            for_answer(&question(8, 1), 6).lines().collect::<Vec<_>>()[..6]
        );
        // More examples begin with the same.
        assert!(for_answer(&asked, 9).starts_with(&lines[..6].join("\n")));
    }

    #[test]
    fn a_question_is_no_example_of_itself() {
        // 81 sums of two digits, so that 50 examples a question would meet most of them.
        for index in 0..30 {
            let asked = question(0, index);
            let prompt = for_answer(&asked, 50);
            let mut lines: Vec<&str> = prompt.lines().collect();
            assert_eq!(lines.pop(), Some(asked.question.as_str()));
            assert!(lines.iter().all(|line| !line.starts_with(&asked.question)));
            lines.sort_unstable();
            lines.dedup();
            assert_eq!(lines.len(), 50);
        }
    }

    #[test]
    fn examples_of_confidence_come_from_answers_of_the_training_group() {
        let answers = [
            Graded::new(question(0, 0), "12"),
            Graded::new(question(6, 0), "9"),
            Graded::new(question(5, 0), "7"),
        ];
        let pool = Pool::of(&answers);
        let target = |graded: &Graded| Some(format!(" {}", graded.answer.len()));
        let prompt = pool
            .ask_about(&answers[1], 2, "\nConfidence:", target)
            .unwrap();
        let asked = format!("{} 9\nConfidence:", answers[1].question.question);
        assert!(prompt.ends_with(&asked), "{prompt}");
        for example in [
            format!("{} 12\nConfidence: 2\n", answers[0].question.question),
            format!("{} 7\nConfidence: 1\n", answers[2].question.question),
        ] {
            assert_eq!(prompt.matches(&example).count(), 1, "{prompt}");
        }
        let error = pool
            .ask_about(&answers[0], 2, "\nConfidence:", target)
            .unwrap_err();
        assert!(error.to_string().contains("1 other questions"), "{error}");
    }
}
