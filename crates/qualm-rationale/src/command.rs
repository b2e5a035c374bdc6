use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::json;

use crate::RationaleError;
use crate::victim::{Input, Victim};

/// How long a command may take to answer a line.
const PATIENCE: Duration = Duration::from_secs(120);
/// How far probabilities may be from adding up to 1: other programs round.
const ROUNDING: f64 = 1e-3;

/// Somebody's model behind a command, which is started once. It reads a line of JSON a text,
/// `{"text": "...", "query": null}`, and answers each with a line, its probabilities `[0.1, 0.9]`.
///
/// A command that keeps its answers back until its input ends is told off after two minutes: it must
/// flush each line.
#[derive(Debug)]
pub struct CommandVictim {
    command: String,
    classes: usize,
    running: Mutex<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<std::io::Result<String>>,
}

impl CommandVictim {
    /// Starts a command, by the shell, that knows so many classes.
    ///
    /// # Errors
    /// [`RationaleError::Victim`] when it cannot be started.
    pub fn start(command: &str, classes: usize) -> Result<Self, RationaleError> {
        let failed = |what: String| RationaleError::Victim {
            model: command.to_owned(),
            what,
        };
        let started = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| failed(format!("cannot be started: {error}")))?;
        let (Some(questions), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("has neither input nor output".to_owned()));
        };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            command: command.to_owned(),
            classes,
            running: Mutex::new(Running {
                child,
                questions,
                answers,
            }),
        })
    }

    fn failed(&self, what: String) -> RationaleError {
        RationaleError::Victim {
            model: self.command.clone(),
            what: qualm_data::one_line(what),
        }
    }

    fn row(&self, line: &str) -> Result<Vec<f64>, RationaleError> {
        let row: Vec<f64> = serde_json::from_str(line).map_err(|_| {
            self.failed(format!(
                "answered `{line}`; a line of {} probabilities such as [0.1, 0.9] is wanted",
                self.classes
            ))
        })?;
        let sum: f64 = row.iter().sum();
        let fits = row.len() == self.classes
            && row.iter().all(|p| (0.0..=1.0).contains(p))
            && (sum - 1.0).abs() <= ROUNDING;
        if fits {
            return Ok(row);
        }
        Err(self.failed(format!(
            "answered `{line}`; {} numbers from 0 to 1 that add up to 1 are wanted",
            self.classes
        )))
    }
}

impl Victim for CommandVictim {
    fn classes(&self) -> usize {
        self.classes
    }

    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
        let mut running = match self.running.lock() {
            Ok(running) => running,
            Err(poisoned) => poisoned.into_inner(),
        };
        let mut lines = String::new();
        for input in inputs {
            lines += &json!({"text": input.text, "query": input.query}).to_string();
            lines.push('\n');
        }
        let asked = running.questions.write_all(lines.as_bytes());
        let asked = asked.and_then(|()| running.questions.flush());
        let mut rows = Vec::with_capacity(inputs.len() * self.classes);
        for answered in 0..inputs.len() {
            let what = match running.answers.recv_timeout(PATIENCE) {
                Ok(Ok(line)) => {
                    rows.extend(self.row(&line)?);
                    continue;
                }
                Ok(Err(error)) => format!("cannot be read: {error}"),
                Err(RecvTimeoutError::Timeout) => format!(
                    "gave {answered} answers to {} texts in two minutes; let it flush each line",
                    inputs.len()
                ),
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = match running.child.wait() {
                        Ok(status) => format!("ended with {status}"),
                        Err(error) => format!("ended: {error}"),
                    };
                    let total = inputs.len();
                    format!("{ended} after {answered} answers to {total} texts; let it answer each")
                }
            };
            return Err(self.failed(what));
        }
        asked.map_err(|error| self.failed(format!("does not take its input: {error}")))?;
        Ok(rows)
    }
}

impl Drop for CommandVictim {
    fn drop(&mut self) {
        let running = match self.running.get_mut() {
            Ok(running) => running,
            Err(poisoned) => poisoned.into_inner(),
        };
        // It may have ended by itself; there is nobody to tell either way.
        let _ = running.child.kill();
        let _ = running.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn ask(command: &str, texts: &[&str]) -> Result<Vec<f64>, RationaleError> {
        let inputs: Vec<Input<'_>> = texts
            .iter()
            .map(|text| Input { text, query: None })
            .collect();
        CommandVictim::start(command, 2)?.probabilities(&inputs)
    }

    #[test]
    fn lines_are_answered_by_lines() {
        let command = "while read line; do echo '[0.25, 0.75]'; done";
        let rows = ask(command, &["a", "b \"quoted\"\nline"]).unwrap();
        assert_eq!(rows, [0.25, 0.75, 0.25, 0.75]);
    }

    #[test]
    fn each_fault_is_one_sentence() {
        for (command, part) in [
            ("echo '[0.5, 0.5]'", "after 1 answers to 2 texts"),
            ("exit 3", "exit status: 3"),
            ("cat", "a line of 2 probabilities"),
            ("while read x; do echo '[1]'; done", "2 numbers from 0 to 1"),
            ("while read x; do echo '[0.5, 0.6]'; done", "add up to 1"),
        ] {
            let error = ask(command, &["a", "b"]).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains('\n'), "{error}");
        }
    }
}
