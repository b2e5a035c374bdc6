use std::sync::Arc;

use arrow_array::{
    ArrayRef, FixedSizeListArray, Float16Array, Float32Array, Float64Array, Int64Array,
    RecordBatch, StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema as ArrowSchema};
use half::f16;
use half::slice::HalfFloatSliceExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::spool::too_large;
use super::{Precision, RowWriter};
use crate::{AtomicFile, Chunk, DataError, FloatType, KeyColumn, Role, Schema};

/// Writes a table with a fixed-size list of floats a row and a column for labels, groups and ids.
pub(super) struct ParquetWriter {
    /// As the file was asked for, for errors.
    path: String,
    writer: ArrowWriter<AtomicFile>,
    schema: Arc<ArrowSchema>,
    /// Role, type and width of each column.
    columns: Vec<(Role, FloatType, usize)>,
}

impl ParquetWriter {
    pub(super) fn new(
        file: AtomicFile,
        schema: &Schema,
        first: &Chunk,
        precision: Precision,
    ) -> Result<Self, DataError> {
        /// Rows are buffered until their group is whole, so groups have bounded bytes.
        const GROUP_NUMBERS: usize = 1 << 24;
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        let key = |keys: &KeyColumn| match keys {
            KeyColumn::Int(_) => DataType::Int64,
            KeyColumn::Text(_) => DataType::Utf8,
        };
        for role in Role::ALL {
            let (kind, float, width) = match role {
                Role::Features => (None, precision.features, schema.dim),
                Role::Logits => (None, precision.logits, schema.classes),
                Role::Labels => (
                    schema.labels.then_some(DataType::Int64),
                    FloatType::F32,
                    None,
                ),
                Role::Groups => (
                    schema.groups.then(|| key(&first.groups)),
                    FloatType::F32,
                    None,
                ),
                Role::Ids => (schema.ids.then(|| key(&first.ids)), FloatType::F32, None),
            };
            let kind = match width {
                Some(width) => {
                    Some(list_type(float, width).map_err(|error| refused(&file, error))?)
                }
                None => kind,
            };
            if let Some(kind) = kind {
                fields.push(Field::new(role.name(), kind, false));
                columns.push((role, float, width.unwrap_or(1)));
            }
        }
        let numbers: usize = columns.iter().map(|(_, _, width)| width).sum();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some((GROUP_NUMBERS / numbers.max(1)).max(1)));
        for role in [Role::Features, Role::Logits] {
            // Activations hardly repeat: neither a dictionary nor compression makes them smaller.
            let column = ColumnPath::new(vec![role.name().into(), "list".into(), "element".into()]);
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_compression(column, Compression::UNCOMPRESSED);
        }
        let schema = Arc::new(ArrowSchema::new(fields));
        let path = file.path().display().to_string();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties.build()))
            .map_err(|error| written(&path, error))?;
        Ok(Self {
            path,
            writer,
            schema,
            columns,
        })
    }
}

impl RowWriter for ParquetWriter {
    fn write(&mut self, chunk: &Chunk, origin: &str) -> Result<(), DataError> {
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for &(role, float, width) in &self.columns {
            arrays.push(match role {
                Role::Features => list(&chunk.features, role, float, width, chunk, origin)?,
                Role::Logits => list(&chunk.logits, role, float, width, chunk, origin)?,
                Role::Labels => Arc::new(Int64Array::from(chunk.labels.clone())),
                Role::Groups => keys(&chunk.groups),
                Role::Ids => keys(&chunk.ids),
            });
        }
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|error| {
            DataError::malformed(origin, format!("its rows make no table: {error}"))
        })?;
        self.writer
            .write(&batch)
            .map_err(|error| written(&self.path, error))
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        let Self { path, writer, .. } = *self;
        let file = writer.into_inner().map_err(|error| written(&path, error))?;
        file.commit()
    }
}

fn list_type(float: FloatType, width: usize) -> Result<DataType, ArrowError> {
    let item = match float {
        FloatType::F16 => DataType::Float16,
        FloatType::F64 => DataType::Float64,
        _ => DataType::Float32,
    };
    let width = i32::try_from(width)
        .map_err(|_| ArrowError::InvalidArgumentError(format!("rows of {width} numbers")))?;
    Ok(DataType::FixedSizeList(
        Arc::new(Field::new("element", item, false)),
        width,
    ))
}

fn list(
    values: &[f32],
    role: Role,
    float: FloatType,
    width: usize,
    chunk: &Chunk,
    origin: &str,
) -> Result<ArrayRef, DataError> {
    let items: ArrayRef = match float {
        FloatType::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            let lost = |at: &usize| values[*at].is_finite() && !halves[*at].is_finite();
            if let Some(at) = (0..values.len()).find(lost) {
                return Err(too_large(
                    origin,
                    role,
                    float,
                    chunk.first_row,
                    width,
                    values,
                    at,
                ));
            }
            Arc::new(Float16Array::from(halves))
        }
        FloatType::F64 => Arc::new(Float64Array::from_iter_values(
            values.iter().map(|&x| x.into()),
        )),
        _ => Arc::new(Float32Array::from(values.to_vec())),
    };
    let made = list_type(float, width).and_then(|kind| match kind {
        DataType::FixedSizeList(field, width) => {
            FixedSizeListArray::try_new(field, width, items, None)
        }
        other => Err(ArrowError::InvalidArgumentError(other.to_string())),
    });
    match made {
        Ok(list) => Ok(Arc::new(list)),
        Err(error) => Err(DataError::malformed(
            origin,
            format!("`{role}` make no list: {error}"),
        )),
    }
}

fn keys(keys: &KeyColumn) -> ArrayRef {
    match keys {
        KeyColumn::Int(keys) => Arc::new(Int64Array::from(keys.clone())),
        KeyColumn::Text(keys) => Arc::new(StringArray::from_iter_values(keys)),
    }
}

fn refused(file: &AtomicFile, error: ArrowError) -> DataError {
    DataError::malformed(
        file.path().display().to_string(),
        format!("Parquet cannot hold {error}"),
    )
}

fn written(path: &str, error: ParquetError) -> DataError {
    DataError::io(path, "write", std::io::Error::other(error))
}
