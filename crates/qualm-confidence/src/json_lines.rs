//! Files with a JSON object a line, read with bounds.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::ConfidenceError;

/// The longest line that is read.
const LONGEST_LINE: u64 = 1 << 20;

/// Calls `each` with number and text of every line that is not blank, in order.
///
/// # Errors
/// [`ConfidenceError::File`] if the file cannot be read, [`ConfidenceError::Line`] for a line that
/// is too long, that is no UTF-8, or that `each` refuses with a sentence.
pub(crate) fn read(
    path: &Path,
    mut each: impl FnMut(u64, &str) -> Result<(), String>,
) -> Result<(), ConfidenceError> {
    let unreadable =
        |error: std::io::Error| ConfidenceError::file(path, format!("cannot be read: {error}"));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = file
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let refused = |reason: String| ConfidenceError::line(path, number, reason);
        if read as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
            return Err(refused(format!(
                "is longer than {} MiB: write one JSON object a line",
                LONGEST_LINE >> 20
            )));
        }
        let text = std::str::from_utf8(&line).map_err(|_| refused("is not UTF-8".into()))?;
        if !text.trim().is_empty() {
            each(number, text.trim()).map_err(refused)?;
        }
    }
    Ok(())
}

/// What is wrong with a line, without serde's place in a file of one line.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => format!("{reason} (column {})", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_blank_ones_too() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"{}\n\n  \n[1]\r\n\"last\"").unwrap();
        let mut lines = Vec::new();
        read(file.path(), |number, line| {
            lines.push((number, line.to_owned()));
            Ok(())
        })
        .unwrap();
        let lines: Vec<(u64, &str)> = lines.iter().map(|(n, line)| (*n, line.as_str())).collect();
        assert_eq!(lines, [(1, "{}"), (4, "[1]"), (5, "\"last\"")]);
        let error = read(file.path(), |_, line| match line {
            "[1]" => Err("is a list".into()),
            _ => Ok(()),
        });
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("line 4: is a list"), "{error}");
    }

    #[test]
    fn what_is_no_text_or_endless_is_refused_by_line() {
        let refused = |bytes: &[u8]| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
            read(file.path(), |_, _| Ok(())).unwrap_err().to_string()
        };
        assert!(refused(b"{}\n\xff\n").ends_with("line 2: is not UTF-8"));
        assert!(refused(&vec![b'a'; 3 << 20]).contains("line 1: is longer than 1 MiB"));
        assert!(read(Path::new("no such file"), |_, _| Ok(())).is_err());
    }
}
