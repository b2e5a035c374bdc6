use std::path::{Path, PathBuf};

use qualm_data::DataError;
use serde_json::Value;

use crate::labels;

/// What the columns of a file of texts are called.
///
/// ```
/// let columns = qualm_text::TextColumns::default();
/// assert_eq!((columns.text.as_str(), columns.label), ("text", None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextColumns {
    /// The texts.
    pub text: String,
    /// Classes: whole numbers, or names. Unless told otherwise `label`, where there is one.
    pub label: Option<String>,
    /// What each text is called. Unless told otherwise `id`, where there is one.
    pub id: Option<String>,
    /// A file with the name of each class on a line, where labels are names: the first is class 0.
    /// Without it the names in the file are numbered in their order.
    pub classes: Option<PathBuf>,
}

impl Default for TextColumns {
    fn default() -> Self {
        Self {
            text: "text".to_owned(),
            label: None,
            id: None,
            classes: None,
        }
    }
}

/// The texts of a file, with labels and ids where it has them, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    name: String,
    texts: Vec<String>,
    labels: Option<Vec<i64>>,
    classes: Vec<String>,
    ids: Option<Vec<String>>,
}

/// The columns of a file as they stand in it.
#[derive(Default)]
struct Rows {
    texts: Vec<String>,
    labels: Vec<Option<String>>,
    ids: Vec<Option<String>>,
}

impl Texts {
    /// Whether a file's name says that it holds texts: `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.txt`.
    pub fn is_one(path: &Path) -> bool {
        matches!(
            extension(path).as_deref(),
            Some("csv" | "tsv" | "jsonl" | "ndjson" | "txt")
        )
    }

    /// Reads a CSV or TSV with a line of names first, JSON lines, or a `.txt` with a text a line.
    ///
    /// # Errors
    /// [`DataError`] that names file and row: when it cannot be read, a column is missing, or a
    /// row lacks its text, or its label where others have one.
    pub fn open(path: &Path, columns: &TextColumns) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            DataError::malformed(&name, format!("byte {at} is no UTF-8; save it as UTF-8"))
        })?;
        // Some programs begin a file with the mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let rows = match extension(path).as_deref() {
            Some("csv") => read_csv(&name, text, b',', columns)?,
            Some("tsv") => read_csv(&name, text, b'\t', columns)?,
            Some("jsonl" | "ndjson") => read_json_lines(&name, text, columns)?,
            Some("txt") => Rows {
                texts: text.lines().map(str::to_owned).collect(),
                ..Rows::default()
            },
            _ => {
                return Err(DataError::malformed(
                    &name,
                    "texts are read from .csv, .tsv, .jsonl and .txt files; rename or convert it",
                ));
            }
        };
        if rows.texts.is_empty() {
            return Err(DataError::malformed(
                &name,
                "the file holds no text; write one a line, below the names of the columns where it has columns",
            ));
        }
        let labels = whole(&name, "label", rows.labels)?;
        let (labels, classes) = match labels {
            None => (None, Vec::new()),
            Some(found) => {
                let (labels, classes) = labels::number(&name, &found, columns.classes.as_deref())?;
                (Some(labels), classes)
            }
        };
        Ok(Self {
            labels,
            classes,
            ids: whole(&name, "id", rows.ids)?,
            texts: rows.texts,
            name,
        })
    }

    /// How errors call the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The texts.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The class of each text, where classes are known.
    pub fn labels(&self) -> Option<&[i64]> {
        self.labels.as_deref()
    }

    /// Names of the classes, where the file has names: class 0 is the first.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// What each text is called, where the file says it.
    pub fn ids(&self) -> Option<&[String]> {
        self.ids.as_deref()
    }
}

fn extension(path: &Path) -> Option<String> {
    path.extension().map(|e| e.to_string_lossy().to_lowercase())
}

/// A column that either every row has or none.
fn whole(
    name: &str,
    column: &str,
    found: Vec<Option<String>>,
) -> Result<Option<Vec<String>>, DataError> {
    if found.iter().all(Option::is_none) {
        return Ok(None);
    }
    let found = found.into_iter().enumerate().map(|(row, value)| {
        value.ok_or_else(|| {
            DataError::malformed(
                name,
                format!("row {row} has no {column} where others have one; add it"),
            )
        })
    });
    found.collect::<Result<_, _>>().map(Some)
}

fn missing(name: &str, wanted: &str, there: &str) -> DataError {
    DataError::malformed(
        name,
        format!("there is no column `{wanted}`, but {there}; say which to take"),
    )
}

fn read_csv(
    name: &str,
    text: &str,
    delimiter: u8,
    columns: &TextColumns,
) -> Result<Rows, DataError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let wrong = |error: csv::Error| DataError::malformed(name, error.to_string());
    let header = reader.headers().map_err(wrong)?.clone();
    let place = |wanted: &str| header.iter().position(|column| column == wanted);
    let there = || header.iter().collect::<Vec<_>>().join(", ");
    let required = |wanted: &str| place(wanted).ok_or_else(|| missing(name, wanted, &there()));
    let optional = |wanted: &Option<String>, usual: &str| match wanted {
        Some(wanted) => required(wanted).map(Some),
        None => Ok(place(usual)),
    };
    let at_text = required(&columns.text)?;
    let at_label = optional(&columns.label, "label")?;
    let at_id = optional(&columns.id, "id")?;
    let mut rows = Rows::default();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let take = |at: Option<usize>| {
            let field = at.and_then(|at| record.get(at));
            field.filter(|field| !field.is_empty()).map(str::to_owned)
        };
        rows.texts
            .push(record.get(at_text).unwrap_or_default().to_owned());
        rows.labels.push(take(at_label));
        rows.ids.push(take(at_id));
    }
    Ok(rows)
}

fn read_json_lines(name: &str, text: &str, columns: &TextColumns) -> Result<Rows, DataError> {
    let mut rows = Rows::default();
    let lines = text.lines().enumerate();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let wrong =
            |problem: String| DataError::malformed(name, format!("line {} {problem}", index + 1));
        let object: Value = serde_json::from_str(line)
            .map_err(|error| wrong(format!("is no JSON object: {error}")))?;
        let take = |column: &str| match object.get(column) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            None | Some(Value::Null) => Ok(None),
            Some(_) => Err(wrong(format!(
                "holds neither text nor a number in `{column}`"
            ))),
        };
        let required = |column: &str| {
            take(column)?.ok_or_else(|| {
                let there = object.as_object().map(|object| {
                    let names: Vec<&str> = object.keys().map(String::as_str).collect();
                    names.join(", ")
                });
                let there = there.unwrap_or_else(|| "no object".to_owned());
                wrong(format!(
                    "has no `{column}`, but {there}; say which column to take"
                ))
            })
        };
        let optional = |wanted: &Option<String>, usual: &str| match wanted {
            Some(wanted) => required(wanted).map(Some),
            None => take(usual),
        };
        rows.texts.push(required(&columns.text)?);
        rows.labels.push(optional(&columns.label, "label")?);
        rows.ids.push(optional(&columns.id, "id")?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, content: &str, columns: &TextColumns) -> Result<Texts, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::write(&path, content).unwrap();
        Texts::open(&path, columns).map_err(|error| error.to_string())
    }

    #[test]
    fn json_lines_csv_and_plain_lines_are_read() {
        let usual = TextColumns::default();
        let json = "{\"text\": \"a\\nb\", \"label\": 3, \"id\": 7}\n\n{\"text\": \"\", \"label\": -1, \"id\": \"x\"}\n";
        let texts = read("a.jsonl", json, &usual).unwrap();
        assert_eq!(texts.texts(), ["a\nb", ""]);
        assert_eq!(texts.labels(), Some(&[3, -1][..]));
        assert_eq!(texts.ids().unwrap(), ["7", "x"]);

        let csv = "\u{feff}query;x,intent,text\nhow,b,\"one, two\"\nwhy,a,three\n";
        let columns = TextColumns {
            label: Some("intent".into()),
            id: Some("query;x".into()),
            ..usual.clone()
        };
        let texts = read("a.CSV", csv, &columns).unwrap();
        assert_eq!(texts.texts(), ["one, two", "three"]);
        assert_eq!(
            (texts.labels(), texts.classes().join("/")),
            (Some(&[1, 0][..]), "a/b".to_owned())
        );

        let texts = read("a.txt", "one\ntwo", &usual).unwrap();
        assert_eq!(texts.texts().len(), 2);
        assert!(texts.labels().is_none() && texts.ids().is_none());
    }

    #[test]
    fn what_is_missing_is_named() {
        let usual = TextColumns::default();
        for (file, content, words) in [
            (
                "a.csv",
                "query,label\nhow,1\n",
                "no column `text`, but query, label",
            ),
            ("a.csv", "text,label\nhow,1\nwhy\n", "line: 3"),
            ("a.csv", "text,label\nhow,1\nwhy,\n", "row 1 has no label"),
            (
                "a.jsonl",
                "{\"text\": \"a\"}\n{\"query\": 1}\n",
                "line 2 has no `text`, but query",
            ),
            ("a.jsonl", "[1]\n", "line 1 has no `text`"),
            (
                "a.jsonl",
                "{\"text\": [\"a\"]}\n",
                "neither text nor a number",
            ),
            ("a.jsonl", "nonsense", "line 1 is no JSON"),
            ("a.txt", "", "holds no text"),
            ("a.doc", "", "texts are read from"),
        ] {
            let error = read(file, content, &usual).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let columns = TextColumns {
            label: Some("class".into()),
            ..usual
        };
        let error = read("a.jsonl", "{\"text\": \"a\"}", &columns).unwrap_err();
        assert!(error.contains("no `class`"), "{error}");
    }
}
