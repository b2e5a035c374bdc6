use std::io::{self, Write};

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::column::{Cell, Stored, TableColumn};
use super::output::Output;
use super::{Encoder, TableField};
use crate::{DataError, Key};

/// Writes safetensors: one array a column, as `I64`, `F64`, `BOOL`, or for text a `U8` matrix of
/// UTF-8 bytes padded with zeros.
///
/// The header tells the number of rows before the first of them, and each column stands in one
/// piece, so all rows are kept in memory until the end.
pub(super) struct SafetensorsEncoder {
    /// Path or stream, for errors.
    name: String,
    output: Output,
    columns: Vec<Kept>,
    rows: usize,
}

/// A column as far as it has come.
struct Kept {
    name: String,
    stored: Stored,
    bytes: Vec<u8>,
    /// Where each text ends in `bytes`.
    ends: Vec<usize>,
}

impl SafetensorsEncoder {
    pub(super) fn new(
        name: &str,
        output: Output,
        fields: &[TableField],
        stored: &[Stored],
    ) -> Self {
        let kept = |(field, &stored): (&TableField, &Stored)| Kept {
            name: field.name.clone(),
            stored,
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        Self {
            name: name.to_owned(),
            output,
            columns: fields.iter().zip(stored).map(kept).collect(),
            rows: 0,
        }
    }
}

impl Encoder for SafetensorsEncoder {
    fn append(&mut self, columns: &[TableColumn<'_>], rows: usize) -> io::Result<()> {
        for (kept, column) in self.columns.iter_mut().zip(columns) {
            for row in 0..rows {
                match column.cell(row) {
                    Some(Cell::Key(Key::Int(key))) => kept.bytes.extend(key.to_le_bytes()),
                    Some(Cell::Key(Key::Text(text))) => {
                        kept.bytes.extend(text.as_bytes());
                        kept.ends.push(kept.bytes.len());
                    }
                    Some(Cell::Float(number)) => kept.bytes.extend(number.to_le_bytes()),
                    Some(Cell::Flag(flag)) => kept.bytes.push(flag.into()),
                    None => {
                        return Err(io::Error::other(DataError::malformed(
                            &self.name,
                            format!(
                                "row {} has no `{}`, and safetensors holds no missing values; \
                                 write CSV, JSONL or Parquet",
                                self.rows + row,
                                kept.name
                            ),
                        )));
                    }
                }
            }
        }
        self.rows += rows;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Output> {
        // Widest items first, so that each array starts where its items are aligned.
        self.columns.sort_by_key(|kept| match kept.stored {
            Stored::Int | Stored::Float => 0,
            Stored::Flag | Stored::Text => 1,
        });
        let mut start = 0;
        let mut tensors = Vec::new();
        for kept in &self.columns {
            let end = start + kept.stored_bytes()?;
            let info = TensorInfo {
                dtype: kept.dtype(),
                shape: match kept.stored {
                    Stored::Text => vec![self.rows, kept.text_width()],
                    _ => vec![self.rows],
                },
                data_offsets: (start, end),
            };
            tensors.push((kept.name.clone(), info));
            start = end;
        }
        let metadata = Metadata::new(None, tensors).map_err(io::Error::other)?;
        let mut header = serde_json::to_vec(&metadata)?;
        header.resize(header.len().next_multiple_of(8), b' ');
        let output = &mut self.output;
        output.write_all(&(header.len() as u64).to_le_bytes())?;
        output.write_all(&header)?;
        for kept in &self.columns {
            kept.write(output)?;
        }
        Ok(self.output)
    }
}

impl Kept {
    fn dtype(&self) -> Dtype {
        match self.stored {
            Stored::Int => Dtype::I64,
            Stored::Float => Dtype::F64,
            Stored::Flag => Dtype::BOOL,
            Stored::Text => Dtype::U8,
        }
    }

    /// Bytes of the column in the file.
    fn stored_bytes(&self) -> io::Result<usize> {
        match self.stored {
            Stored::Text => self
                .ends
                .len()
                .checked_mul(self.text_width())
                .ok_or_else(|| io::Error::other("its texts are too long for a matrix of bytes")),
            _ => Ok(self.bytes.len()),
        }
    }

    /// Bytes of the longest text, two at least: a column of single bytes would be read as numbers.
    fn text_width(&self) -> usize {
        self.texts().map(<[u8]>::len).max().unwrap_or(0).max(2)
    }

    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }

    fn write(&self, output: &mut Output) -> io::Result<()> {
        if self.stored != Stored::Text {
            return output.write_all(&self.bytes);
        }
        let zeros = vec![0; self.text_width()];
        self.texts().try_for_each(|text| {
            output.write_all(text)?;
            output.write_all(&zeros[text.len()..])
        })
    }
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::super::testing::{failure, written};
    use super::*;
    use crate::{KeyColumn, TableFormat};

    #[test]
    fn another_reader_finds_every_column() {
        let fields = [
            TableField::flag("flag"),
            TableField::key("id"),
            TableField::float("score"),
            TableField::key("row"),
        ];
        let ids = ["grün", "", "c"].map(|id| KeyColumn::Text(vec![id.into()]));
        let rows = [3, 4, 5].map(|row| KeyColumn::Int(vec![row]));
        let scores = [0.5, f64::NAN, -1e300];
        let flags = [true, false, true];
        let batches: Vec<[TableColumn<'_>; 4]> = (0..3)
            .map(|at| {
                [
                    TableColumn::Flags(&flags[at..=at]),
                    TableColumn::Keys(&ids[at]),
                    TableColumn::Floats(&scores[at..=at]),
                    TableColumn::Keys(&rows[at]),
                ]
            })
            .collect();
        let batches: Vec<&[TableColumn<'_>]> = batches.iter().map(|batch| &batch[..]).collect();
        let bytes = written(TableFormat::Safetensors, &fields, &batches);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.len(), 4);

        let score = file.tensor("score").unwrap();
        assert_eq!((score.dtype(), score.shape()), (Dtype::F64, &[3][..]));
        let bits = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        let read: Vec<u64> = score.data().chunks(8).map(bits).collect();
        assert_eq!(read, scores.map(f64::to_bits));
        // Numbers can be used in place.
        assert_eq!(
            (score.data().as_ptr() as usize - bytes.as_ptr() as usize) % 8,
            0
        );

        let flag = file.tensor("flag").unwrap();
        assert_eq!((flag.dtype(), flag.data()), (Dtype::BOOL, &[1, 0, 1][..]));
        let id = file.tensor("id").unwrap();
        assert_eq!((id.dtype(), id.shape()), (Dtype::U8, &[3, 5][..]));
        assert_eq!(id.data(), "grün\0\0\0\0\0c\0\0\0\0".as_bytes());
        let row = file.tensor("row").unwrap();
        assert_eq!(
            row.data().chunks(8).map(bits).collect::<Vec<_>>(),
            [3, 4, 5]
        );
    }

    #[test]
    fn a_table_without_rows_is_a_file() {
        let fields = [TableField::key("id"), TableField::float("score")];
        let bytes = written(TableFormat::Safetensors, &fields, &[]);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("id").unwrap().shape(), [0]);
    }

    #[test]
    fn a_missing_value_is_refused_with_its_row() {
        let fields = [TableField::float("p")];
        let full = [TableColumn::Floats(&[1.0, 2.0])];
        let missing = [TableColumn::OptionalFloats(&[Some(1.0), None])];
        let error = failure(TableFormat::Safetensors, &fields, &[&full, &missing]).to_string();
        assert!(error.starts_with("a stream: row 3 has no `p`"), "{error}");
    }
}
