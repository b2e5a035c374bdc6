//! Files of beliefs and statements.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::belief::Belief;
use super::nearest::Nearest;
use super::set::StatementSet;
use crate::parse::Parser;
use crate::{ConfidenceError, json_lines};

/// What a line holds, told by the name that only it has.
const KINDS: &str = "give `p` and `given`, or `text`, for a conditional belief, `statement` for one \
                     of a set, or `fact`";

/// All that a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beliefs {
    /// Conditional beliefs, in the order of the file.
    pub beliefs: Vec<Belief>,
    /// Sets of statements, by source and name.
    pub sets: Vec<NamedSet>,
    /// Lines whose text states no conditional belief; nothing is made up for them.
    pub unread: Vec<u64>,
}

/// A set of statements of one source: nobody need agree with anybody else.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedSet {
    /// Who states it.
    pub source: Option<String>,
    /// What the set is called.
    pub name: Option<String>,
    /// The statements.
    pub set: StatementSet,
}

impl NamedSet {
    /// Source and name, as a reader would say them.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.source, &self.name) {
            (Some(source), Some(name)) => format!("{source}, {name}"),
            (Some(only), None) | (None, Some(only)) => only.clone(),
            (None, None) => "all statements".into(),
        }
    }

    /// [`StatementSet::nearest`], whose errors name the set.
    ///
    /// # Errors
    /// As there.
    pub fn nearest(&self) -> Result<Nearest, ConfidenceError> {
        self.set
            .nearest()
            .map_err(|error| ConfidenceError::Values(format!("{}: {error}", self.title())))
    }
}

/// One stated probability or one fact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    set: Option<String>,
    #[serde(default)]
    statement: Option<String>,
    #[serde(default)]
    fact: Option<String>,
}

impl Beliefs {
    /// Reads a JSONL file. A line is a [`Belief`], stated in numbers or as a text; or
    /// `{"statement": "P(A and B) = .3"}`, or `{"fact": "not (A and B)"}`, both with `source` and
    /// `set` where there are several.
    ///
    /// # Errors
    /// [`ConfidenceError::File`] if the file cannot be read or says nothing,
    /// [`ConfidenceError::Line`] for the first line that is none of these.
    pub fn read(path: impl AsRef<Path>) -> Result<Beliefs, ConfidenceError> {
        let path = path.as_ref();
        let parser = Parser::default().hearing_beliefs();
        let (mut beliefs, mut unread) = (Vec::new(), Vec::new());
        let mut sets: BTreeMap<(Option<String>, Option<String>), StatementSet> = BTreeMap::new();
        json_lines::read(path, |number, line| {
            let wrong = |error: serde_json::Error| json_lines::reason(&error);
            let value: serde_json::Value = serde_json::from_str(line).map_err(wrong)?;
            let has = |name: &str| value.get(name).is_some();
            if has("statement") || has("fact") {
                let line: Line = serde_json::from_value(value).map_err(wrong)?;
                let set = sets.entry((line.source, line.set)).or_default();
                return match (&line.statement, &line.fact) {
                    (Some(statement), None) => set.state(statement),
                    (None, Some(fact)) => set.fact(fact),
                    _ => Err("needs a text as `statement` or as `fact`: give each a line".into()),
                }
                .map_err(|error| told(&line.statement.or(line.fact), &error));
            }
            if !(has("p") || has("p_else") || has("text")) {
                return Err(format!("is none of what is read here: {KINDS}"));
            }
            let mut belief: Belief = serde_json::from_value(value).map_err(wrong)?;
            if belief.text.is_some() {
                if belief.p.is_some() || belief.p_else.is_some() {
                    return Err(
                        "states numbers and a `text` that states them: leave one out".into(),
                    );
                }
                if !belief.hear(&parser) {
                    unread.push(number);
                    return Ok(());
                }
            }
            belief.check()?;
            beliefs.push(belief);
            Ok(())
        })?;
        if beliefs.is_empty() && sets.is_empty() && unread.is_empty() {
            return Err(ConfidenceError::file(
                path,
                format!("holds no belief: {KINDS}"),
            ));
        }
        let named = |((source, name), set)| NamedSet { source, name, set };
        Ok(Beliefs {
            beliefs,
            sets: sets.into_iter().map(named).collect(),
            unread,
        })
    }

    /// The beliefs of each source, in the order of their names; of no source first.
    #[must_use]
    pub fn by_source(&self) -> BTreeMap<Option<&str>, Vec<&Belief>> {
        let mut sources: BTreeMap<Option<&str>, Vec<&Belief>> = BTreeMap::new();
        for belief in &self.beliefs {
            sources
                .entry(belief.source.as_deref())
                .or_default()
                .push(belief);
        }
        sources
    }
}

/// What is wrong, behind what it is wrong with.
fn told(text: &Option<String>, error: &str) -> String {
    match text {
        Some(text) => format!("`{text}`: {error}"),
        None => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(text: &str) -> Result<Beliefs, ConfidenceError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Beliefs::read(file.path())
    }

    #[test]
    fn beliefs_and_sets_stand_in_one_file() {
        let found = read(
            r#"{"given": "B", "p": 0.6, "source": "m"}
{"statement": "P(A) = .5", "source": "m"}
{"set": "s", "statement": "P(A) = .9", "source": "m"}

{"statement": "P(not A) = .5", "source": "n"}
{"fact": "A or B", "source": "m"}"#,
        )
        .unwrap();
        assert_eq!(found.beliefs.len(), 1);
        let titles: Vec<String> = found.sets.iter().map(NamedSet::title).collect();
        assert_eq!(titles, ["m", "m, s", "n"]);
        // Sources do not mix, so nothing contradicts anything.
        assert!(
            found
                .sets
                .iter()
                .all(|set| set.nearest().unwrap().book.is_none())
        );
        assert_eq!(found.sets[0].set.worlds().len(), 3);
    }

    #[test]
    fn texts_are_read_or_counted() {
        let found = read(
            r#"{"text": "80% if it rains, 30% if not", "given_true": false, "event_true": true}
{"text": "It will rain."}"#,
        )
        .unwrap();
        assert_eq!(found.beliefs[0].resolved().unwrap().p, 0.3);
        assert_eq!((found.beliefs.len(), &found.unread[..]), (1, &[2][..]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("", "holds no belief"),
            ("{\"given\": \"B\", \"p\": 0.6}\n{", "line 2: "),
            ("{\"given\": \"B\"}", "none of what is read here"),
            ("[1]", "none of what is read here"),
            ("{\"p\": 0.5}", "given"),
            ("{\"p\": 0.5, \"text\": \"80% if B\"}", "leave one out"),
            ("{\"given\": \"B\", \"p\": 60}", "`p` is 60"),
            ("{\"given\": \"B\", \"p\": 0.6, \"pelse\": 1}", "pelse"),
            (
                "{\"statement\": \"P(A = 1\"}",
                "`P(A = 1`: `=` stands where `)`",
            ),
            (
                "{\"statement\": \"P(A) = 1\", \"fact\": \"A\"}",
                "each a line",
            ),
            ("{\"statement\": 5}", "expected a string"),
            ("{\"statement\": null}", "each a line"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
