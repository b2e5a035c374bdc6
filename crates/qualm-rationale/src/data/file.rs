use std::io::Read;
use std::path::Path;

use qualm_data::DataError;
use serde::de::DeserializeOwned;

/// Bytes of a text file at most, unpacked: beyond that a file of texts is a mistake, or an attack.
const MOST_BYTES: u64 = 4 << 30;

/// The text of a file, unpacked where its name ends in `.gz`.
///
/// # Errors
/// [`DataError`] when it cannot be read, is too large, or is no UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, DataError> {
    let file = std::fs::File::open(path).map_err(|error| DataError::io(path, "open", error))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let mut bytes = Vec::new();
    let read = if packed {
        let inside = flate2::read::MultiGzDecoder::new(file);
        inside.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| DataError::io(path, "read", error))?;
    let name = path.display().to_string();
    if bytes.len() as u64 > MOST_BYTES {
        return Err(DataError::malformed(
            name,
            "the file holds more than 4 GiB; cut it into parts",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        DataError::malformed(&name, format!("byte {at} is no UTF-8; save it as UTF-8"))
    })?;
    // Some programs begin a file with the mark of its encoding.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Objects of JSON lines, with the number of each line from 1.
///
/// # Errors
/// [`DataError`] that names `origin` and the line.
pub(crate) fn json_lines<T: DeserializeOwned>(
    origin: &str,
    text: &str,
) -> Result<Vec<(usize, T)>, DataError> {
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    lines
        .map(|(line, number)| {
            let object = serde_json::from_str(line).map_err(|error| {
                DataError::malformed(
                    origin,
                    format!("line {number}: {error}; write one JSON object a line"),
                )
            })?;
            Ok((number, object))
        })
        .collect()
}
