//! Published tables, plain or gzipped.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::ProxyError;

/// The whole text of a file, which is inflated where its name ends in `.gz`.
pub(super) fn text(path: &Path) -> Result<String, ProxyError> {
    let read = || {
        let mut file = File::open(path)?;
        let mut text = String::new();
        if path.extension().is_some_and(|end| end == "gz") {
            MultiGzDecoder::new(file).read_to_string(&mut text)?;
        } else {
            file.read_to_string(&mut text)?;
        }
        Ok(text)
    };
    read().map_err(|error: std::io::Error| {
        fault(
            path,
            format!("{error}; docs/data.md says where the file is found"),
        )
    })
}

/// What is wrong with a file.
pub(super) fn fault(path: &Path, problem: impl Into<String>) -> ProxyError {
    ProxyError::File {
        path: path.display().to_string(),
        problem: problem.into(),
    }
}

/// Gzipped text in a place of its own, for tests.
#[cfg(test)]
pub(super) fn gzipped(text: &str) -> tempfile::NamedTempFile {
    use std::io::Write;
    let file = tempfile::Builder::new().suffix(".gz").tempfile();
    let file = file.expect("a place for it");
    let mut gzip = flate2::write::GzEncoder::new(&file, flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("it can be written");
    gzip.finish().expect("it can be written");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_and_plain_text_are_read_and_others_refused() {
        assert_eq!(text(gzipped("a\nb").path()).expect("gzip"), "a\nb");
        let plain = tempfile::NamedTempFile::new().expect("a place for it");
        std::fs::write(plain.path(), "a").expect("it can be written");
        assert_eq!(text(plain.path()).expect("text"), "a");
        let wrong = tempfile::Builder::new().suffix(".gz").tempfile();
        let wrong = wrong.expect("a place for it");
        std::fs::write(wrong.path(), "no gzip at all").expect("it can be written");
        let missing = Path::new("no/such/file.csv");
        for path in [wrong.path(), missing] {
            let said = text(path).unwrap_err().to_string();
            assert!(said.contains(&path.display().to_string()), "{said}");
            assert!(said.contains("docs/data.md"), "{said}");
        }
    }
}
