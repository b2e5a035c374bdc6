//! A table as CSV, for spreadsheets and data frames.

use std::iter;

use crate::model::{Cell, Table};

/// One table as CSV: RFC 4180 with a header line, lines ended by LF as shells like them.
///
/// Numbers are written in full precision (`NaN`, `inf` and `-inf` by name)
/// and missing cells are empty. A column with an interval in any row becomes
/// three, `name`, `name lo` and `name hi`. Title, note and emphasis have no
/// place in CSV. Words are written as they are: a spreadsheet may take one
/// that begins with `=` for a formula, so import untrusted names as text.
///
/// ```
/// use qualm_report::{Cell, Column, Table, to_csv};
///
/// let table = Table::new([Column::text("set"), Column::number("AUROC")])
///     .row([Cell::text("textures"), Cell::interval(0.939, 0.925, 0.951, 3)])
///     .row([Cell::text("noise, grey"), Cell::Missing]);
/// assert_eq!(
///     to_csv(&table),
///     "set,AUROC,AUROC lo,AUROC hi\n\
///      textures,0.939,0.925,0.951\n\
///      \"noise, grey\",,,\n"
/// );
/// ```
#[must_use]
pub fn to_csv(table: &Table) -> String {
    let triple: Vec<bool> = (0..table.width())
        .map(|column| {
            let mut cells = table.rows.iter().filter_map(|row| row.get(column));
            cells.any(|cell| matches!(cell.plain(), Cell::Interval { .. }))
        })
        .collect();
    let header = triple.iter().enumerate().flat_map(|(column, &triple)| {
        let name = table.column_name(column);
        let ends = [format!("{name} lo"), format!("{name} hi")];
        iter::once(name.to_owned()).chain(ends.into_iter().filter(move |_| triple))
    });
    let mut csv = record(header);
    for row in table.full_rows() {
        csv += &record(row.iter().zip(&triple).flat_map(|(cell, &triple)| {
            let [value, lo, hi] = fields(cell);
            iter::once(value).chain([lo, hi].into_iter().filter(move |_| triple))
        }));
    }
    csv
}

/// The value of a cell and, for an interval, its ends.
fn fields(cell: &Cell) -> [String; 3] {
    match cell.plain() {
        Cell::Text(text) => [text.clone(), String::new(), String::new()],
        Cell::Number { value, .. } | Cell::PValue(value) => {
            [exact(*value), String::new(), String::new()]
        }
        Cell::Interval { value, lo, hi, .. } => [exact(*value), exact(*lo), exact(*hi)],
        Cell::Missing | Cell::Strong(_) => Default::default(),
    }
}

/// The shortest text that reads back as the same number; an exponent keeps
/// extremes from filling the line with zeros.
fn exact(value: f64) -> String {
    format!("{value:?}")
}

fn record(fields: impl Iterator<Item = String>) -> String {
    let mut line = fields.map(|f| quoted(&f)).collect::<Vec<_>>().join(",");
    if line.is_empty() {
        // A blank line is no record to most readers; one empty field is.
        line.push_str("\"\"");
    }
    line + "\n"
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;
    use proptest::prelude::*;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        for (field, csv) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hm\"", "\"say \"\"hm\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(quoted(field), csv);
        }
    }

    #[test]
    fn numbers_are_exact() {
        let table = Table::new([Column::number("a"), Column::number("p")])
            .row([Cell::number(0.1 + 0.2, 1).strong(), Cell::PValue(1e-300)]);
        assert_eq!(to_csv(&table), "a,p\n0.30000000000000004,1e-300\n");
        assert_eq!(exact(f64::NAN), "NaN");
        assert_eq!(exact(f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn only_columns_with_intervals_become_three() {
        let table = Table::new([Column::number("a"), Column::number("b")])
            .row([Cell::number(1.0, 0), Cell::number(2.0, 0)])
            .row([Cell::Missing, Cell::interval(3.0, 2.5, f64::INFINITY, 0)]);
        assert_eq!(to_csv(&table), "a,b,b lo,b hi\n1.0,2.0,,\n,3.0,2.5,inf\n");
    }

    #[test]
    fn an_empty_field_alone_is_still_a_record() {
        let table = Table::new([Column::text("a")]).row([Cell::Missing]);
        assert_eq!(to_csv(&table), "a\n\"\"\n");
    }

    proptest! {
        #[test]
        fn quoting_can_be_undone(field in any::<String>()) {
            let quoted = quoted(&field);
            let undone = match quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')) {
                Some(inner) => inner.replace("\"\"", "\""),
                None => {
                    prop_assert!(!quoted.contains([',', '"', '\r', '\n']));
                    quoted
                }
            };
            prop_assert_eq!(undone, field);
        }
    }
}
