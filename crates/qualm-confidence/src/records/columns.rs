//! Which column of a CSV file holds what.

use std::str::FromStr;

use csv::StringRecord;

use super::{Record, Stated};
use crate::{ConfidenceError, Kind, Status};

/// Which column of a CSV file holds what, as text: `id=item,correct=is_correct,split=topic,
/// verbal_number=stated/100`.
///
/// Before `=` stands a field of a [`Record`] (`id`, `question`, `answer`, `gold`, `correct`,
/// `raw_text`, `label`, `split`, `source`, `model`, `prompt_id`), `tag.NAME`, a [`Kind`], or
/// `probs`; behind it a column. `/100` behind a column divides what it holds. `probs=p*` takes all
/// columns whose name begins with `p`, in the order of the file. Without `id` a record is named by
/// its line. A column may serve several times.
///
/// ```
/// use qualm_confidence::records::Columns;
///
/// assert!("correct=ok,verbal_number=stated/100".parse::<Columns>().is_ok());
/// let error = "confidence=stated".parse::<Columns>().unwrap_err().to_string();
/// assert!(error.contains("verbal_number"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Columns(Vec<(Field, String)>);

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Text(TextField),
    Correct,
    Label,
    Tag(String),
    Probs,
    Confidence { kind: Kind, divisor: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum TextField {
    Id,
    Question,
    Answer,
    Gold,
    RawText,
    Split,
    Source,
    Model,
    PromptId,
}

const FIELDS: &str = "id, question, answer, gold, correct, raw_text, label, split, source, model, \
                      prompt_id, tag.NAME, probs";

impl FromStr for Columns {
    type Err = ConfidenceError;

    fn from_str(text: &str) -> Result<Columns, ConfidenceError> {
        let columns: Vec<_> = text
            .split(',')
            .map(one)
            .collect::<Result<_, _>>()
            .map_err(ConfidenceError::Values)?;
        for (place, (field, _)) in columns.iter().enumerate() {
            if columns[..place].iter().any(|(other, _)| same(field, other)) {
                return Err(ConfidenceError::Values(format!(
                    "columns '{text}' give one field twice"
                )));
            }
        }
        Ok(Columns(columns))
    }
}

fn one(text: &str) -> Result<(Field, String), String> {
    let (name, column) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' names no column: write FIELD=COLUMN"))?;
    let (name, column) = (name.trim(), column.trim());
    if column.is_empty() {
        return Err(format!("'{text}' names no column: write FIELD=COLUMN"));
    }
    let field = match name {
        "id" => Field::Text(TextField::Id),
        "question" => Field::Text(TextField::Question),
        "answer" => Field::Text(TextField::Answer),
        "gold" => Field::Text(TextField::Gold),
        "raw_text" => Field::Text(TextField::RawText),
        "split" => Field::Text(TextField::Split),
        "source" => Field::Text(TextField::Source),
        "model" => Field::Text(TextField::Model),
        "prompt_id" => Field::Text(TextField::PromptId),
        "correct" => Field::Correct,
        "label" => Field::Label,
        "probs" => Field::Probs,
        _ => match name.strip_prefix("tag.") {
            Some(tag) if !tag.is_empty() => Field::Tag(tag.to_owned()),
            _ => return confidence(name, column),
        },
    };
    Ok((field, column.to_owned()))
}

fn confidence(name: &str, column: &str) -> Result<(Field, String), String> {
    let kind = name.parse().map_err(|error: ConfidenceError| {
        format!("there is no field '{name}': use one of {FIELDS}, or a kind; {error}")
    })?;
    let (column, divisor) = match column.rsplit_once('/') {
        None => (column, 1.0),
        Some((column, divisor)) => match divisor.parse::<f64>() {
            Ok(divisor) if divisor.is_finite() && divisor > 0.0 => (column, divisor),
            _ => return Err(format!("'{name}={column}/{divisor}' divides by no number")),
        },
    };
    Ok((Field::Confidence { kind, divisor }, column.to_owned()))
}

fn same(a: &Field, b: &Field) -> bool {
    match (a, b) {
        (Field::Confidence { kind: a, .. }, Field::Confidence { kind: b, .. }) => a == b,
        _ => a == b,
    }
}

/// Where each field stands in the rows of one file.
pub(super) struct Plan<'a> {
    fields: Vec<(&'a Field, Vec<usize>)>,
}

impl Columns {
    /// Finds the columns in a header.
    pub(super) fn place(&self, header: &StringRecord) -> Result<Plan<'_>, String> {
        let fields = self.0.iter().map(|(field, column)| {
            let places: Vec<usize> = match (field, column.strip_suffix('*')) {
                (Field::Probs, Some(prefix)) => positions(header, |name| name.starts_with(prefix)),
                _ => positions(header, |name| name == column),
            };
            match (field, places.len()) {
                (_, 0) => Err(format!(
                    "there is no column '{column}', only {}",
                    header.iter().collect::<Vec<_>>().join(", ")
                )),
                (Field::Probs, _) | (_, 1) => Ok((field, places)),
                _ => Err(format!("there are several columns '{column}'")),
            }
        });
        Ok(Plan {
            fields: fields.collect::<Result<_, _>>()?,
        })
    }
}

fn positions(header: &StringRecord, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let named = header.iter().enumerate().filter(|(_, name)| wanted(name));
    named.map(|(place, _)| place).collect()
}

impl Plan<'_> {
    /// The record in a row, which has as many fields as the header.
    pub(super) fn record(&self, row: &StringRecord, line: u64) -> Result<Record, String> {
        let mut record = Record::default();
        for (field, places) in &self.fields {
            let text = &row[places[0]];
            let some = || Some(text.to_owned()).filter(|text| !text.is_empty());
            match field {
                Field::Text(TextField::Id) => text.clone_into(&mut record.id),
                Field::Text(TextField::Question) => record.question = some(),
                Field::Text(TextField::Answer) => record.answer = some(),
                Field::Text(TextField::Gold) => record.gold = some(),
                Field::Text(TextField::RawText) => record.raw_text = some(),
                Field::Text(TextField::Split) => record.shift.split = some(),
                Field::Text(TextField::Source) => record.source = some(),
                Field::Text(TextField::Model) => record.model = some(),
                Field::Text(TextField::PromptId) => record.prompt_id = some(),
                Field::Correct => record.correct = truth(text)?,
                Field::Label => record.label = optional(text, "label")?,
                Field::Tag(name) => {
                    if let Some(text) = some() {
                        record.shift.tags.insert(name.clone(), text);
                    }
                }
                Field::Probs => record.probs = probabilities(row, places)?,
                Field::Confidence { kind, divisor } => {
                    record
                        .confidence
                        .push(match optional::<f64>(text, kind.name())? {
                            Some(value) => Stated::point(*kind, value / divisor),
                            None => Stated::without_value(*kind, Status::Absent),
                        })
                }
            }
        }
        if !self
            .fields
            .iter()
            .any(|(f, _)| **f == Field::Text(TextField::Id))
        {
            record.id = format!("line {line}");
        }
        record.completed()
    }
}

fn truth(text: &str) -> Result<Option<bool>, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => Err(format!("correct is '{text}': write true or false")),
    }
}

fn optional<T: FromStr>(text: &str, name: &str) -> Result<Option<T>, String> {
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("{name} is '{text}', which is no number")),
    }
}

fn probabilities(row: &StringRecord, places: &[usize]) -> Result<Option<Vec<f64>>, String> {
    let values: Vec<Option<f64>> = places
        .iter()
        .map(|&place| optional(&row[place], "probs"))
        .collect::<Result<_, _>>()?;
    match values.iter().filter(|value| value.is_none()).count() {
        0 => Ok(values.into_iter().collect()),
        empty if empty == values.len() => Ok(None),
        _ => Err("probs has empty columns".into()),
    }
}
