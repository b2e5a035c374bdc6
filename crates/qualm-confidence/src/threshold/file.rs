//! Scores of good and bad items from tables and records.

use std::path::Path;

use crate::records::Record;
use crate::{ConfidenceError, Kind};

/// Scores of items that are known to be good or bad.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoreTable {
    /// The scores of bad items.
    pub bad: Vec<f64>,
    /// The scores of good items.
    pub good: Vec<f64>,
    /// Items without a score, or of which nothing says what they are.
    pub left_out: usize,
}

/// Which items of a table are bad.
enum Judge {
    Column(usize),
    All(bool),
}

impl ScoreTable {
    /// Adds the items of a CSV table with a header: scores from the column `score`; whether an item
    /// is bad (true, yes or 1) from the column `bad`. An empty field leaves its item out.
    ///
    /// # Errors
    /// When the file cannot be read, a column is not there, or a field cannot be understood.
    pub fn add_csv(&mut self, path: &Path, score: &str, bad: &str) -> Result<(), ConfidenceError> {
        self.read(path, score, |header| {
            Ok(Judge::Column(column(path, header, bad)?))
        })
    }

    /// Adds the items of a CSV table, all of which are bad, or good.
    ///
    /// # Errors
    /// As [`ScoreTable::add_csv`].
    pub fn add_csv_of(
        &mut self,
        path: &Path,
        score: &str,
        all_bad: bool,
    ) -> Result<(), ConfidenceError> {
        self.read(path, score, |_| Ok(Judge::All(all_bad)))
    }

    fn read(
        &mut self,
        path: &Path,
        score: &str,
        judge: impl FnOnce(&csv::StringRecord) -> Result<Judge, ConfidenceError>,
    ) -> Result<(), ConfidenceError> {
        let unreadable =
            |error: csv::Error| ConfidenceError::file(path, format!("cannot be read: {error}"));
        let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
        let header = reader.headers().map_err(unreadable)?.clone();
        let score = column(path, &header, score)?;
        let judge = judge(&header)?;
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).map_err(unreadable)? {
            let line = row.position().map_or(0, csv::Position::line);
            let fail = |reason: String| ConfidenceError::line(path, line, reason);
            let text = |place: usize| row.get(place).unwrap_or("").trim();
            let bad = match judge {
                Judge::All(bad) => Some(bad),
                Judge::Column(place) => truth(text(place)).map_err(fail)?,
            };
            let score = match text(score) {
                "" => None,
                text => match text.parse::<f64>() {
                    Ok(score) if !score.is_nan() => Some(score),
                    _ => return Err(fail(format!("the score is '{text}', which is no number"))),
                },
            };
            self.add(score, bad);
        }
        Ok(())
    }

    fn add(&mut self, score: Option<f64>, bad: Option<bool>) {
        match (score, bad) {
            (Some(score), Some(true)) => self.bad.push(score),
            (Some(score), Some(false)) => self.good.push(score),
            _ => self.left_out += 1,
        }
    }
}

/// The confidences of a kind, wrong answers as bad items. Records without a value, or of which
/// nothing says whether they are right, are left out.
#[must_use]
pub fn scores_of_records(records: &[Record], kind: Kind) -> ScoreTable {
    let mut table = ScoreTable::default();
    for record in records {
        let value = record.confidence(kind).and_then(|stated| stated.value);
        table.add(value, record.correct().map(|correct| !correct));
    }
    table
}

fn column(path: &Path, header: &csv::StringRecord, name: &str) -> Result<usize, ConfidenceError> {
    header
        .iter()
        .position(|field| field == name)
        .ok_or_else(|| {
            let names = header.iter().collect::<Vec<_>>().join(", ");
            ConfidenceError::file(path, format!("there is no column '{name}', only {names}"))
        })
}

fn truth(text: &str) -> Result<Option<bool>, String> {
    match text.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => Err(format!(
            "whether it is bad is '{text}': write true or false"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Stated;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn tables_name_what_is_bad_or_are_it() {
        let (_folder, path) = written("id,knn.score,ood\na,1.5,true\nb,-2,0\nc,,yes\nd,3,\n");
        let mut table = ScoreTable::default();
        table.add_csv(&path, "knn.score", "ood").unwrap();
        assert_eq!((&table.bad[..], &table.good[..]), (&[1.5][..], &[-2.0][..]));
        assert_eq!(table.left_out, 2);
        table.add_csv_of(&path, "knn.score", false).unwrap();
        assert_eq!(table.good, [-2.0, 1.5, -2.0, 3.0]);
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_line() {
        let (_folder, path) = written("s,bad\n1,true\nhigh,true\n");
        let told = |score: &str, bad: &str| {
            let error = ScoreTable::default().add_csv(&path, score, bad);
            error.unwrap_err().to_string()
        };
        assert!(told("s", "bad").ends_with("line 3: the score is 'high', which is no number"));
        assert!(told("t", "bad").contains("no column 't', only s, bad"));
        assert!(told("s", "s").contains("line 3: whether it is bad is 'high'"));
        let (_folder, path) = written("s\n1\n2,3\n");
        let error = ScoreTable::default()
            .add_csv_of(&path, "s", true)
            .unwrap_err();
        assert!(error.to_string().contains("cannot be read"), "{error}");
    }

    #[test]
    fn wrong_answers_are_bad_items() {
        let record = |value, correct| Record {
            correct,
            confidence: vec![Stated::point(Kind::PTrue, value)],
            ..Record::default()
        };
        let records = [
            record(0.9, Some(true)),
            record(0.4, Some(false)),
            record(0.5, None),
        ];
        let table = scores_of_records(&records, Kind::PTrue);
        assert_eq!((&table.bad[..], &table.good[..]), (&[0.4][..], &[0.9][..]));
        assert_eq!(table.left_out, 1);
        assert_eq!(scores_of_records(&records, Kind::PIk).left_out, 3);
    }
}
