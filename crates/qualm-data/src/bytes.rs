use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::DataError;

/// Random access to the bytes of a file, or to bytes that are in memory already.
///
/// Reads are positioned, so clones can be read side by side. Nothing is mapped: a file that
/// shrinks under a map kills the process, a file that shrinks under a read is an error.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    name: Arc<str>,
    len: u64,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    File(Arc<File>),
    Memory(Arc<Cow<'static, [u8]>>),
}

#[cfg(unix)]
fn is_device(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

impl Bytes {
    /// Opens a file. A pipe is spooled, since it cannot be read at a position; a device is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::io(path, "open", source);
        let name = path.display().to_string();
        let mut file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::Error::other("it is a directory")));
        }
        if is_device(&metadata) {
            return Err(failed(io::Error::other(
                "it is a device, which may never end; give a file, a pipe or `-`",
            )));
        }
        if !metadata.is_file() {
            return Self::spool(&name, &mut file);
        }
        Ok(Self {
            name: name.into(),
            len: metadata.len(),
            held: Held::File(Arc::new(file)),
        })
    }

    /// Bytes that are in memory; errors will call them `name`.
    pub(crate) fn memory(name: &str, bytes: Cow<'static, [u8]>) -> Self {
        Self {
            name: name.into(),
            len: bytes.len() as u64,
            held: Held::Memory(Arc::new(bytes)),
        }
    }

    /// Copies a stream to a temporary file without a name, which goes when the last clone does.
    pub(crate) fn spool(name: &str, stream: &mut dyn Read) -> Result<Self, DataError> {
        let mut file = tempfile::tempfile()
            .map_err(|source| DataError::io(name, "create a temporary file", source))?;
        let len = io::copy(stream, &mut file)
            .map_err(|source| DataError::io(name, "copy to a temporary file", source))?;
        Ok(Self {
            name: name.into(),
            len,
            held: Held::File(Arc::new(file)),
        })
    }

    /// How errors call these bytes.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Length when the file was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `buffer` from `offset`.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), DataError> {
        let done = match &self.held {
            Held::File(file) => read_file_exact_at(file, buffer, offset),
            Held::Memory(bytes) => read_memory_exact_at(bytes, buffer, offset),
        };
        done.map_err(|error| self.error(error))
    }

    /// The bytes `start..end` as a stream that can be rewound.
    pub(crate) fn section(&self, start: u64, end: u64) -> Section {
        Section {
            bytes: self.clone(),
            start,
            end: end.max(start),
            at: start,
        }
    }

    /// An error of a stream over these bytes, in the words of this crate.
    pub(crate) fn error(&self, error: io::Error) -> DataError {
        match error.downcast::<DataError>() {
            Ok(ours) => ours,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => DataError::malformed(
                &*self.name,
                "the file ends before its last row: it was cut short or is still being written, so write it anew",
            ),
            Err(error) => DataError::io(&*self.name, "read", error),
        }
    }
}

#[cfg(unix)]
fn read_file_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_file_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn read_memory_exact_at(bytes: &[u8], buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let part = usize::try_from(offset)
        .ok()
        .and_then(|start| bytes.get(start..start.checked_add(buffer.len())?))
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    buffer.copy_from_slice(part);
    Ok(())
}

/// A stretch of [`Bytes`] as a stream.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    bytes: Bytes,
    start: u64,
    end: u64,
    at: u64,
}

impl Section {
    /// Passes over the next `count` bytes.
    pub(crate) fn skip(&mut self, count: u64) -> io::Result<()> {
        self.at = self.at.saturating_add(count);
        if self.at > self.end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if count == 0 {
            return Ok(0);
        }
        self.bytes
            .read_exact_at(&mut buffer[..count], self.at)
            .map_err(io::Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        match at {
            Some(at) if at >= self.start => {
                self.at = at;
                Ok(at - self.start)
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    #[cfg(unix)]
    fn what_never_ends_is_refused() {
        let error = Bytes::open(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(
            error.contains("/dev/zero") && error.contains("never end"),
            "{error}"
        );
    }

    #[test]
    fn files_spools_and_memory_read_alike() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let kinds = [
            Bytes::open(file.path()).unwrap(),
            Bytes::spool("pipe", &mut &b"0123456789"[..]).unwrap(),
            Bytes::memory("demo", Cow::Borrowed(b"0123456789")),
        ];
        for bytes in kinds {
            let mut three = [0; 3];
            bytes.read_exact_at(&mut three, 6).unwrap();
            assert_eq!(&three, b"678");
            assert!(bytes.read_exact_at(&mut three, 8).is_err());
            assert!(bytes.read_exact_at(&mut three, u64::MAX).is_err());

            let mut section = bytes.section(2, 5);
            let mut text = String::new();
            section.read_to_string(&mut text).unwrap();
            assert_eq!(text, "234");
            section.seek(SeekFrom::End(-1)).unwrap();
            text.clear();
            section.read_to_string(&mut text).unwrap();
            assert_eq!(text, "4");
            assert!(section.seek(SeekFrom::Current(-100)).is_err());
        }
    }

    #[test]
    fn a_file_that_shrinks_is_one_sentence() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 100]).unwrap();
        let bytes = Bytes::open(file.path()).unwrap();
        file.as_file().set_len(50).unwrap();
        let error = bytes.section(0, 100).read_to_end(&mut Vec::new());
        let message = bytes.error(error.unwrap_err()).to_string();
        assert!(message.contains("cut short"), "{message}");
        assert!(message.contains(&file.path().display().to_string()));
    }

    #[test]
    fn a_directory_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let message = Bytes::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("directory"), "{message}");
    }
}
