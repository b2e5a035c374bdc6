use std::collections::HashMap;
use std::path::Path;

use qualm_data::DataError;

/// Labels by file, from a CSV with a line `file,label` first.
pub(super) fn read_csv(path: &Path) -> Result<HashMap<String, i64>, DataError> {
    let text = std::fs::read_to_string(path).map_err(|error| DataError::io(path, "read", error))?;
    let wrong = |line: usize, problem: &str| {
        DataError::malformed(path.display().to_string(), format!("line {line} {problem}"))
    };
    let mut labels = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (file, label) = line
            .rsplit_once(',')
            .ok_or_else(|| wrong(index + 1, "has no comma; write file,label"))?;
        let file = file.trim().trim_matches('"');
        match label.trim().parse() {
            Ok(label) => {
                labels.insert(file.to_owned(), label);
            }
            Err(_) if index == 0 => {}
            Err(_) => return Err(wrong(index + 1, "has a label that is no whole number")),
        }
    }
    Ok(labels)
}
