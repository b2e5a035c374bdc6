use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::{AtomicFile, DataError};

/// Where the bytes of a table go.
pub(super) enum Output {
    /// A file that appears whole or not at all.
    File(AtomicFile),
    /// A pipe or the like: what is written cannot be taken back.
    Stream(BufWriter<Box<dyn Write + Send>>),
}

impl Output {
    pub(super) fn file(path: &Path) -> Result<Self, DataError> {
        AtomicFile::create(path).map(Self::File)
    }

    pub(super) fn stream(to: Box<dyn Write + Send>) -> Self {
        Self::Stream(BufWriter::with_capacity(1 << 16, to))
    }

    /// Puts a file in its place, or sees the last bytes of a stream off.
    pub(super) fn commit(self, name: &str) -> Result<(), DataError> {
        match self {
            Self::File(file) => file.commit(),
            Self::Stream(mut stream) => stream
                .flush()
                .map_err(|source| DataError::io(name, "write", source)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(buffer),
            Self::Stream(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

impl DataError {
    /// Whether the reader at the other end of a pipe has gone, as `head` does when it has seen
    /// enough: nobody is left to tell, so a program should stop quietly.
    ///
    /// ```
    /// use qualm_data::DataError;
    /// let gone = std::io::ErrorKind::BrokenPipe.into();
    /// assert!(DataError::io("standard output", "write", gone).is_broken_pipe());
    /// ```
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
