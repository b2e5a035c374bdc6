use std::io::{self, Read};

use crate::bytes::{Bytes, Section};
use crate::container::{ZipEntry, ZipStream};
use crate::{DType, DataError, FloatType};

/// Name, type and shape of an array in a file.
///
/// ```
/// use qualm_data::{DType, FloatType, Head, inspect};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("head.npz");
/// Head::new(vec![1.0; 6], vec![0.0; 2], 3)?.save(&path)?;
/// let found = inspect(path.to_str().unwrap())?;
/// let weight = found.files[0].arrays.iter().find(|array| array.name == "weight").unwrap();
/// assert_eq!(weight.dtype, DType::Float(FloatType::F32));
/// assert_eq!((&weight.shape[..], weight.bytes), (&[2, 3][..], 24));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Name, as the file has it. The array of an `.npy` has none and goes by its role.
    pub name: String,
    /// Type of the items.
    pub dtype: DType,
    /// Length of each axis, rows first. Empty for a single number.
    pub shape: Vec<u64>,
    /// Bytes of the items, before compression where the file knows it.
    pub bytes: u64,
}

impl ArrayInfo {
    /// `name dtype [rows, columns]`, as in error messages.
    pub(crate) fn brief(&self) -> String {
        format!("{} {} {:?}", self.name, self.dtype, self.shape)
    }
}

/// How items are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Float(FloatType),
    Int {
        size: usize,
        signed: bool,
    },
    Utf8 {
        size: usize,
    },
    Utf32 {
        size: usize,
    },
    /// Something qualm does not read; its [`DType`] tells what.
    Opaque,
}

/// An array of a file whose bytes lie one after the other, rows first.
#[derive(Debug, Clone)]
pub(crate) struct StoredArray {
    pub(crate) info: ArrayInfo,
    pub(crate) encoding: Encoding,
    /// Bytes that one number or character takes, to be swapped; `None` for little-endian.
    pub(crate) swap: Option<usize>,
    /// Columns first, which cannot be streamed by rows.
    pub(crate) fortran: bool,
    pub(crate) place: Place,
}

/// Where the items are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// From this offset of the file.
    At(u64),
    /// In a member of a zip archive.
    Zip(ZipEntry),
}

impl StoredArray {
    /// Bytes an item.
    pub(crate) fn item_size(&self) -> usize {
        match self.encoding {
            Encoding::Float(float) => float.size(),
            Encoding::Int { size, .. } | Encoding::Utf8 { size } | Encoding::Utf32 { size } => size,
            Encoding::Opaque => 0,
        }
    }

    /// The items as a stream from the first to the last.
    pub(crate) fn stream(&self, bytes: &Bytes) -> Result<ItemStream, DataError> {
        Ok(match &self.place {
            Place::At(offset) => {
                ItemStream::Section(bytes.section(*offset, offset.saturating_add(self.info.bytes)))
            }
            Place::Zip(entry) => ItemStream::Zip(entry.stream(bytes)?),
        })
    }
}

/// The items of an array, one after the other.
pub(crate) enum ItemStream {
    Section(Section),
    Zip(ZipStream),
}

impl ItemStream {
    /// Passes over the next `count` bytes, without reading them where they have no checksum.
    pub(crate) fn skip(&mut self, count: u64) -> io::Result<()> {
        match self {
            Self::Section(section) => section.skip(count),
            Self::Zip(stream) => io::copy(&mut stream.take(count), &mut io::sink()).map(drop),
        }
    }
}

impl Read for ItemStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Section(section) => section.read(buffer),
            Self::Zip(stream) => stream.read(buffer),
        }
    }
}
