//! Writing feature sets and heads, whole or not at all.

mod arrays;
mod encode;
#[cfg(feature = "parquet")]
mod parquet;
mod spool;

use std::path::Path;

use crate::{AtomicFile, Schema};
use crate::{Chunk, DType, DataError, FeatureSet, FloatType, Format, Head, Role, Source};

/// What the floats of a written file are stored as; `f32` unless told otherwise.
///
/// ```
/// use qualm_data::{FloatType, Precision};
/// let half = Precision::uniform(FloatType::F16);
/// assert_eq!((half.features, half.logits), (FloatType::F16, FloatType::F16));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// Type of the features.
    pub features: FloatType,
    /// Type of the logits.
    pub logits: FloatType,
}

impl Default for Precision {
    fn default() -> Self {
        Self::uniform(FloatType::F32)
    }
}

impl Precision {
    /// The same type for features and logits.
    pub fn uniform(float: FloatType) -> Self {
        Self {
            features: float,
            logits: float,
        }
    }

    /// The types that `set` has, as far as `format` can hold what was read of them: `f64` was
    /// rounded to `f32` when read, and only safetensors has `bf16`, whose numbers `f32` holds
    /// exactly.
    pub fn of(set: &FeatureSet, format: Format) -> Self {
        let mut precision = Self::default();
        for column in set.columns() {
            let float = match column.dtype {
                DType::Float(FloatType::F16) => FloatType::F16,
                DType::Float(FloatType::Bf16) if format == Format::Safetensors => FloatType::Bf16,
                _ => FloatType::F32,
            };
            match column.role {
                Role::Features => precision.features = float,
                Role::Logits => precision.logits = float,
                _ => {}
            }
        }
        precision
    }
}

/// Writes every row of `source` to a file that appears whole or not at all.
///
/// Rows are streamed: columns wait in temporary files beside `path` until all rows are seen. Ids
/// and groups of text become fixed-width Unicode in npz, and a matrix of UTF-8 bytes padded with
/// zeros in safetensors. An `.npy` holds one array, so a set with more is refused.
///
/// # Errors
/// Those of reading `source`; [`DataError::Io`] that names `path`; [`DataError::Malformed`] when a
/// number is too large for the chosen type, or the format cannot hold the columns.
///
/// ```
/// use qualm_data::{write_features, FeatureSet, FloatType, Format, MemorySet, Precision, Source};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("x.safetensors");
/// let rows = MemorySet::new("rows").with_features(vec![0.5, 1e9], 1)?;
/// write_features(&rows, &path, Format::Safetensors, Precision::default())?;
/// assert_eq!(FeatureSet::open(path.to_str().unwrap())?.schema().rows, 2);
///
/// let half = Precision::uniform(FloatType::F16);
/// let error = write_features(&rows, &path, Format::Safetensors, half).unwrap_err();
/// assert!(error.to_string().contains("too large for f16"));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub fn write_features(
    source: &dyn Source,
    path: &Path,
    format: Format,
    precision: Precision,
) -> Result<(), DataError> {
    let schema = source.schema();
    check_columns(path, format, schema, precision)?;
    let file = AtomicFile::create(path)?;
    let mut reader = source.reader()?;
    let mut chunk = Chunk::default();
    let rows_at_once = schema.rows_per_chunk();
    reader.read(&mut chunk, rows_at_once)?;
    // The first rows show whether keys are integers or texts.
    let mut writer: Box<dyn RowWriter> = match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::ParquetWriter::new(
            file, schema, &chunk, precision,
        )?),
        _ => Box::new(arrays::ArraysWriter::new(
            file, format, schema, &chunk, precision,
        )?),
    };
    while chunk.rows > 0 {
        writer.write(&chunk, source.name())?;
        reader.read(&mut chunk, rows_at_once)?;
    }
    writer.finish()
}

/// Writes `set` to `path` in the format of its extension, in the types of `set` or in `float`, and
/// says which types it took.
///
/// # Errors
/// As for [`write_features`]; [`DataError::Malformed`] when the extension names no format.
///
/// ```
/// use qualm_data::{convert, Head, FeatureSet, FloatType, MemorySet, Source, write_features, Format, Precision};
/// # let folder = tempfile::tempdir().unwrap();
/// let (a, b) = (folder.path().join("a.npy"), folder.path().join("b.safetensors"));
/// let rows = MemorySet::new("rows").with_features(vec![0.5, 1.5], 1)?;
/// write_features(&rows, &a, Format::Npy, Precision::uniform(FloatType::F16))?;
/// let kept = convert(&FeatureSet::open(a.to_str().unwrap())?, &b, None)?;
/// assert_eq!(kept.features, FloatType::F16);
/// # Ok::<(), qualm_data::DataError>(())
/// ```
pub fn convert(
    set: &FeatureSet,
    path: &Path,
    float: Option<FloatType>,
) -> Result<Precision, DataError> {
    let format = Format::from_extension(path)?;
    let precision = float.map_or_else(|| Precision::of(set, format), Precision::uniform);
    write_features(set, path, format, precision)?;
    Ok(precision)
}

impl Head {
    /// Writes the head in `f32` as arrays `weight` and `bias`, to a safetensors or npz file by
    /// the extension of `path`, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::Io`] that names `path`; [`DataError::Malformed`] when the extension is another.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        match Format::from_extension(path)? {
            format @ (Format::Safetensors | Format::Npz) => arrays::save_head(self, path, format),
            other => Err(DataError::malformed(
                path.display().to_string(),
                format!(
                    "a head is two arrays, which {other} does not hold; use .safetensors or .npz"
                ),
            )),
        }
    }
}

/// Takes rows in order and puts the file in place at the end.
trait RowWriter {
    /// Adds the rows of `chunk`; `origin` is where they come from, for errors.
    fn write(&mut self, chunk: &Chunk, origin: &str) -> Result<(), DataError>;

    fn finish(self: Box<Self>) -> Result<(), DataError>;
}

fn check_columns(
    path: &Path,
    format: Format,
    schema: &Schema,
    precision: Precision,
) -> Result<(), DataError> {
    let refuse = |problem: &str| Err(DataError::malformed(path.display().to_string(), problem));
    let bf16 = [
        schema.dim.map(|_| precision.features),
        schema.classes.map(|_| precision.logits),
    ]
    .contains(&Some(FloatType::Bf16));
    if bf16 && format != Format::Safetensors {
        return refuse("only safetensors holds bf16; choose f16 or f32, or write .safetensors");
    }
    let columns = usize::from(schema.dim.is_some())
        + usize::from(schema.classes.is_some())
        + usize::from(schema.labels)
        + usize::from(schema.groups)
        + usize::from(schema.ids);
    match format {
        Format::Npy if columns != 1 => refuse(&format!(
            "an .npy holds one array, but the set has {columns} columns; write .npz or .safetensors"
        )),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            refuse("this build does not write Parquet; build it with the cargo feature `parquet`")
        }
        _ if columns == 0 => refuse("the set has no columns to write"),
        _ => Ok(()),
    }
}
