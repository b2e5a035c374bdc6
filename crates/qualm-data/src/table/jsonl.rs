use std::io::{self, Write};

use super::column::{Cell, TableColumn};
use super::output::Output;
use super::{Encoder, TableField};
use crate::Key;

/// Writes JSON Lines: one object a row, with the columns in their order.
///
/// JSON has no numbers beyond the finite ones: `inf`, `-inf` and `NaN` become `null`, as missing
/// values do.
pub(super) struct JsonlEncoder {
    output: Output,
    /// What stands before each value: brace or comma, name, colon.
    leads: Vec<Vec<u8>>,
    /// The line that is being made.
    line: Vec<u8>,
}

impl JsonlEncoder {
    pub(super) fn new(output: Output, fields: &[TableField]) -> io::Result<Self> {
        let mut leads = Vec::new();
        for (column, field) in fields.iter().enumerate() {
            let mut lead = vec![if column == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut lead, &field.name)?;
            lead.push(b':');
            leads.push(lead);
        }
        Ok(Self {
            output,
            leads,
            line: Vec::new(),
        })
    }
}

impl Encoder for JsonlEncoder {
    fn append(&mut self, columns: &[TableColumn<'_>], rows: usize) -> io::Result<()> {
        for row in 0..rows {
            self.line.clear();
            for (lead, column) in self.leads.iter().zip(columns) {
                self.line.extend(lead);
                value(column.cell(row), &mut self.line)?;
            }
            self.line.extend(b"}\n");
            self.output.write_all(&self.line)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        Ok(self.output)
    }
}

fn value(cell: Option<Cell<'_>>, line: &mut Vec<u8>) -> io::Result<()> {
    match cell {
        Some(Cell::Key(Key::Int(key))) => write!(line, "{key}"),
        Some(Cell::Key(Key::Text(text))) => Ok(serde_json::to_writer(line, text)?),
        Some(Cell::Float(number)) if number.is_finite() => write!(line, "{number:?}"),
        Some(Cell::Flag(flag)) => write!(line, "{flag}"),
        Some(Cell::Float(_)) | None => line.write_all(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::testing::written;
    use super::*;
    use crate::{KeyColumn, TableFormat};

    fn lines(fields: &[TableField], batches: &[&[TableColumn<'_>]]) -> Vec<Value> {
        let text = String::from_utf8(written(TableFormat::Jsonl, fields, batches)).unwrap();
        let parse = |line: &str| serde_json::from_str(line).unwrap();
        assert!(text.is_empty() || text.ends_with("}\n"));
        text.lines().map(parse).collect()
    }

    #[test]
    fn every_kind_of_value_worked_by_hand() {
        let fields = [
            TableField::key("id"),
            TableField::float("the \"score\""),
            TableField::flag("flag"),
        ];
        let ids = KeyColumn::Int(vec![7, i64::MIN]);
        let first = [
            TableColumn::Keys(&ids),
            TableColumn::Floats(&[1e300, f64::INFINITY]),
            TableColumn::OptionalFlags(&[Some(true), None]),
        ];
        let rows = lines(&fields, &[&first]);
        assert_eq!(
            rows[0],
            json!({"id": 7, "the \"score\"": 1e300, "flag": true})
        );
        assert_eq!(
            rows[1],
            json!({"id": i64::MIN, "the \"score\"": null, "flag": null})
        );
        assert_eq!(rows.len(), 2);
        assert!(lines(&fields, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(id in "(?s).*", score in proptest::num::f64::ANY) {
            let ids = KeyColumn::Text(vec![id.clone()]);
            let fields = [TableField::key("id"), TableField::float("score")];
            let scores = [score];
            let columns = [TableColumn::Keys(&ids), TableColumn::Floats(&scores)];
            let rows = lines(&fields, &[&columns]);
            prop_assert_eq!(rows[0]["id"].as_str(), Some(id.as_str()));
            let read = rows[0]["score"].as_f64();
            prop_assert_eq!(read.map(f64::to_bits), score.is_finite().then(|| score.to_bits()));
        }
    }
}
