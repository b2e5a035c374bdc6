mod contained;
mod pages;
mod rows;

use std::fmt;
use std::io::BufReader;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

use crate::bytes::{Bytes, Section};
use crate::role::Role;
use crate::shard::{Chosen, Shard};
use crate::spec::Names;
use crate::{ArrayInfo, DType, DataError, FloatType};

use contained::contained;
use pages::Groups;
use rows::Reader;

/// Opens a Parquet file whose columns make a feature set: lists of floats, all of one length, and
/// integers or texts.
pub(crate) fn open(bytes: &Bytes, names: &Names) -> Result<Shard, DataError> {
    let file = ParquetFile::open(bytes)?;
    for role in Role::ALL {
        // Before shapes, since the length of lists that cannot be read is not known.
        if let Some(at) = names.find(bytes.name(), role.name(), &file.infos)? {
            file.check_codec(&file.infos[at].name)?;
        }
    }
    let chosen = Chosen::new(bytes.name(), &file.infos, names)?;
    let mut columns = Vec::new();
    let mut wanted = Vec::new();
    for &(role, at) in &chosen.columns {
        let ArrayInfo {
            name, dtype, shape, ..
        } = &file.infos[at];
        let width = shape.get(1).map_or(1, |&width| width as usize);
        columns.push((role, name.clone(), dtype.clone()));
        wanted.push((role, name.clone(), width));
    }
    let roots: Vec<usize> = chosen.columns.iter().map(|&(_, at)| at).collect();
    let batches = file.batches(&roots, Reader::rows_at_once(&wanted))?;
    Ok(Shard {
        rows: file.rows,
        layout: chosen.layout,
        columns,
        reader: Box::new(Reader::new(bytes, wanted, batches, file.rows)),
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
        let metadata = contained(bytes, || {
            ArrowReaderMetadata::load(&Input(bytes.clone()), options)
        })?;
        check_footer(bytes, metadata.metadata())?;
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
        let mut batches = self.batches(&[at], 1)?;
        let Some(batch) = contained(&self.bytes, || batches.next().transpose())? else {
            return Ok(vec![self.rows, 0]);
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
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, roots.iter().copied());
        let groups = Groups {
            bytes: self.bytes.clone(),
            metadata: self.metadata.metadata().clone(),
        };
        contained(&self.bytes, || {
            let levels = parquet_to_arrow_field_levels(schema, mask, None)?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, rows, None)
        })
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

/// The library takes offsets, sizes and counts of the footer on trust.
fn check_footer(bytes: &Bytes, metadata: &ParquetMetaData) -> Result<(), DataError> {
    let group_fits = |group: &RowGroupMetaData| group.num_rows() >= 0;
    let column_fits = |column: &ColumnChunkMetaData| {
        let start = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let end = start.checked_add(column.compressed_size());
        start >= 0
            && column.compressed_size() >= 0
            && column.uncompressed_size() >= 0
            && column.num_values() >= 0
            && end.is_some_and(|end| end.unsigned_abs() <= bytes.len())
    };
    let groups = metadata.row_groups();
    if groups
        .iter()
        .all(|group| group_fits(group) && group.columns().iter().all(column_fits))
    {
        return Ok(());
    }
    Err(DataError::malformed(
        bytes.name(),
        "the Parquet footer points outside the file; it is damaged or cut short, so write it anew",
    ))
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

fn damaged(bytes: &Bytes, error: impl fmt::Display) -> DataError {
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
