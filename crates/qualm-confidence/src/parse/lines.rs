//! Texts from a file, one a line, as plain text or as a field of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ConfidenceError;

/// Bytes of the longest line: longer than any reply, and little enough to be held.
const LONGEST: u64 = 16 << 20;

/// One text of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its line, counted from 1.
    pub line: u64,
    /// The record's `id`, where it has one.
    pub id: Option<Value>,
    /// The text.
    pub text: String,
}

/// The texts of a file, read line by line.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    /// The field that holds the text, for JSON.
    field: Option<String>,
    line: u64,
}

impl Lines {
    /// Opens a file, or standard input for `-`.
    ///
    /// The lines are JSON where a `field` is named or the file is called `.jsonl` or `.ndjson`; the
    /// field is `raw_text` if none is named. Else each line is a text.
    pub fn open(path: impl AsRef<Path>, field: Option<&str>) -> Result<Lines, ConfidenceError> {
        let path = path.as_ref();
        let json = path
            .extension()
            .is_some_and(|extension| extension == "jsonl" || extension == "ndjson");
        let reader: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(BufReader::new(stdin()))
        } else {
            let file = File::open(path)
                .map_err(|error| ConfidenceError::file(path, format!("open failed: {error}")))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        };
        Ok(Lines {
            path: path.to_owned(),
            reader,
            field: field.or(json.then_some("raw_text")).map(str::to_owned),
            line: 0,
        })
    }

    fn bad(&self, reason: impl Into<String>) -> ConfidenceError {
        ConfidenceError::line(&self.path, self.line, reason)
    }

    fn read(&mut self) -> Result<Option<Line>, ConfidenceError> {
        let mut bytes = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(LONGEST + 1)
            .read_until(b'\n', &mut bytes)
            .map_err(|error| ConfidenceError::file(&self.path, format!("read failed: {error}")))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read as u64 > LONGEST {
            return Err(self.bad(format!("is longer than {LONGEST} bytes")));
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            self.bad(format!(
                "is no UTF-8 at byte {}",
                error.utf8_error().valid_up_to()
            ))
        })?;
        let Some(field) = &self.field else {
            return Ok(Some(Line {
                line: self.line,
                id: None,
                text,
            }));
        };
        if text.trim().is_empty() {
            return Err(self.bad("is empty; each line is one JSON object"));
        }
        let mut value: Value = serde_json::from_str(&text)
            .map_err(|error| self.bad(format!("is no JSON: {error}")))?;
        let Some(object) = value.as_object_mut() else {
            return Err(self.bad("is no JSON object"));
        };
        let id = object.remove("id");
        match object.remove(field) {
            Some(Value::String(text)) => Ok(Some(Line {
                line: self.line,
                id,
                text,
            })),
            Some(_) => Err(self.bad(format!("has a field {field} that is no text"))),
            None => Err(self.bad(format!("has no field {field}; name another with --field"))),
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Line, ConfidenceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, bytes: &[u8], field: Option<&str>) -> Result<Vec<Line>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let lines = Lines::open(&path, field).unwrap();
        lines
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn lines_are_texts_or_records() {
        let read = lines("a.txt", b"85%\r\n\nhigh", None).unwrap();
        let texts: Vec<&str> = read.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["85%", "", "high"]);
        let read = lines("a.jsonl", br#"{"id": 7, "raw_text": "85%"}"#, None).unwrap();
        assert_eq!((read[0].id.clone(), read[0].line), (Some(7.into()), 1));
        let read = lines("a.txt", br#"{"reply": "85%"}"#, Some("reply")).unwrap();
        assert_eq!(read[0].text, "85%");
    }

    #[test]
    fn a_bad_line_is_named() {
        for (name, bytes, said) in [
            (
                "a.txt",
                &b"85%\n\xff\n"[..],
                "line 2: is no UTF-8 at byte 0",
            ),
            ("a.jsonl", b"{\"raw_text\": \"x\"}\n{", "line 2: is no JSON"),
            ("a.jsonl", b"[1]", "line 1: is no JSON object"),
            (
                "a.jsonl",
                b"{\"raw_text\": 85}",
                "line 1: has a field raw_text that is no text",
            ),
            (
                "a.jsonl",
                b"{\"text\": \"85\"}",
                "line 1: has no field raw_text; name",
            ),
            ("a.jsonl", b"\n", "line 1: is empty"),
        ] {
            let error = lines(name, bytes, None).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
