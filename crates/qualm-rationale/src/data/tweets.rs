use std::path::Path;

use qualm_data::DataError;

use crate::RationaleError;
use crate::data::file::read_text;
use crate::data::{Dataset, Example, Splits};

/// Tweet Sentiment Extraction: positive and negative tweets with the words that a person picked as
/// the reason; folds 0 to 5 to learn from, 6 to choose by, 7 to test on.
///
/// `path` is `train_8folds.csv` with the columns `textID`, `text`, `selected_text`, `sentiment` and
/// `kfold`, or a folder that holds it. Neutral tweets are left out: their evidence is all of the
/// text.
///
/// # Errors
/// [`RationaleError`] that names file and row.
pub fn tweets(path: &Path) -> Result<Splits, RationaleError> {
    let path = if path.is_dir() {
        path.join("train_8folds.csv")
    } else {
        path.to_owned()
    };
    let name = path.display().to_string();
    let text = read_text(&path)?;
    let wrong = |problem: String| DataError::malformed(&name, problem);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| wrong(e.to_string()))?.clone();
    let mut places = [0; 5];
    let columns = ["textID", "text", "selected_text", "sentiment", "kfold"];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header.iter().position(|name| name == column);
        *place = found.ok_or_else(|| {
            wrong(format!(
                "there is no column `{column}`; give train_8folds.csv of Tweet Sentiment Extraction"
            ))
        })?;
    }
    let mut parts: [Vec<Example>; 3] = Default::default();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|e| wrong(e.to_string()))?;
        let fields = places.map(|place| record.get(place).unwrap_or_default());
        let [id, text, selected, sentiment, fold] = fields;
        let label = match sentiment {
            "negative" => 0,
            "positive" => 1,
            _ => continue,
        };
        let part = match fold {
            "0" | "1" | "2" | "3" | "4" | "5" => 0,
            "6" => 1,
            "7" => 2,
            _ => {
                let problem = format!("row {}: `{fold}` is no fold from 0 to 7", row + 1);
                return Err(wrong(problem).into());
            }
        };
        let start = text.find(selected).ok_or_else(|| {
            wrong(format!(
                "row {}: what was selected is not in the text",
                row + 1
            ))
        })?;
        parts[part].push(Example {
            id: id.to_owned(),
            text: text.to_owned(),
            query: None,
            label,
            evidence: Some(vec![start..start + selected.len()]),
        });
    }
    let [training, validation, test] = parts;
    let part = |name: &str, examples| Dataset {
        name: format!("tweets, {name}"),
        classes: ["negative", "positive"].map(str::to_owned).to_vec(),
        examples,
    };
    Ok(Splits {
        training: part("folds 0 to 5", training),
        validation: part("fold 6", validation),
        tests: vec![part("fold 7", test)],
    })
}
