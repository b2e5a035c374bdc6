use std::io::{self, Write};

use super::column::{Cell, TableColumn};
use super::output::Output;
use super::{Encoder, TableField};
use crate::Key;

/// Writes CSV: RFC 4180 with a header line, lines ended by LF as shells like them.
///
/// Numbers are the shortest text that reads back as the same number, with `inf`, `-inf` and `NaN`
/// by name; flags are 1 and 0, which every reader of CSV can sum; a missing value is an empty
/// field, an empty text is `""`.
pub(super) struct CsvEncoder {
    output: Output,
    /// The line that is being made.
    line: Vec<u8>,
}

impl CsvEncoder {
    pub(super) fn new(output: Output, fields: &[TableField]) -> io::Result<Self> {
        let mut encoder = Self {
            output,
            line: Vec::new(),
        };
        let names = fields
            .iter()
            .map(|field| Some(Cell::Key(Key::Text(&field.name))));
        encoder.record(names)?;
        Ok(encoder)
    }

    fn record<'a>(&mut self, cells: impl Iterator<Item = Option<Cell<'a>>>) -> io::Result<()> {
        let line = &mut self.line;
        line.clear();
        for (column, cell) in cells.enumerate() {
            if column > 0 {
                line.push(b',');
            }
            match cell {
                None => {}
                Some(Cell::Key(Key::Int(key))) => write!(line, "{key}")?,
                Some(Cell::Key(Key::Text(text))) => text_field(text, line),
                Some(Cell::Float(number)) => write!(line, "{number:?}")?,
                Some(Cell::Flag(flag)) => line.push(if flag { b'1' } else { b'0' }),
            }
        }
        if line.is_empty() {
            // Readers pass over a blank line; one empty field is a record.
            line.extend(b"\"\"");
        }
        line.push(b'\n');
        self.output.write_all(line)
    }
}

impl Encoder for CsvEncoder {
    fn append(&mut self, columns: &[TableColumn<'_>], rows: usize) -> io::Result<()> {
        (0..rows).try_for_each(|row| self.record(columns.iter().map(|column| column.cell(row))))
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        Ok(self.output)
    }
}

/// Quotes a text where it must be, or where it is empty and would look like a missing value.
fn text_field(text: &str, line: &mut Vec<u8>) {
    if !text.is_empty() && !text.contains([',', '"', '\r', '\n']) {
        line.extend(text.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::written;
    use super::*;
    use crate::{KeyColumn, TableFormat};

    fn csv(fields: &[TableField], batches: &[&[TableColumn<'_>]]) -> String {
        String::from_utf8(written(TableFormat::Csv, fields, batches)).unwrap()
    }

    /// A reader of RFC 4180 with plain line feeds that knows nothing of the writer: records of fields.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        let (mut record, mut field) = (Vec::new(), String::new());
        let mut quoted = false;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '"' if !quoted => quoted = true,
                '"' if characters.peek() == Some(&'"') => field.extend(characters.next()),
                '"' => quoted = false,
                ',' if !quoted => record.push(std::mem::take(&mut field)),
                '\n' if !quoted => {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                c => field.push(c),
            }
        }
        assert!(!quoted && field.is_empty() && record.is_empty(), "{text:?}");
        records
    }

    #[test]
    fn every_kind_of_value_worked_by_hand() {
        let fields = [
            TableField::key("id"),
            TableField::float("vim, \"near\".score"),
            TableField::float("vim.p"),
            TableField::flag("vim.flag"),
        ];
        let ids = KeyColumn::Text(vec!["a".into(), "".into(), "b,\"c\"\r\nd".into()]);
        let columns = [
            TableColumn::Keys(&ids),
            TableColumn::Floats(&[0.1 + 0.2, f64::NEG_INFINITY, f64::NAN]),
            TableColumn::OptionalFloats(&[Some(1e-300), None, Some(1.0)]),
            TableColumn::OptionalFlags(&[Some(true), Some(false), None]),
        ];
        assert_eq!(
            csv(&fields, &[&columns]),
            "id,\"vim, \"\"near\"\".score\",vim.p,vim.flag\n\
             a,0.30000000000000004,1e-300,1\n\
             \"\",-inf,,0\n\
             \"b,\"\"c\"\"\r\nd\",NaN,1.0,\n"
        );
    }

    #[test]
    fn a_table_without_rows_has_its_header_and_a_row_without_values_its_line() {
        assert_eq!(csv(&[TableField::key("id")], &[]), "id\n");
        let missing = [TableColumn::OptionalFloats(&[None])];
        assert_eq!(csv(&[TableField::float("p")], &[&missing]), "p\n\"\"\n");
    }

    /// The columns id, score and flag of some rows.
    #[derive(Debug, Default)]
    struct Part {
        ids: Vec<String>,
        scores: Vec<f64>,
        flags: Vec<bool>,
    }

    fn part(rows: &[(String, f64, bool)]) -> Part {
        Part {
            ids: rows.iter().map(|row| row.0.clone()).collect(),
            scores: rows.iter().map(|row| row.1).collect(),
            flags: rows.iter().map(|row| row.2).collect(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            rows in proptest::collection::vec(
                ("(?s).*|[\",\r\n a]*", proptest::num::f64::ANY, any::<bool>()),
                0..20,
            ),
            name in "(?s).+",
            cut in 0usize..20,
        ) {
            let fields = [TableField::key(&name), TableField::float("s"), TableField::flag("f")];
            let (head, tail) = rows.split_at(cut.min(rows.len()));
            let parts = [part(head), part(tail)];
            let ids = [0, 1].map(|at| KeyColumn::Text(parts[at].ids.clone()));
            let batches = [0, 1].map(|at| {
                [
                    TableColumn::Keys(&ids[at]),
                    TableColumn::Floats(&parts[at].scores),
                    TableColumn::Flags(&parts[at].flags),
                ]
            });
            let records = parse(&csv(&fields, &[&batches[0], &batches[1]]));
            prop_assert_eq!(&records[0], &[name, "s".into(), "f".into()]);
            prop_assert_eq!(records.len(), rows.len() + 1);
            for (record, (id, score, flag)) in records[1..].iter().zip(&rows) {
                prop_assert_eq!(&record[0], id);
                let read: f64 = record[1].parse().unwrap();
                prop_assert!(read.to_bits() == score.to_bits() || read.is_nan() && score.is_nan());
                prop_assert_eq!(&record[2], if *flag { "1" } else { "0" });
            }
        }
    }
}
