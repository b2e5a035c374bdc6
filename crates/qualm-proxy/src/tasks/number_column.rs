use std::path::Path;

use super::columns::number;
use super::table_file::fault;
use crate::error::ProxyError;

/// One column of a table with a header as numbers: the one of this name, or the only one there is.
///
/// # Errors
/// When the file cannot be read, there is no such column or several and none is named, or a cell is
/// no finite number.
pub fn number_column(path: &Path, name: Option<&str>) -> Result<Vec<f64>, ProxyError> {
    let no_table = |error: csv::Error| match error.kind() {
        csv::ErrorKind::Io(error) => fault(path, error.to_string()),
        _ => fault(path, format!("it is no table of text with commas: {error}")),
    };
    let mut reader = csv::Reader::from_path(path).map_err(no_table)?;
    let header = reader.headers().map_err(no_table)?.clone();
    let known = || header.iter().collect::<Vec<_>>().join(", ");
    let at = match name {
        None if header.len() == 1 => 0,
        None => {
            return Err(fault(
                path,
                format!(
                    "say with --target which of its columns {} are targets",
                    known()
                ),
            ));
        }
        Some(name) => header
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| {
                fault(
                    path,
                    format!("there is no column `{name}`; there are {}", known()),
                )
            })?,
    };
    let origin = path.display().to_string();
    let cells = reader.records().enumerate();
    cells
        .map(|(row, record)| number(&origin, row, &header[at], &record.map_err(no_table)?[at]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: Option<&str>) -> Result<Vec<f64>, String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        number_column(file.path(), name).map_err(|error| error.to_string())
    }

    #[test]
    fn one_column_needs_no_name() {
        assert_eq!(read("y\n1\n-2.5\n", None), Ok(vec![1.0, -2.5]));
        assert_eq!(read("x,y\n1,3\n2,4\n", Some("y")), Ok(vec![3.0, 4.0]));
        let says = |text, name, words: &str| {
            let error = read(text, name).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        says("x,y\n1,3\n", None, "--target which of its columns x, y");
        says(
            "x,y\n1,3\n",
            Some("z"),
            "there is no column `z`; there are x, y",
        );
        says("y\n1\nlots\n", None, "row 2: column `y` holds `lots`");
        says("y\ninf\n", None, "column `y` is inf");
    }
}
