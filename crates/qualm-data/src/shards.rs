use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{DataError, Format};

/// The files that a path means: itself, the feature files of a directory, or those that match a
/// glob, in natural order, so that `part-2` comes before `part-10`.
pub(crate) fn expand(path: &str) -> Result<Vec<PathBuf>, DataError> {
    let whole = Path::new(path);
    if whole.is_dir() {
        return in_directory(whole);
    }
    if whole.exists() || !path.contains(['*', '?', '[']) {
        return Ok(vec![whole.to_owned()]);
    }
    let matches = glob::glob(path)
        .map_err(|error| DataError::malformed(path, format!("no valid pattern: {error}")))?;
    let mut files = matches
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| DataError::io(error.path().to_owned(), "list", error.into()))?;
    files.retain(|file| file.is_file());
    if files.is_empty() {
        return Err(DataError::malformed(path, "no file matches this pattern"));
    }
    sort(&mut files);
    Ok(files)
}

fn in_directory(directory: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |source| DataError::io(directory, "list", source);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let hidden = file
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && file.is_file() && Format::from_extension(&file).is_ok() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(DataError::malformed(
            directory.display().to_string(),
            "the directory holds no .safetensors, .npy, .npz or .parquet file",
        ));
    }
    sort(&mut files);
    Ok(files)
}

fn sort(files: &mut [PathBuf]) {
    files
        .sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()).then_with(|| a.cmp(b)));
}

/// Compares digits as numbers and all else as text.
fn natural(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let (text_a, digits_a, rest_a) = split_number(a);
        let (text_b, digits_b, rest_b) = split_number(b);
        // Without leading zeros the longer number is the larger one, however many digits it has.
        let number = |digits: &str| {
            let digits = digits.trim_start_matches('0').to_owned();
            (digits.len(), digits)
        };
        let order = text_a
            .cmp(text_b)
            .then_with(|| number(digits_a).cmp(&number(digits_b)));
        if order != Ordering::Equal || (rest_a.is_empty() && rest_b.is_empty()) {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

fn split_number(text: &str) -> (&str, &str, &str) {
    let digit = |c: char| c.is_ascii_digit();
    let (before, from) = text.split_at(text.find(digit).unwrap_or(text.len()));
    let (digits, rest) = from.split_at(from.find(|c| !digit(c)).unwrap_or(from.len()));
    (before, digits, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut files: Vec<PathBuf> = [
            "part-10.npz",
            "part-2.npz",
            "part-002b.npz",
            "part-1.npz",
            "part.npz",
            "a-99999999999999999999999.npz",
            "a-100000000000000000000000.npz",
        ]
        .map(PathBuf::from)
        .into();
        sort(&mut files);
        let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "a-99999999999999999999999.npz",
                "a-100000000000000000000000.npz",
                "part-1.npz",
                "part-2.npz",
                "part-002b.npz",
                "part-10.npz",
                "part.npz",
            ]
        );
    }

    #[test]
    fn a_directory_gives_its_feature_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert!(expand(path).unwrap_err().to_string().contains("holds no"));
        for name in ["b10.npz", "b9.npz", "README.md", ".hidden.npz"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let expected = ["b9.npz", "b10.npz"].map(|name| folder.path().join(name));
        assert_eq!(expand(path).unwrap(), expected);
        assert_eq!(expand(&format!("{path}/b*.npz")).unwrap(), expected);
        assert!(expand(&format!("{path}/c*.npz")).is_err());
    }
}
