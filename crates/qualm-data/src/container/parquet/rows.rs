use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ListArray, RecordBatch};
use half::slice::HalfFloatSliceExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::contained::contained;
use crate::bytes::Bytes;
use crate::role::Role;
use crate::shard::ShardReader;
use crate::{Chunk, DataError};

/// Streams the rows of one file, a batch at a time.
pub(super) struct Reader {
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
    /// Rows that the library decodes in one go.
    const MOST_ROWS: usize = 1 << 12;

    pub(super) fn new(
        bytes: &Bytes,
        columns: Vec<(Role, String, usize)>,
        batches: ParquetRecordBatchReader,
        rows: u64,
    ) -> Self {
        Self {
            bytes: bytes.clone(),
            columns,
            batches,
            batch: None,
            used: 0,
            done: 0,
            left: rows,
        }
    }

    /// Rows of about a megabyte.
    pub(super) fn rows_at_once(columns: &[(Role, String, usize)]) -> usize {
        const BATCH_NUMBERS: usize = 1 << 18;
        let numbers: usize = columns.iter().map(|(_, _, width)| width).sum();
        (BATCH_NUMBERS / numbers.max(1)).clamp(1, Self::MOST_ROWS)
    }

    fn next_batch(&mut self) -> Result<RecordBatch, DataError> {
        let batches = &mut self.batches;
        let batch = contained(&self.bytes, || batches.next().transpose())?;
        batch.filter(|batch| batch.num_rows() > 0).ok_or_else(|| {
            DataError::malformed(
                self.bytes.name(),
                "the footer promises more rows than the file holds; write it anew",
            )
        })
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
                    chunk.features.to_fill()
                } else {
                    chunk.logits.to_fill()
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

    fn skip(&mut self, rows: u64) -> Result<(), DataError> {
        let mut chunk = Chunk::default();
        let mut left = rows;
        while left > 0 {
            let most = left.min(Self::MOST_ROWS as u64) as usize;
            left -= self.append(&mut chunk, most)? as u64;
            chunk.clear(0);
        }
        Ok(())
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
