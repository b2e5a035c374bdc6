use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::DataError;

/// A file format of tables.
///
/// ```
/// use qualm_data::TableFormat;
/// assert_eq!(TableFormat::from_path("scores.csv".as_ref())?, TableFormat::Csv);
/// assert_eq!("jsonl".parse::<TableFormat>()?, TableFormat::Jsonl);
/// assert!(TableFormat::from_path("scores.xls".as_ref()).is_err());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableFormat {
    /// Comma-separated values by RFC 4180, with a header line.
    Csv,
    /// One JSON object a row, a row a line.
    Jsonl,
    /// Apache Parquet, behind the cargo feature `parquet`.
    Parquet,
    /// One array a column.
    Safetensors,
}

impl TableFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Jsonl, Self::Parquet, Self::Safetensors];

    /// The word for it, which is also the extension of its files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Safetensors => "safetensors",
        }
    }

    /// The format that a path's extension names; `.ndjson` is JSONL.
    ///
    /// # Errors
    /// [`DataError::Malformed`] when it names none.
    pub fn from_path(path: &Path) -> Result<Self, DataError> {
        path.extension()
            .and_then(|extension| match extension.to_ascii_lowercase().to_str()? {
                "ndjson" => Some(Self::Jsonl),
                extension => Self::of_word(extension),
            })
            .ok_or_else(|| {
                DataError::malformed(
                    path.display().to_string(),
                    "the name tells no table format; end it in .csv, .jsonl, .parquet or \
                     .safetensors, or name the format (--format csv)",
                )
            })
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

impl FromStr for TableFormat {
    type Err = DataError;

    fn from_str(word: &str) -> Result<Self, DataError> {
        Self::of_word(word).ok_or_else(|| {
            DataError::malformed(
                word,
                "this is no table format; use csv, jsonl, parquet or safetensors",
            )
        })
    }
}

impl fmt::Display for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_extensions_name_the_same_formats() {
        for format in TableFormat::ALL {
            assert_eq!(format.to_string().parse::<TableFormat>().unwrap(), format);
            let path = format!("some.folder/scores.{}", format.word().to_uppercase());
            assert_eq!(TableFormat::from_path(path.as_ref()).unwrap(), format);
        }
        let ndjson = TableFormat::from_path("a.ndjson".as_ref());
        assert_eq!(ndjson.unwrap(), TableFormat::Jsonl);
    }

    #[test]
    fn what_names_no_format_is_told_what_does() {
        for path in ["-", "scores", "scores.npz", ".csv"] {
            let error = TableFormat::from_path(path.as_ref()).unwrap_err();
            assert!(error.to_string().contains("--format csv"), "{error}");
        }
        let error = "xml".parse::<TableFormat>().unwrap_err().to_string();
        assert!(error.contains("use csv, jsonl"), "{error}");
    }
}
