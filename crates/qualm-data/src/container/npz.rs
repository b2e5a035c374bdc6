use std::io::{self, BufReader, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::npy;
use crate::DataError;
use crate::array::StoredArray;
use crate::bytes::{Bytes, Section};

/// Deflate cannot make anything smaller than this: a member that promises more is a lie.
const MAX_EXPANSION: u64 = 1032;

/// The arrays of an `.npz` file, in the order of the archive.
pub(super) fn arrays(bytes: &Bytes) -> Result<Vec<StoredArray>, DataError> {
    let wrong = |error| from_zip(bytes, error);
    // The directory is read in small bites.
    let directory = BufReader::new(bytes.section(0, bytes.len()));
    let mut archive = ZipArchive::new(directory).map_err(wrong)?;
    if archive.has_duplicate_names() {
        return Err(DataError::malformed(
            bytes.name(),
            "two arrays have one name; save the file again",
        ));
    }
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(wrong)?;
        let name = member.name().map_err(wrong)?.into_owned();
        let Some(name) = name.strip_suffix(".npy") else {
            continue;
        };
        let origin = || format!("{}: array `{name}`", bytes.name());
        let deflated = match member.compression() {
            _ if member.encrypted() => {
                return Err(DataError::malformed(origin(), "it is encrypted"));
            }
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                return Err(DataError::malformed(
                    origin(),
                    format!(
                        "compressed with {other}; save it with numpy.savez or numpy.savez_compressed"
                    ),
                ));
            }
        };
        let entry = ZipEntry {
            name: name.to_owned(),
            start: member.data_start().unwrap_or(0),
            compressed: member.compressed_size(),
            size: member.size(),
            deflated,
            crc: member.crc32(),
            skip: 0,
        };
        entry.check(bytes, &origin())?;
        drop(member);
        arrays.push(npy::member(bytes, entry.name.clone(), entry)?);
    }
    Ok(arrays)
}

fn from_zip(bytes: &Bytes, error: zip::result::ZipError) -> DataError {
    match error {
        zip::result::ZipError::Io(error)
            if error.get_ref().is_some_and(|inner| inner.is::<DataError>()) =>
        {
            bytes.error(error)
        }
        error => DataError::malformed(
            bytes.name(),
            format!("the npz archive is damaged or cut short ({error}); save it again"),
        ),
    }
}

/// A member of a zip archive that holds an array.
#[derive(Debug, Clone)]
pub(crate) struct ZipEntry {
    name: String,
    start: u64,
    compressed: u64,
    /// Bytes when decompressed, header of the array included.
    pub(super) size: u64,
    deflated: bool,
    crc: u32,
    /// Bytes of the array's header, before the first item.
    pub(super) skip: u64,
}

impl ZipEntry {
    fn check(&self, bytes: &Bytes, origin: &str) -> Result<(), DataError> {
        let fits = self
            .start
            .checked_add(self.compressed)
            .is_some_and(|end| end <= bytes.len());
        let possible = if self.deflated {
            self.size / MAX_EXPANSION <= self.compressed
        } else {
            self.size == self.compressed
        };
        if fits && possible {
            return Ok(());
        }
        Err(DataError::malformed(
            origin,
            format!(
                "the archive promises {} bytes from {} stored ones, which cannot be; the file is damaged or cut short",
                self.size, self.compressed
            ),
        ))
    }

    /// The items as a stream, which checks their sum when the last one is read.
    pub(crate) fn stream(&self, bytes: &Bytes) -> Result<ZipStream, DataError> {
        let section = bytes.section(self.start, self.start + self.compressed);
        let inner = if self.deflated {
            let buffered = BufReader::with_capacity(1 << 16, section);
            Inner::Deflated(Box::new(DeflateDecoder::new(buffered)))
        } else {
            Inner::Stored(section)
        };
        let mut stream = ZipStream {
            name: self.name.clone(),
            file: bytes.name().to_owned(),
            inner,
            left: self.size,
            crc: Crc::new(),
            expected: self.crc,
        };
        io::copy(&mut stream.by_ref().take(self.skip), &mut io::sink())
            .map_err(|error| bytes.error(error))?;
        Ok(stream)
    }
}

/// The decompressed bytes of a member, checked against the sum that the archive holds.
pub(crate) struct ZipStream {
    name: String,
    file: String,
    inner: Inner,
    left: u64,
    crc: Crc,
    expected: u32,
}

enum Inner {
    Stored(Section),
    Deflated(Box<DeflateDecoder<BufReader<Section>>>),
}

impl ZipStream {
    fn damaged(&self, what: &str) -> io::Error {
        io::Error::other(DataError::malformed(
            format!("{}: array `{}`", self.file, self.name),
            format!("{what}; the file is damaged, so save it again"),
        ))
    }
}

impl Read for ZipStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..most];
        let read = match &mut self.inner {
            Inner::Stored(section) => section.read(buffer),
            Inner::Deflated(decoder) => decoder.read(buffer),
        };
        let count = match read {
            Ok(0) => return Err(self.damaged("the compressed bytes end too early")),
            Ok(count) => count,
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<DataError>()) => {
                return Err(error);
            }
            Err(error) => return Err(self.damaged(&format!("it cannot be decompressed ({error})"))),
        };
        self.crc.update(&buffer[..count]);
        self.left -= count as u64;
        if self.left == 0 && self.crc.sum() != self.expected {
            return Err(self.damaged("its checksum is not the one the archive holds"));
        }
        Ok(count)
    }
}
