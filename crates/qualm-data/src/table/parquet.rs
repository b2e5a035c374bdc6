use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::column::{Stored, TableColumn};
use super::output::Output;
use super::{Encoder, TableField};
use crate::KeyColumn;

/// A group of rows is written out when it takes this much memory.
const GROUP_BYTES: usize = 32 << 20;

/// Writes Parquet: one column a column, groups of rows of bounded size, compressed with Snappy.
/// Numbers and flags can be null, where a value is missing.
pub(super) struct ParquetEncoder {
    writer: ArrowWriter<Output>,
    schema: Arc<Schema>,
}

impl ParquetEncoder {
    pub(super) fn new(
        output: Output,
        fields: &[TableField],
        stored: &[Stored],
    ) -> io::Result<Self> {
        let field = |(field, stored): (&TableField, &Stored)| {
            let (kind, optional) = match stored {
                Stored::Int => (DataType::Int64, false),
                Stored::Text => (DataType::Utf8, false),
                Stored::Float => (DataType::Float64, true),
                Stored::Flag => (DataType::Boolean, true),
            };
            Field::new(&field.name, kind, optional)
        };
        let fields: Vec<Field> = fields.iter().zip(stored).map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties));
        Ok(Self {
            writer: writer.map_err(plain)?,
            schema,
        })
    }
}

impl Encoder for ParquetEncoder {
    fn append(&mut self, columns: &[TableColumn<'_>], _rows: usize) -> io::Result<()> {
        let arrays = columns.iter().map(array).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(plain)?;
        if self.writer.memory_size() > GROUP_BYTES {
            self.writer.flush().map_err(plain)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        self.writer.into_inner().map_err(plain)
    }
}

fn array(column: &TableColumn<'_>) -> ArrayRef {
    match column {
        TableColumn::Keys(KeyColumn::Int(keys)) => Arc::new(Int64Array::from(keys.clone())),
        TableColumn::Keys(KeyColumn::Text(keys)) => Arc::new(StringArray::from_iter_values(keys)),
        TableColumn::Floats(values) => Arc::new(Float64Array::from(values.to_vec())),
        TableColumn::OptionalFloats(values) => Arc::new(Float64Array::from(values.to_vec())),
        TableColumn::Flags(values) => Arc::new(BooleanArray::from(values.to_vec())),
        TableColumn::OptionalFlags(values) => Arc::new(BooleanArray::from(values.to_vec())),
    }
}

/// The error of the operating system inside, where there is one: a broken pipe must look like one.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(system) => *system,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};
    use arrow_array::{Array, RecordBatchReader};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::super::testing::written;
    use super::*;
    use crate::TableFormat;

    fn read(bytes: Vec<u8>) -> (usize, RecordBatch) {
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        let groups = builder.metadata().num_row_groups();
        let reader = builder.with_batch_size(1 << 20).build().unwrap();
        let empty = RecordBatch::new_empty(reader.schema());
        (groups, reader.map(Result::unwrap).next().unwrap_or(empty))
    }

    #[test]
    fn arrow_finds_every_column() {
        let fields = [
            TableField::key("id"),
            TableField::key("row"),
            TableField::float("score"),
            TableField::float("p"),
            TableField::flag("flag"),
            TableField::flag("maybe"),
        ];
        let ids = KeyColumn::Text(vec!["a".into(), "grün, \"b\"".into()]);
        let rows = KeyColumn::Int(vec![i64::MIN, 1]);
        let columns = [
            TableColumn::Keys(&ids),
            TableColumn::Keys(&rows),
            TableColumn::Floats(&[f64::NEG_INFINITY, 0.1]),
            TableColumn::OptionalFloats(&[None, Some(f64::NAN)]),
            TableColumn::Flags(&[true, false]),
            TableColumn::OptionalFlags(&[Some(true), None]),
        ];
        let (groups, batch) = read(written(TableFormat::Parquet, &fields, &[&columns]));
        assert_eq!((groups, batch.num_rows()), (1, 2));
        let of = |name: &str| batch.column_by_name(name).unwrap();
        assert_eq!(of("id").as_string::<i32>().value(1), "grün, \"b\"");
        assert_eq!(
            of("row").as_primitive::<Int64Type>().values()[..],
            [i64::MIN, 1]
        );
        let score = of("score").as_primitive::<Float64Type>();
        assert_eq!(score.values()[..], [f64::NEG_INFINITY, 0.1]);
        let p = of("p").as_primitive::<Float64Type>();
        assert!(p.is_null(0) && p.is_valid(1) && p.value(1).is_nan());
        let flag = of("flag").as_boolean();
        assert!(flag.value(0) && !flag.value(1));
        assert!(of("maybe").as_boolean().is_null(1));
    }

    #[test]
    fn a_table_without_rows_keeps_its_columns() {
        let fields = [TableField::key("id"), TableField::flag("flag")];
        let (_, batch) = read(written(TableFormat::Parquet, &fields, &[]));
        assert_eq!((batch.num_rows(), batch.num_columns()), (0, 2));
    }

    #[test]
    fn long_tables_are_written_in_groups() {
        let fields = [TableField::key("id"), TableField::float("row")];
        // 80 MB of text in 80 rows, from a generator of noise so that it cannot be compressed.
        let mut state = 1u64;
        let mut noise = || {
            let letter = |_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from((state >> 57) as u8)
            };
            (0..1 << 20).map(letter).collect::<String>()
        };
        let ids: Vec<KeyColumn> = (0..80).map(|_| KeyColumn::Text(vec![noise()])).collect();
        let numbers: Vec<f64> = (0..80).map(f64::from).collect();
        let batches: Vec<[TableColumn<'_>; 2]> = (0..80)
            .map(|at| {
                [
                    TableColumn::Keys(&ids[at]),
                    TableColumn::Floats(&numbers[at..=at]),
                ]
            })
            .collect();
        let batches: Vec<&[TableColumn<'_>]> = batches.iter().map(|batch| &batch[..]).collect();
        let (groups, batch) = read(written(TableFormat::Parquet, &fields, &batches));
        assert!(groups > 1, "{groups}");
        let row = batch.column_by_name("row").unwrap();
        assert_eq!(row.as_primitive::<Float64Type>().values()[..], numbers);
    }
}
