use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use qualm_data::DataError;
use serde_json::Value;

use crate::RationaleError;
use crate::data::file::{json_lines, read_text};
use crate::data::{Dataset, Example};
use crate::segment::tokens;

/// A row as it stands in the file.
#[derive(Default)]
struct Row {
    text: Option<String>,
    label: Option<String>,
    query: Option<String>,
    id: Option<String>,
    /// In characters.
    evidence: Option<Vec<(usize, usize)>>,
}

/// Texts of one's own: a CSV with a line of names first, or JSON lines; packed where the name ends
/// in `.gz`.
///
/// Columns or keys: `text`, `label` (a number or a name), and where there are any `query`, `id` and
/// `evidence`: offsets of characters, the end one past the last, `[[0, 4], [9, 12]]` in JSON and
/// `0-4 9-12` in a CSV; nothing where nobody was asked. Labels are numbered in the order of the
/// alphabet, or as `classes` has them.
///
/// # Errors
/// [`RationaleError`] that names file and row: an empty text, evidence outside the text, a label
/// that is lacking or not among `classes`.
pub fn table(path: &Path, classes: Option<&[String]>) -> Result<Dataset, RationaleError> {
    let name = path.display().to_string();
    let text = read_text(path)?;
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let rows = if plain.ends_with(".csv") {
        csv_rows(&name, &text)?
    } else if plain.ends_with(".jsonl") || plain.ends_with(".ndjson") {
        json_rows(&name, &text)?
    } else {
        let problem = "texts are read from .csv and .jsonl files; rename or convert it";
        return Err(DataError::malformed(&name, problem).into());
    };
    if rows.is_empty() {
        return Err(RationaleError::NoText { origin: name });
    }
    let lacking = |row: usize, what: &str| {
        let problem = format!("row {}: there is no `{what}`; give each row one", row + 1);
        DataError::malformed(&name, problem)
    };
    let classes: Vec<String> = match classes {
        Some(classes) => classes.to_vec(),
        None => {
            let names: BTreeSet<&str> = rows.iter().filter_map(|r| r.label.as_deref()).collect();
            names.into_iter().map(str::to_owned).collect()
        }
    };
    let mut examples = Vec::with_capacity(rows.len());
    for (number, row) in rows.into_iter().enumerate() {
        let text = row.text.ok_or_else(|| lacking(number, "text"))?;
        if tokens(&text).is_empty() {
            return Err(RationaleError::EmptyText {
                origin: name,
                row: number + 1,
            });
        }
        let label = row.label.ok_or_else(|| lacking(number, "label"))?;
        let known = classes.iter().position(|class| *class == label);
        let label = known.ok_or_else(|| RationaleError::Unknown {
            what: "label",
            word: label,
            known: classes.join(", "),
        })?;
        let evidence = row
            .evidence
            .map(|parts| to_bytes(&text, parts, &name, number + 1))
            .transpose()?;
        examples.push(Example {
            id: row.id.unwrap_or_else(|| (number + 1).to_string()),
            text,
            query: row.query,
            label,
            evidence,
        });
    }
    Ok(Dataset {
        name,
        classes,
        examples,
    })
}

/// Parts of a text from characters to bytes, in order, what overlaps made one.
fn to_bytes(
    text: &str,
    mut parts: Vec<(usize, usize)>,
    origin: &str,
    row: usize,
) -> Result<Vec<Range<usize>>, RationaleError> {
    let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    starts.push(text.len());
    parts.sort_unstable();
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(parts.len());
    for (start, end) in parts {
        let outside = || RationaleError::OutsideText {
            origin: origin.to_owned(),
            row,
            start,
            end,
            length: starts.len() - 1,
        };
        let (Some(from), Some(to)) = (starts.get(start), starts.get(end)) else {
            return Err(outside());
        };
        if from >= to {
            return Err(outside());
        }
        match ranges.last_mut() {
            Some(last) if last.end > *from => last.end = last.end.max(*to),
            _ => ranges.push(*from..*to),
        }
    }
    Ok(ranges)
}

fn csv_rows(name: &str, text: &str) -> Result<Vec<Row>, DataError> {
    let wrong = |error: csv::Error| DataError::malformed(name, error.to_string());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(wrong)?.clone();
    let place = |wanted: &str| header.iter().position(|column| column == wanted);
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(wrong)?;
        let take = |column: &str| {
            let field = place(column).and_then(|at| record.get(at));
            field.filter(|field| !field.is_empty()).map(str::to_owned)
        };
        let evidence = take("evidence").map(|field| {
            let parts = field.split_whitespace().map(|part| {
                let (start, end) = part.split_once('-')?;
                Some((start.parse().ok()?, end.parse().ok()?))
            });
            parts.collect::<Option<Vec<_>>>().ok_or_else(|| {
                let problem = format!(
                    "row {}: evidence is `{field}`; write it as `0-4 9-12`",
                    number + 1
                );
                DataError::malformed(name, problem)
            })
        });
        rows.push(Row {
            // Empty is told apart from lacking: it is an error of its own.
            text: place("text")
                .and_then(|at| record.get(at))
                .map(str::to_owned),
            label: take("label"),
            query: take("query"),
            id: take("id"),
            evidence: evidence.transpose()?,
        });
    }
    Ok(rows)
}

fn json_rows(name: &str, text: &str) -> Result<Vec<Row>, DataError> {
    json_lines::<Value>(name, text)?
        .into_iter()
        .map(|(number, object)| {
            let wrong =
                |problem: String| DataError::malformed(name, format!("line {number}: {problem}"));
            let take = |key: &str| match &object[key] {
                Value::Null => Ok(None),
                Value::String(text) => Ok(Some(text.clone())),
                Value::Number(number) => Ok(Some(number.to_string())),
                other => Err(wrong(format!(
                    "`{key}` is {other}; give a text or a number"
                ))),
            };
            let evidence = match &object["evidence"] {
                Value::Null => None,
                spans => Some(serde_json::from_value(spans.clone()).map_err(|_| {
                    wrong(format!(
                        "evidence is {spans}; write it as [[0, 4], [9, 12]]"
                    ))
                })?),
            };
            Ok(Row {
                text: take("text")?,
                label: take("label")?,
                query: take("query")?,
                id: take("id")?,
                evidence,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, content: &[u8]) -> Result<Dataset, RationaleError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, content).unwrap();
        table(&path, None)
    }

    #[test]
    fn evidence_is_told_in_characters() {
        let lines = "{\"text\": \"Größe: fein\", \"label\": 1, \"evidence\": [[7, 11], [0, 5]]}\n\
                     {\"text\": \"x\", \"label\": \"0\", \"query\": \"why\", \"id\": \"b\"}\n";
        let set = read("a.jsonl", lines.as_bytes()).unwrap();
        assert_eq!(set.classes, ["0", "1"]);
        assert_eq!(set.examples[0].evidence, Some(vec![0..7, 9..13]));
        assert_eq!(
            (set.examples[0].label, set.examples[0].id.as_str()),
            (1, "1")
        );
        assert_eq!(set.examples[1].query.as_deref(), Some("why"));
        let csv = "text,label,evidence\n\"Good, so good\",pos,0-4 9-13\nBad,neg,\n";
        let set = read("a.csv", csv.as_bytes()).unwrap();
        assert_eq!(set.examples[0].evidence, Some(vec![0..4, 9..13]));
        assert_eq!(set.examples[1].evidence, None);
    }

    #[test]
    fn each_fault_is_one_sentence() {
        for (content, part) in [
            (&b"text,label\n ,1\n"[..], "row 1: the text is empty"),
            (b"text,label\nab,\n", "row 1: there is no `label`"),
            (
                b"text,label,evidence\nab,1,1-3\n",
                "from 1 to 3 is outside the text, which has 2",
            ),
            (b"text,label,evidence\nab,1,1-1\n", "from 1 to 1 is outside"),
            (b"text,label,evidence\nab,1,x\n", "write it as `0-4 9-12`"),
            (b"text,label\nab\xff,1\n", "byte 13 is no UTF-8"),
            (b"text,label\n", "there is no text"),
            (b"label\n1\n", "there is no `text`"),
        ] {
            let error = read("a.csv", content).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = read("a.txt", b"x").unwrap_err().to_string();
        assert!(error.contains(".csv and .jsonl"), "{error}");
        let error = read("a.jsonl", b"{\"text\": [1]}").unwrap_err().to_string();
        assert!(error.contains("line 1: `text` is [1]"), "{error}");
    }
}
