use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What bytes stand for where a file has none: no byte.
const PADDING: f32 = 256.0;

/// Which bytes of a file a model is given: so many from its beginning, then so many from its end.
///
/// ```
/// use qualm_onnx::ByteForm;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("x");
/// std::fs::write(&path, "  abcd ").unwrap();
/// let form = ByteForm { begin: 3, end: 2, ..ByteForm::MAGIKA };
/// let form = ByteForm { least: 0, ..form };
/// assert_eq!(form.of_file(&path).unwrap(), [97.0, 98.0, 99.0, 99.0, 100.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteForm {
    /// Bytes from the beginning; a shorter file is padded behind them with 256.
    pub begin: usize,
    /// Bytes from the end; a shorter file is padded before them with 256.
    pub end: usize,
    /// Bytes that are read at each end, from which white space is taken off at the outside; `None`
    /// takes nothing off.
    pub strip: Option<usize>,
    /// A file that has fewer bytes than this, white space before them aside, is refused.
    pub least: usize,
}

impl ByteForm {
    /// What Magika's models of file types take (google/magika, `config.min.json` of version 3.3).
    pub const MAGIKA: Self = Self {
        begin: 1024,
        end: 1024,
        strip: Some(4096),
        least: 8,
    };

    /// Numbers of a row.
    pub fn width(&self) -> usize {
        self.begin + self.end
    }

    /// The bytes of a file as numbers.
    ///
    /// # Errors
    /// What is wrong with the file, as the end of a sentence.
    pub fn of_file(&self, path: &Path) -> Result<Vec<f32>, String> {
        let read = |error: std::io::Error| format!("cannot be read: {error}");
        // Opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(read)?.is_file() {
            return Err("is no regular file".to_owned());
        }
        let mut file = File::open(path).map_err(read)?;
        let length = file.seek(SeekFrom::End(0)).map_err(read)?;
        let mut block = |at_end: bool, longest: usize| {
            let taken = length.min(longest as u64);
            let start = if at_end { length - taken } else { 0 };
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            Read::by_ref(&mut file)
                .take(taken)
                .read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let mut begin = block(false, self.strip.unwrap_or(self.begin)).map_err(read)?;
        let mut end = block(true, self.strip.unwrap_or(self.end)).map_err(read)?;
        if self.strip.is_some() {
            let first = begin.iter().position(|&byte| !is_space(byte));
            begin.drain(..first.unwrap_or(begin.len()));
            let last = end.iter().rposition(|&byte| !is_space(byte));
            end.truncate(last.map_or(0, |last| last + 1));
        }
        if begin.len() < self.least {
            return Err(format!(
                "holds fewer than the {} bytes that its type could be told from",
                self.least
            ));
        }
        begin.truncate(self.begin);
        let end = &end[end.len().saturating_sub(self.end)..];
        let mut numbers = Vec::with_capacity(self.width());
        numbers.extend(begin.iter().map(|&byte| f32::from(byte)));
        numbers.resize(self.width() - end.len(), PADDING);
        numbers.extend(end.iter().map(|&byte| f32::from(byte)));
        Ok(numbers)
    }
}

/// White space as Python's `bytes.strip` knows it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: ByteForm = ByteForm {
        begin: 4,
        end: 3,
        strip: Some(6),
        least: 2,
    };

    fn of(form: ByteForm, bytes: &[u8]) -> Result<Vec<f32>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        form.of_file(&path)
    }

    #[test]
    fn both_ends_are_taken_and_padded_towards_the_middle() {
        let numbers = |bytes: &[u8]| of(SMALL, bytes).unwrap();
        // Long: the first four of the first six, the last three of the last six.
        assert_eq!(
            numbers(b"abcdefghij"),
            [97., 98., 99., 100., 104., 105., 106.]
        );
        // White space goes at the outside alone.
        assert_eq!(numbers(b"\n\x0ba b "), [97., 32., 98., 32., 97., 32., 98.]);
        assert_eq!(numbers(b"ab"), [97., 98., 256., 256., 256., 97., 98.]);
    }

    #[test]
    fn what_is_too_short_is_refused() {
        for bytes in [&b""[..], b"a", b"     a"] {
            assert!(of(SMALL, bytes).unwrap_err().contains("fewer than the 2"));
        }
        let plain = ByteForm {
            strip: None,
            least: 0,
            ..SMALL
        };
        assert_eq!(
            of(plain, b" ").unwrap(),
            [32., 256., 256., 256., 256., 256., 32.]
        );
        assert!(plain.of_file(Path::new(".")).is_err());
    }
}
