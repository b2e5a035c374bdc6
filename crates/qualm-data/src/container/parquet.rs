use std::io::BufReader;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ListArray, RecordBatch};
use arrow_schema::{DataType, Field};
use half::slice::HalfFloatSliceExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, Length};

use crate::bytes::{Bytes, Section};
use crate::role::Role;
use crate::shard::{Chosen, Shard, ShardReader};
use crate::spec::Names;
use crate::{ArrayInfo, Chunk, DType, DataError, FloatType};

/// Opens a Parquet file whose columns make a feature set: lists of floats, all of one length, and
/// integers or texts.
pub(crate) fn open(bytes: &Bytes, names: &Names) -> Result<Shard, DataError> {
    let file = ParquetFile::open(bytes)?;
    let chosen = Chosen::new(bytes.name(), &file.infos, names)?;
    let mut columns = Vec::new();
    let mut wanted = Vec::new();
    for &(role, at) in &chosen.columns {
        let info = &file.infos[at];
        file.check_codec(&info.name)?;
        columns.push((role, info.name.clone(), info.dtype.clone()));
        wanted.push((
            role,
            info.name.clone(),
            info.shape.get(1).map_or(1, |&width| width as usize),
        ));
    }
    let numbers = wanted.iter().map(|(_, _, width)| width).sum::<usize>();
    let roots: Vec<usize> = chosen.columns.iter().map(|&(_, at)| at).collect();
    let batches = file.batches(
        &roots,
        (Reader::BATCH_NUMBERS / numbers.max(1)).clamp(1, 1 << 12),
    )?;
    Ok(Shard {
        rows: file.rows,
        layout: chosen.layout,
        columns,
        reader: Box::new(Reader {
            bytes: bytes.clone(),
            columns: wanted,
            batches,
            batch: None,
            used: 0,
            done: 0,
            left: file.rows,
        }),
    })
}

/// The columns of a Parquet file as arrays, for inspection.
pub(crate) fn infos(bytes: &Bytes) -> Result<Vec<ArrayInfo>, DataError> {
    ParquetFile::open(bytes).map(|file| file.infos)
}

struct ParquetFile {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    rows: u64,
    infos: Vec<ArrayInfo>,
}

impl ParquetFile {
    fn open(bytes: &Bytes) -> Result<Self, DataError> {
        // Without the embedded Arrow schema every kind of list is a list and every text a text.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&Input(bytes.clone()), options)
            .map_err(|error| damaged(bytes, error))?;
        let rows = metadata
            .metadata()
            .row_groups()
            .iter()
            .try_fold(0u64, |sum, group| {
                sum.checked_add(u64::try_from(group.num_rows()).ok()?)
            });
        let rows = rows.ok_or_else(|| {
            DataError::malformed(
                bytes.name(),
                "the Parquet footer counts rows that cannot be",
            )
        })?;
        let mut file = Self {
            bytes: bytes.clone(),
            metadata,
            rows,
            infos: Vec::new(),
        };
        let fields: Vec<Field> = file
            .metadata
            .schema()
            .fields()
            .iter()
            .map(|field| (**field).clone())
            .collect();
        for (at, field) in fields.iter().enumerate() {
            let info = file.info(at, field)?;
            file.infos.push(info);
        }
        Ok(file)
    }

    fn info(&self, at: usize, field: &Field) -> Result<ArrayInfo, DataError> {
        let (dtype, shape) = match field.data_type() {
            DataType::List(item) => match item.data_type() {
                DataType::Float16 => (DType::Float(FloatType::F16), self.list_shape(at, field)?),
                DataType::Float32 => (DType::Float(FloatType::F32), self.list_shape(at, field)?),
                DataType::Float64 => (DType::Float(FloatType::F64), self.list_shape(at, field)?),
                other => (DType::Other(format!("list of {other}")), vec![self.rows]),
            },
            other => (scalar(other), vec![self.rows]),
        };
        let stored = self.chunks().filter(|(name, _, _)| name == field.name());
        Ok(ArrayInfo {
            name: field.name().clone(),
            dtype,
            shape,
            bytes: stored.fold(0, |sum, (_, _, bytes)| sum.saturating_add(bytes)),
        })
    }

    /// Top-level name, codec and bytes of each column in each row group.
    fn chunks(&self) -> impl Iterator<Item = (String, Compression, u64)> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.flat_map(|group| group.columns()).map(|column| {
            let name = column.column_path().parts().first();
            let bytes = u64::try_from(column.uncompressed_size()).unwrap_or(0);
            (
                name.cloned().unwrap_or_default(),
                column.compression(),
                bytes,
            )
        })
    }

    /// Rows and length of a column of lists, which only its first row tells.
    fn list_shape(&self, at: usize, field: &Field) -> Result<Vec<u64>, DataError> {
        if self.rows == 0 || self.check_codec(field.name()).is_err() {
            return Ok(vec![self.rows, 0]);
        }
        let first = self.batches(&[at], 1)?.next();
        let batch = match first {
            Some(batch) => batch.map_err(|error| damaged(&self.bytes, error))?,
            None => return Ok(vec![self.rows, 0]),
        };
        let width = batch
            .columns()
            .first()
            .and_then(|column| column.as_list_opt::<i32>())
            .filter(|list| !list.is_empty())
            .map_or(0, |list| list.value_length(0).unsigned_abs().into());
        Ok(vec![self.rows, width])
    }

    fn batches(&self, roots: &[usize], rows: usize) -> Result<ParquetRecordBatchReader, DataError> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots.iter().copied());
        ParquetRecordBatchReaderBuilder::new_with_metadata(
            Input(self.bytes.clone()),
            self.metadata.clone(),
        )
        .with_projection(mask)
        .with_batch_size(rows)
        .build()
        .map_err(|error| damaged(&self.bytes, error))
    }

    fn check_codec(&self, name: &str) -> Result<(), DataError> {
        for (column, codec, _) in self.chunks() {
            let readable = matches!(
                codec,
                Compression::UNCOMPRESSED
                    | Compression::SNAPPY
                    | Compression::LZ4
                    | Compression::LZ4_RAW
                    | Compression::GZIP(_)
            );
            if column == name && !readable {
                return Err(DataError::malformed(
                    self.bytes.name(),
                    format!(
                        "column `{name}` is compressed with {codec}, which this build does not read; write it with snappy, lz4, gzip or no compression"
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn scalar(kind: &DataType) -> DType {
    let int = |bits, signed| DType::Int { bits, signed };
    match kind {
        DataType::Int8 => int(8, true),
        DataType::Int16 => int(16, true),
        DataType::Int32 => int(32, true),
        DataType::Int64 => int(64, true),
        DataType::UInt8 => int(8, false),
        DataType::UInt16 => int(16, false),
        DataType::UInt32 => int(32, false),
        DataType::UInt64 => int(64, false),
        DataType::Float16 => DType::Float(FloatType::F16),
        DataType::Float32 => DType::Float(FloatType::F32),
        DataType::Float64 => DType::Float(FloatType::F64),
        DataType::Boolean => DType::Bool,
        DataType::Utf8 => DType::Text,
        other => DType::Other(other.to_string()),
    }
}

/// Streams the rows of one file, a batch at a time.
struct Reader {
    bytes: Bytes,
    /// Role, column and numbers a row.
    columns: Vec<(Role, String, usize)>,
    batches: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    /// Rows of the batch that were handed out already.
    used: usize,
    done: u64,
    left: u64,
}

impl Reader {
    /// Numbers in a batch, about a megabyte.
    const BATCH_NUMBERS: usize = 1 << 18;

    fn next_batch(&mut self) -> Result<RecordBatch, DataError> {
        let short = || {
            DataError::malformed(
                self.bytes.name(),
                "the footer promises more rows than the file holds; write it anew",
            )
        };
        let batch = self.batches.next().ok_or_else(short)?;
        let batch = batch.map_err(|error| damaged(&self.bytes, error))?;
        if batch.num_rows() == 0 {
            Err(short())
        } else {
            Ok(batch)
        }
    }

    fn column(
        &self,
        batch: &RecordBatch,
        index: usize,
        rows: usize,
        chunk: &mut Chunk,
    ) -> Result<(), DataError> {
        let (role, name, width) = &self.columns[index];
        let refuse = |row: usize, problem: &str| {
            let row = self.done + row as u64;
            Err(DataError::malformed(
                self.bytes.name(),
                format!("row {row} of `{name}` {problem}"),
            ))
        };
        let Some(column) = batch.column_by_name(name) else {
            return refuse(0, "is missing");
        };
        let column = column.slice(self.used, rows);
        if let Some(row) = (0..rows).find(|&row| column.is_null(row)) {
            return refuse(row, "is null; fill it or drop the row");
        }
        match role {
            Role::Features | Role::Logits => {
                let out = if *role == Role::Features {
                    &mut chunk.features
                } else {
                    &mut chunk.logits
                };
                let Some(list) = column.as_list_opt::<i32>() else {
                    return refuse(0, "is no list of floats");
                };
                match append_lists(list, *width, out) {
                    Ok(()) => Ok(()),
                    Err((row, problem)) => refuse(row, &problem),
                }
            }
            Role::Labels => match append_ints(&column, &mut chunk.labels) {
                Ok(()) => Ok(()),
                Err(row) => refuse(row, "holds a number beyond the range of i64"),
            },
            Role::Groups | Role::Ids => {
                let keys = if *role == Role::Groups {
                    &mut chunk.groups
                } else {
                    &mut chunk.ids
                };
                if let Some(texts) = column.as_string_opt::<i32>() {
                    keys.texts_mut()
                        .extend(texts.iter().flatten().map(str::to_owned));
                    return Ok(());
                }
                match append_ints(&column, keys.ints_mut()) {
                    Ok(()) => Ok(()),
                    Err(row) => refuse(row, "holds a number beyond the range of i64"),
                }
            }
        }
    }
}

impl ShardReader for Reader {
    fn append(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<usize, DataError> {
        if self.left == 0 || max_rows == 0 {
            return Ok(0);
        }
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None => {
                self.used = 0;
                self.next_batch()?
            }
        };
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let rows = (batch.num_rows() - self.used).min(max_rows).min(left);
        for index in 0..self.columns.len() {
            self.column(&batch, index, rows, chunk)?;
        }
        self.used += rows;
        self.done += rows as u64;
        self.left -= rows as u64;
        if self.used < batch.num_rows() {
            self.batch = Some(batch);
        }
        Ok(rows)
    }
}

/// Appends lists that must all have `width` items, none of them null.
fn append_lists(list: &ListArray, width: usize, out: &mut Vec<f32>) -> Result<(), (usize, String)> {
    let ragged =
        (0..list.len()).find(|&row| list.value_length(row).unsigned_abs() as usize != width);
    if let Some(row) = ragged {
        return Err((
            row,
            format!(
                "has {} numbers where the first row has {width}; every row needs the same",
                list.value_length(row)
            ),
        ));
    }
    let start = list
        .value_offsets()
        .first()
        .map_or(0, |&offset| offset.unsigned_abs() as usize);
    let values = list.values().slice(start, list.len() * width);
    if let Some(at) = (0..values.len()).find(|&at| values.is_null(at)) {
        return Err((
            at / width,
            format!("is null in column {}; fill it or drop the row", at % width),
        ));
    }
    if let Some(values) = values.as_primitive_opt::<Float32Type>() {
        out.extend_from_slice(values.values());
    } else if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        out.extend(values.values().iter().map(|&x| x as f32));
    } else if let Some(values) = values.as_primitive_opt::<Float16Type>() {
        let at = out.len();
        out.resize(at + values.len(), 0.0);
        values.values().convert_to_f32_slice(&mut out[at..]);
    } else {
        return Err((0, "is no list of floats".to_owned()));
    }
    Ok(())
}

/// Appends integers of any width. The error is the row of one that is too large, or 0 where
/// there are no integers at all.
fn append_ints(column: &dyn Array, out: &mut Vec<i64>) -> Result<(), usize> {
    macro_rules! widen {
        ($($kind:ty),*) => {
            $(if let Some(values) = column.as_primitive_opt::<$kind>() {
                out.extend(values.values().iter().map(|&x| i64::from(x)));
                return Ok(());
            })*
        };
    }
    widen!(
        Int64Type, Int32Type, Int16Type, Int8Type, UInt32Type, UInt16Type, UInt8Type
    );
    let Some(values) = column.as_primitive_opt::<UInt64Type>() else {
        return Err(0);
    };
    for (row, &x) in values.values().iter().enumerate() {
        out.push(i64::try_from(x).map_err(|_| row)?);
    }
    Ok(())
}

fn damaged(bytes: &Bytes, error: impl std::error::Error) -> DataError {
    DataError::malformed(
        bytes.name(),
        format!("the Parquet file is damaged or cut short ({error}); write it anew"),
    )
}

/// [`Bytes`] as the Parquet library reads them.
struct Input(Bytes);

impl Length for Input {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Input {
    type T = BufReader<Section>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(self.0.section(start, self.0.len())))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<::bytes::Bytes> {
        let fits = start
            .checked_add(length as u64)
            .is_some_and(|end| end <= self.0.len());
        if !fits {
            return Err(ParquetError::EOF(
                "a range beyond the end of the file".to_owned(),
            ));
        }
        let mut buffer = vec![0; length];
        self.0
            .read_exact_at(&mut buffer, start)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(buffer.into())
    }
}
