use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command as Process, Stdio};

use crate::designs::Designs;
use crate::error::ProxyError;
use crate::space::{Space, Variable};
use crate::truth::Truth;

/// A user's oracle: a shell command that reads designs as CSV with a header on standard input and
/// prints a number a line; `infeasible` and `nan` say that a design cannot be built.
#[derive(Debug)]
pub(super) struct Command {
    text: String,
}

impl Command {
    pub(super) fn new(text: String) -> Self {
        Self { text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn evaluate(
        &self,
        space: &Space,
        designs: &Designs,
    ) -> Result<Vec<Truth>, ProxyError> {
        let fault = |problem: String| ProxyError::Oracle {
            command: self.text.clone(),
            problem,
        };
        let (shell, flag) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let mut process = Process::new(shell)
            .args([flag, &self.text])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| fault(format!("it cannot be started: {error}")))?;
        let input = to_csv(space, designs);
        // Written beside the reading: a command that prints as it reads would block otherwise.
        let mut pipe = process.stdin.take();
        let writer = std::thread::spawn(move || {
            // One that does not read its input says what is wrong by what it prints.
            let _ = pipe.as_mut().map(|pipe| pipe.write_all(input.as_bytes()));
        });
        let done = process
            .wait_with_output()
            .map_err(|error| fault(error.to_string()))?;
        // A thread that only writes has no panic to pass on.
        let _ = writer.join();
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let last = said
                .lines()
                .last()
                .unwrap_or("nothing on standard error")
                .to_owned();
            return Err(fault(format!("it failed with {}: {last}", done.status)));
        }
        let printed = String::from_utf8_lossy(&done.stdout);
        let lines: Vec<&str> = printed
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        if lines.len() != designs.len() {
            return Err(fault(format!(
                "it printed {} lines for {} designs; it must print a number for each",
                lines.len(),
                designs.len()
            )));
        }
        lines
            .iter()
            .enumerate()
            .map(|(at, line)| match line.to_ascii_lowercase().as_str() {
                "infeasible" | "nan" => Ok(Truth::Infeasible),
                number => number
                    .parse()
                    .map(Truth::of)
                    .map_err(|_| fault(format!("line {} is `{line}`, which is no number", at + 1))),
            })
            .collect()
    }
}

fn to_csv(space: &Space, designs: &Designs) -> String {
    let quoted = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let header: Vec<String> = space.variables().iter().map(|v| quoted(v.name())).collect();
    let mut text = header.join(",");
    for design in designs.iter() {
        text.push('\n');
        for (at, (variable, value)) in space.variables().iter().zip(design).enumerate() {
            if at > 0 {
                text.push(',');
            }
            match variable {
                Variable::Category { levels, .. } => {
                    text.push_str(&quoted(&levels[*value as usize]))
                }
                // Writing to a string does not fail.
                Variable::Real { .. } => drop(write!(text, "{value}")),
            }
        }
    }
    text.push('\n');
    text
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(command: &str) -> Result<Vec<Truth>, ProxyError> {
        let space = Space::continuous(&[(0.0, 9.0), (0.0, 9.0)]);
        Command::new(command.into()).evaluate(&space, &Designs::new(vec![1.0, 2.0, 3.0, 4.5], 2))
    }

    #[test]
    fn a_command_reads_designs_and_prints_numbers() {
        let sum = "awk -F, 'NR > 1 { print ($1 > 2 ? \"infeasible\" : $1 + $2) }'";
        assert_eq!(
            run(sum).expect("it works"),
            [Truth::Value(3.0), Truth::Infeasible]
        );
    }

    #[test]
    fn what_a_command_does_wrong_is_said() {
        let said = |command: &str| run(command).unwrap_err().to_string();
        assert!(said("echo broken >&2; exit 3").contains("exit status: 3: broken"));
        assert!(said("echo 1").contains("1 lines for 2 designs"));
        assert!(said("echo 1; echo red").contains("line 2 is `red`"));
        assert!(said("/no/such/program").contains("failed"));
    }
}
