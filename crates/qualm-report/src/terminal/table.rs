//! Tables that fit a terminal.

use std::ops::Range;

use comfy_table::{
    Attribute, Cell as Laid, CellAlignment, ContentArrangement, LineStyle, TableStyle,
};

use crate::model::{Align, Cell, Table};
use crate::text::one_line;

/// Horizontal rules alone: columns are told apart by space.
const STYLE: TableStyle = TableStyle::new()
    .top_border(RULE)
    .header_separator(RULE)
    .bottom_border(RULE);
const RULE: LineStyle = LineStyle::none().fill('─').junction('─');

/// Columns of text around the content of a cell, together.
const PADDING: usize = 2;

/// Columns of text between two cells.
const BETWEEN: usize = 1;

/// The table, or where it is too wide groups of its columns that each begin
/// with the first column, as text.
pub(super) fn groups(table: &Table, width: usize, color: bool) -> Vec<String> {
    let widths: Vec<usize> = laid_out(table, 0..table.width(), color)
        .column_max_content_widths()
        .into_iter()
        .map(|content| usize::from(content) + PADDING)
        .collect();
    split(&widths, width)
        .into_iter()
        .map(|columns| {
            let mut group = laid_out(table, columns, color);
            group
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(u16::try_from(width).unwrap_or(u16::MAX));
            trimmed(&group)
        })
        .collect()
}

/// Columns of the groups, without the first that all of them share: as many
/// as fit, one at least.
fn split(widths: &[usize], width: usize) -> Vec<Range<usize>> {
    let Some((&first, others)) = widths.split_first() else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    let mut group = 1..1;
    let mut used = first;
    for (column, &needed) in (1..).zip(others) {
        if group.start < group.end && used + BETWEEN + needed > width {
            groups.push(std::mem::replace(&mut group, column..column));
            used = first;
        }
        group.end = column + 1;
        used += BETWEEN + needed;
    }
    groups.push(group);
    groups
}

/// The first column and these others.
fn laid_out(table: &Table, others: Range<usize>, color: bool) -> comfy_table::Table {
    let first = usize::from(table.width() > 0);
    let columns: Vec<usize> = (0..first).chain(others.start.max(1)..others.end).collect();
    let mut laid = comfy_table::Table::new();
    // Whether to style is the caller's decision, not that of standard output.
    laid.load_style(STYLE).force_no_tty();
    if color {
        laid.enforce_styling();
    }
    laid.set_header(columns.iter().map(|&c| {
        bold(Laid::new(one_line(table.column_name(c))), color)
            .set_alignment(alignment(table.column_align(c)))
    }));
    for row in table.full_rows() {
        laid.add_row(columns.iter().filter_map(|&c| {
            let cell = row.get(c)?;
            Some(laid_cell(cell, color).set_alignment(alignment(table.column_align(c))))
        }));
    }
    laid
}

fn laid_cell(cell: &Cell, color: bool) -> Laid {
    let text = one_line(&cell.to_string());
    match (cell.is_strong(), color) {
        (true, true) => bold(Laid::new(text), true),
        (true, false) => Laid::new(format!("*{text}")),
        (false, _) => Laid::new(text),
    }
}

fn bold(cell: Laid, color: bool) -> Laid {
    if color {
        cell.add_attribute(Attribute::Bold)
    } else {
        cell
    }
}

fn alignment(align: Align) -> CellAlignment {
    match align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    }
}

/// The text without blanks at the ends of lines.
fn trimmed(table: &comfy_table::Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;

    fn table() -> Table {
        Table::new([
            Column::text("set"),
            Column::number("ViM"),
            Column::number("MSP"),
        ])
        .row([
            Cell::text("textures"),
            Cell::interval(0.939, 0.925, 0.951, 3).strong(),
            Cell::interval(0.858, 0.84, 0.87, 3),
        ])
    }

    #[test]
    fn a_table_that_fits_stays_whole() {
        let groups = groups(&table(), 80, false);
        assert_eq!(
            groups,
            [[
                "─────────────────────────────────────────────────────────",
                " set                          ViM                    MSP",
                "─────────────────────────────────────────────────────────",
                " textures   *0.939 [0.925, 0.951]   0.858 [0.840, 0.870]",
                "─────────────────────────────────────────────────────────",
            ]
            .join("\n")]
        );
    }

    #[test]
    fn a_wide_table_repeats_its_first_column() {
        let groups = groups(&table(), 40, false);
        assert_eq!(groups.len(), 2);
        for (group, method) in groups.iter().zip(["ViM", "MSP"]) {
            assert!(
                group.contains("textures") && group.contains(method),
                "{group}"
            );
        }
    }

    #[test]
    fn a_cell_wraps_only_where_one_column_alone_is_too_wide() {
        for width in 37..90 {
            let all = groups(&table(), width, false).join("\n");
            assert!(all.contains("*0.939 [0.925, 0.951]"), "{width}\n{all}");
            assert!(all.contains("0.858 [0.840, 0.870]"), "{width}\n{all}");
        }
    }

    #[test]
    fn splitting_fills_each_group() {
        assert_eq!(split(&[10, 10, 10, 10], 32), [1..3, 3..4]);
        assert_eq!(split(&[10, 50, 10], 30), [1..2, 2..3]);
        assert_eq!(split(&[10], 30).first(), Some(&(1..1)));
        assert_eq!(split(&[], 30), []);
    }

    #[test]
    fn bold_is_left_to_the_caller() {
        assert!(groups(&table(), 80, true)[0].contains("\u{1b}[1m"));
        assert!(!groups(&table(), 80, false)[0].contains('\u{1b}'));
    }
}
