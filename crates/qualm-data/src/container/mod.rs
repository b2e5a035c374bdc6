//! File formats: each module turns the head of a file into a list of the arrays in it.

mod npy;
mod npz;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
mod safetensors;

use std::fmt;
use std::path::Path;

use crate::array::StoredArray;
use crate::bytes::Bytes;
use crate::{ArrayInfo, DataError};

pub(crate) use npy::npy_header;
pub(crate) use npz::{ZipEntry, ZipStream};

/// A file format of feature sets.
///
/// Readers go by the first bytes of a file, writers by its extension.
///
/// ```
/// use qualm_data::Format;
/// assert_eq!(Format::from_extension("train.npz".as_ref())?, Format::Npz);
/// assert!(Format::from_extension("train.csv".as_ref()).is_err());
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Hugging Face's format: a JSON header, then the arrays.
    Safetensors,
    /// One NumPy array.
    Npy,
    /// A zip archive of NumPy arrays.
    Npz,
    /// Apache Parquet, behind the cargo feature `parquet`.
    Parquet,
}

impl Format {
    /// The format that a path's extension names.
    ///
    /// # Errors
    /// [`DataError::Malformed`] when it names none.
    pub fn from_extension(path: &Path) -> Result<Self, DataError> {
        path.extension()
            .and_then(|extension| match extension.to_ascii_lowercase().to_str()? {
                "safetensors" => Some(Self::Safetensors),
                "npy" => Some(Self::Npy),
                "npz" => Some(Self::Npz),
                "parquet" => Some(Self::Parquet),
                _ => None,
            })
            .ok_or_else(|| {
                DataError::malformed(
                    path.display().to_string(),
                    "the extension names no format; use .safetensors, .npy, .npz or .parquet",
                )
            })
    }

    /// The format that the first bytes of a file show.
    pub(crate) fn sniff(bytes: &Bytes) -> Result<Self, DataError> {
        let mut start = [0; 9];
        let len = bytes.len().min(9) as usize;
        let start = &mut start[..len];
        bytes.read_exact_at(start, 0)?;
        match start {
            [] => Err(DataError::malformed(
                bytes.name(),
                "the file is empty; write it anew",
            )),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Self::Npz),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Ok(Self::Npy),
            [_, _, _, _, _, _, _, _, b'{'] => Ok(Self::Safetensors),
            _ => Err(DataError::malformed(
                bytes.name(),
                "neither safetensors, npy, npz nor Parquet by its first bytes; write it with one of these, e.g. numpy.savez",
            )),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
        })
    }
}

/// The arrays of a file, for all formats whose arrays lie byte after byte. `lone` names the
/// array of an `.npy`, which has no name of its own.
pub(crate) fn stored_arrays(
    bytes: &Bytes,
    format: Format,
    lone: &str,
) -> Result<Vec<StoredArray>, DataError> {
    match format {
        Format::Safetensors => safetensors::arrays(bytes),
        Format::Npy => npy::array(bytes, lone).map(|array| vec![array]),
        Format::Npz => npz::arrays(bytes),
        Format::Parquet => Err(no_parquet(bytes.name())),
    }
}

/// Name, type and shape of the arrays of a file of any format.
pub(crate) fn array_infos(
    bytes: &Bytes,
    format: Format,
    lone: &str,
) -> Result<Vec<ArrayInfo>, DataError> {
    #[cfg(feature = "parquet")]
    if format == Format::Parquet {
        return parquet::infos(bytes);
    }
    let arrays = stored_arrays(bytes, format, lone)?;
    Ok(arrays.into_iter().map(|array| array.info).collect())
}

/// Parquet holds no plain arrays, and without the cargo feature no Parquet is read at all.
fn no_parquet(name: &str) -> DataError {
    DataError::malformed(
        name,
        if cfg!(feature = "parquet") {
            "a Parquet file holds a table of rows, which does not serve here; use safetensors or npz"
        } else {
            "this build does not read Parquet; build it with the cargo feature `parquet`"
        },
    )
}
