//! The one helper: a folder of its own for a test, and the program run in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::made;

/// The program under test.
pub(crate) const QUALM: &str = env!("CARGO_BIN_EXE_qualm");

/// Longer than any test takes on a busy machine; a program that hangs must not hang the tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder in which one test works.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with the made-up sets `train.npz`, `val.npz`, `new.npz` and `odd.npz`, and with
    /// `head.npz`.
    pub(crate) fn with_sets() -> Self {
        let desk = Self::new();
        made::write(&desk, &made::usual(600, 1), "train.npz");
        made::write(&desk, &made::usual(200, 2), "val.npz");
        made::write(&desk, &made::usual(100, 3), "new.npz");
        made::write(&desk, &made::unusual(80, 4), "odd.npz");
        made::head().save(&desk.path("head.npz")).unwrap();
        desk
    }

    /// The same with `model.qualm`, whose reference is `val.npz`.
    pub(crate) fn with_model() -> Self {
        let desk = Self::with_sets();
        desk.ok(
            "fit --train train.npz --head head.npz --reference val.npz --methods vim,knn(k=5),msp \
             -o model.qualm",
        );
        desk
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Names and contents of all files here.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.metadata().is_ok_and(|metadata| metadata.is_file()))
            .map(|path| (path.clone(), std::fs::read(path).unwrap_or_default()))
            .collect()
    }

    /// The program with the words of `line` as its arguments, to be run here.
    pub(crate) fn command(&self, line: &str) -> std::process::Command {
        let mut command = std::process::Command::new(QUALM);
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path());
        command
    }

    /// Runs the program, however it ends; but it never panics.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.run_with(line, Vec::new())
    }

    /// The same with `input` on standard input.
    pub(crate) fn run_with(&self, line: &str, input: Vec<u8>) -> Ran {
        let output = assert_cmd::Command::from_std(self.command(line))
            .write_stdin(input)
            .timeout(PATIENCE)
            .output()
            .unwrap();
        Ran::of(output)
    }

    /// Runs the program, which must do what it is told.
    pub(crate) fn ok(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "qualm {line}\n{}", ran.stderr);
        ran
    }

    /// Runs the program, which must refuse: exit code 2 and one sentence that begins with `error:`,
    /// nothing on standard output, and every file here as it was. Returns the sentence.
    pub(crate) fn refuses(&self, line: &str) -> String {
        self.refuses_with(line, Vec::new())
    }

    /// The same with `input` on standard input.
    pub(crate) fn refuses_with(&self, line: &str, input: Vec<u8>) -> String {
        let before = self.files();
        let ran = self.run_with(line, input);
        assert_eq!(ran.code, Some(2), "qualm {line}\n{}", ran.stderr);
        assert_eq!(ran.text(), "", "qualm {line}");
        assert!(self.files() == before, "qualm {line} changed a file");
        ran.error()
    }
}

impl Ran {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }

    /// The one sentence that says what is wrong.
    pub(crate) fn error(&self) -> String {
        let errors: Vec<&str> = self
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{}", self.stderr);
        errors[0].to_owned()
    }
}

/// Asserts that a text holds all of some words.
#[track_caller]
pub(crate) fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in: {text}");
    }
}
