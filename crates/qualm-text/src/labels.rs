use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use qualm_data::DataError;

/// Labels as numbers, and the names that they number. Whole numbers stay what they are; names are
/// numbered in their order, or as the lines of `classes` are.
pub(crate) fn number(
    name: &str,
    labels: &[String],
    classes: Option<&Path>,
) -> Result<(Vec<i64>, Vec<String>), DataError> {
    let names: Vec<String> = match classes {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| DataError::io(path, "read", error))?;
            text.lines().map(|line| line.trim().to_owned()).collect()
        }
        None => {
            let numbers: Result<Vec<i64>, _> = labels.iter().map(|label| label.parse()).collect();
            if let Ok(numbers) = numbers {
                return Ok((numbers, Vec::new()));
            }
            let names: BTreeSet<&String> = labels.iter().collect();
            names.into_iter().cloned().collect()
        }
    };
    let mut places = HashMap::new();
    for (place, class) in names.iter().enumerate() {
        if places.insert(class.as_str(), place as i64).is_some() {
            return Err(DataError::malformed(
                classes.map_or_else(|| name.to_owned(), |path| path.display().to_string()),
                format!("the class `{class}` is listed twice"),
            ));
        }
    }
    let labels = labels.iter().enumerate().map(|(row, label)| {
        places.get(label.as_str()).copied().ok_or_else(|| {
            DataError::malformed(
                name,
                format!("the label `{label}` of row {row} is none of the classes that were given"),
            )
        })
    });
    let labels = labels.collect::<Result<Vec<i64>, _>>()?;
    Ok((labels, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_classes_keeps_numbers_the_same_from_file_to_file() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("classes.txt");
        std::fs::write(&list, "z\na\n").unwrap();
        let number = |labels: &[&str], list: Option<&Path>| {
            let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
            number("texts", &labels, list).map_err(|error| error.to_string())
        };
        assert_eq!(number(&["a", "z", "a"], None).unwrap().0, [0, 1, 0]);
        assert_eq!(number(&["a", "z"], Some(&list)).unwrap().0, [1, 0]);
        assert_eq!(number(&["12", "-1"], None).unwrap().0, [12, -1]);
        let error = number(&["a", "b"], Some(&list)).unwrap_err();
        assert!(error.contains("`b` of row 1"), "{error}");
        std::fs::write(&list, "z\nz\n").unwrap();
        let error = number(&["z"], Some(&list)).unwrap_err();
        assert!(error.contains("`z` is listed twice"), "{error}");
    }
}
