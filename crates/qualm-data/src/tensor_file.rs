use std::io::Read;

use crate::array::{Encoding, ItemStream, StoredArray};
use crate::bytes::Bytes;
use crate::container::stored_arrays;
use crate::decode::{append_floats, append_ints, swap_bytes};
use crate::spec::Spec;
use crate::{ArrayInfo, DataError, Format};

/// The role under which the array is looked for in a file of several.
const ROLE: &str = "features";

/// An array of numbers with any number of axes, whose first one counts rows: what a model is given.
///
/// ```
/// use qualm_data::{Format, MemorySet, Precision, TensorFile, write_features};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.npy");
/// let rows = MemorySet::new("rows").with_features(vec![0.5, 1.0, 2.0, 4.0], 2)?;
/// write_features(&rows, &path, Format::Npy, Precision::default())?;
/// let file = TensorFile::open(path.to_str().unwrap())?;
/// assert_eq!(file.shape(), [2, 2]);
/// let mut numbers = Vec::new();
/// file.reader()?.read(1, &mut numbers)?;
/// assert_eq!(numbers, [0.5, 1.0]);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TensorFile {
    bytes: Bytes,
    array: StoredArray,
    width: usize,
}

impl TensorFile {
    /// Opens an `.npy` file, or the array `features` of an `.npz` or safetensors file; another one
    /// by `FILE:features=NAME`.
    ///
    /// # Errors
    /// [`DataError::MissingArray`] with the arrays that are there; [`DataError::Malformed`] and
    /// [`DataError::Io`] when the file is damaged, unreadable or holds no numbers.
    pub fn open(spec: &str) -> Result<Self, DataError> {
        let Spec { path, names } = Spec::parse(spec, &[ROLE])?;
        let bytes = Bytes::open(path.as_ref())?;
        let format = Format::sniff(&bytes)?;
        let mut arrays = stored_arrays(&bytes, format, names.lone())?;
        let infos: Vec<ArrayInfo> = arrays.iter().map(|array| array.info.clone()).collect();
        let at = names.require(bytes.name(), ROLE, &infos)?;
        let array = arrays.swap_remove(at);
        let refuse = |problem: &str| {
            DataError::malformed(
                bytes.name(),
                format!("array {} {problem}", array.info.brief()),
            )
        };
        if !matches!(array.encoding, Encoding::Float(_) | Encoding::Int { .. }) {
            return Err(refuse("holds no numbers that a model could be given"));
        }
        if array.fortran && array.info.shape.iter().filter(|&&axis| axis > 1).count() > 1 {
            return Err(refuse(
                "is stored column by column (Fortran order); save numpy.ascontiguousarray(x) instead",
            ));
        }
        let Some((_, row)) = array.info.shape.split_first() else {
            return Err(refuse("has no rows"));
        };
        let width = row
            .iter()
            .try_fold(1usize, |width, &axis| {
                width.checked_mul(usize::try_from(axis).ok()?)
            })
            .filter(|&width| width > 0)
            .ok_or_else(|| {
                refuse("has rows that are empty or longer than this machine can address")
            })?;
        Ok(Self {
            bytes,
            array,
            width,
        })
    }

    /// How errors call the file.
    pub fn name(&self) -> &str {
        self.bytes.name()
    }

    /// Length of each axis, rows first.
    pub fn shape(&self) -> &[u64] {
        &self.array.info.shape
    }

    /// Starts at the first row.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn reader(&self) -> Result<TensorRows, DataError> {
        Ok(TensorRows {
            stream: self.array.stream(&self.bytes)?,
            left: self.shape().first().copied().unwrap_or(0),
            file: self.clone(),
            piece: Vec::new(),
        })
    }
}

/// One pass over the rows of a [`TensorFile`].
pub struct TensorRows {
    file: TensorFile,
    stream: ItemStream,
    left: u64,
    piece: Vec<u8>,
}

impl TensorRows {
    /// Appends the numbers of the next `max_rows` rows as `f32` and says how many rows they are;
    /// none at the end. Integers beyond 2^24 are rounded.
    ///
    /// # Errors
    /// When the file ends early or cannot be read.
    pub fn read(&mut self, max_rows: usize, to: &mut Vec<f32>) -> Result<usize, DataError> {
        let rows = self.left.min(max_rows as u64) as usize;
        let array = &self.file.array;
        for _ in 0..rows {
            self.piece.resize(self.file.width * array.item_size(), 0);
            self.stream
                .read_exact(&mut self.piece)
                .map_err(|error| self.file.bytes.error(error))?;
            if let Some(size) = array.swap {
                swap_bytes(&mut self.piece, size);
            }
            match array.encoding {
                Encoding::Float(float) => append_floats(&self.piece, float, to),
                Encoding::Int { size, signed } => {
                    let mut integers = Vec::with_capacity(self.file.width);
                    // What is beyond i64 comes out negative, as no pixel or token is.
                    let _ = append_ints(&self.piece, size, signed, &mut integers);
                    to.extend(integers.iter().map(|&integer| integer as f32));
                }
                _ => {}
            }
        }
        self.left -= rows as u64;
        Ok(rows)
    }

    /// Passes over the next `rows` rows, or over those that are left.
    ///
    /// # Errors
    /// When the file ends early or cannot be read.
    pub fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        let rows = self.left.min(rows);
        let bytes = rows.saturating_mul((self.file.width * self.file.array.item_size()) as u64);
        self.stream
            .skip(bytes)
            .map_err(|error| self.file.bytes.error(error))?;
        self.left -= rows;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::npy_header;

    fn numbers(header: Vec<u8>, items: &[u8]) -> Result<(Vec<u64>, Vec<f32>), DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, [&header[..], items].concat()).unwrap();
        let file = TensorFile::open(path.to_str().unwrap())?;
        let (mut reader, mut numbers) = (file.reader()?, Vec::new());
        while reader.read(2, &mut numbers)? > 0 {}
        Ok((file.shape().to_vec(), numbers))
    }

    #[test]
    fn pictures_of_bytes_are_numbers() {
        let (shape, read) = numbers(npy_header("|u1", &[3, 1, 2, 2]), &[9; 12]).unwrap();
        assert_eq!((shape, read), (vec![3, 1, 2, 2], vec![9.0; 12]));
    }

    #[test]
    fn big_endian_integers_are_numbers() {
        let (_, read) = numbers(npy_header(">i2", &[2]), &[0, 1, 0xff, 0xff]).unwrap();
        assert_eq!(read, [1.0, -1.0]);
    }

    #[test]
    fn text_and_empty_rows_are_refused() {
        let error = numbers(npy_header("|S2", &[1]), b"ab").unwrap_err();
        assert!(error.to_string().contains("no numbers"), "{error}");
        let error = numbers(npy_header("<f4", &[3, 0]), b"").unwrap_err();
        assert!(error.to_string().contains("empty"), "{error}");
    }
}
