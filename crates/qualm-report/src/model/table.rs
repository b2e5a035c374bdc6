//! Tables and what stands in their cells.

use std::cmp::Ordering;
use std::ops::Range;

use serde::Serialize;

/// Rows of cells under named columns.
///
/// A row may be shorter or longer than the list of columns: what it lacks is
/// shown as missing, and what it has beyond stands under an empty name.
///
/// ```
/// use qualm_report::{Best, Cell, Column, Table};
///
/// let mut table = Table::new([Column::text("set"), Column::number("ViM"), Column::number("MSP")])
///     .title("AUROC")
///     .row([Cell::text("textures"), Cell::number(0.939, 3), Cell::number(0.858, 3)]);
/// table.mark_best_in_rows(1..3, Best::Highest);
/// assert_eq!(table.rows[0][1], Cell::number(0.939, 3).strong());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Stands above the table.
    pub title: Option<String>,
    /// Names and alignment, left to right.
    pub columns: Vec<Column>,
    /// The cells, row by row.
    pub rows: Vec<Vec<Cell>>,
    /// Stands below the table: how to read it.
    pub note: Option<String>,
}

impl Table {
    /// A table of these columns, without rows.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            title: None,
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            note: None,
        }
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Appends a row.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Emphasises, in each row, the best number among these columns.
    ///
    /// Cells that show the same figure as the best one are all emphasised: a
    /// reader cannot see which of two equal figures won.
    pub fn mark_best_in_rows(&mut self, columns: Range<usize>, best: Best) {
        for row in &mut self.rows {
            let end = columns.end.min(row.len());
            if let Some(cells) = row.get_mut(columns.start..end) {
                mark_best(&mut cells.iter_mut().collect::<Vec<_>>(), best);
            }
        }
    }

    /// Emphasises the best number of one column, ties as in
    /// [`Table::mark_best_in_rows`].
    pub fn mark_best_in_column(&mut self, column: usize, best: Best) {
        let mut cells: Vec<&mut Cell> = self
            .rows
            .iter_mut()
            .filter_map(|row| row.get_mut(column))
            .collect();
        mark_best(&mut cells, best);
    }

    /// The number of columns that it takes to show every cell.
    pub(crate) fn width(&self) -> usize {
        self.rows
            .iter()
            .map(Vec::len)
            .chain([self.columns.len()])
            .max()
            .unwrap_or(0)
    }

    /// The name of a column, empty beyond the last.
    pub(crate) fn column_name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |c| c.name.as_str())
    }

    /// The alignment of a column, left beyond the last.
    pub(crate) fn column_align(&self, column: usize) -> Align {
        self.columns.get(column).map_or(Align::Left, |c| c.align)
    }

    /// The rows, each filled up to [`Table::width`].
    pub(crate) fn full_rows(&self) -> impl Iterator<Item = Vec<&Cell>> {
        let width = self.width();
        self.rows.iter().map(move |row| {
            row.iter()
                .chain(std::iter::repeat(&Cell::Missing))
                .take(width)
                .collect()
        })
    }
}

fn mark_best(cells: &mut [&mut Cell], best: Best) {
    let winner = cells
        .iter()
        .filter_map(|cell| Some((cell.value()?, cell.figure()?)))
        .filter(|(value, _)| value.is_finite())
        .max_by(|(a, _), (b, _)| best.order(*a, *b));
    let Some((_, figure)) = winner else { return };
    for cell in cells {
        if cell.figure().as_ref() == Some(&figure) {
            let plain = std::mem::replace(*cell, Cell::Missing);
            **cell = plain.strong();
        }
    }
}

/// Which of several numbers is the best.
///
/// ```
/// use qualm_report::{Best, Cell, Column, Table};
///
/// let mut table = Table::new([Column::number("FPR95")])
///     .row([Cell::number(0.4, 1)])
///     .row([Cell::number(0.1, 1)]);
/// table.mark_best_in_column(0, Best::Lowest);
/// assert!(table.rows[1][0].is_strong());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Best {
    /// As for an AUROC.
    Highest,
    /// As for an error.
    Lowest,
}

impl Best {
    fn order(self, a: f64, b: f64) -> Ordering {
        match self {
            Self::Highest => a.total_cmp(&b),
            Self::Lowest => b.total_cmp(&a),
        }
    }
}

/// The name of a column and the side on which its cells stand.
///
/// ```
/// use qualm_report::{Align, Column};
///
/// assert_eq!(Column::number("AUROC").align, Align::Right);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stands above the cells.
    pub name: String,
    /// The side on which the cells stand.
    pub align: Align,
}

impl Column {
    /// A column of words: aligned left.
    #[must_use]
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            align: Align::Left,
        }
    }

    /// A column of numbers: aligned right.
    #[must_use]
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            align: Align::Right,
        }
    }
}

/// The side on which the cells of a column stand.
///
/// ```
/// use qualm_report::{Align, Column};
///
/// assert_eq!(Column::text("set").align, Align::Left);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// What stands in a cell.
///
/// [`Display`](std::fmt::Display) gives the plain text that people read;
/// JSON and CSV keep the raw numbers.
///
/// ```
/// use qualm_report::Cell;
///
/// assert_eq!(Cell::interval(0.9652, 0.9581, 0.9714, 3).to_string(), "0.965 [0.958, 0.971]");
/// assert_eq!(Cell::PValue(0.0002).to_string(), "<0.001");
/// assert_eq!(Cell::Missing.to_string(), "–");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, shown as they are.
    Text(String),
    /// A number, shown with a fixed number of decimals.
    Number {
        /// The number in full precision.
        value: f64,
        /// Digits shown after the point.
        decimals: u8,
    },
    /// An estimate and its interval.
    Interval {
        /// The estimate in full precision.
        value: f64,
        /// The lower end.
        lo: f64,
        /// The upper end.
        hi: f64,
        /// Digits shown after the point.
        decimals: u8,
    },
    /// A p-value, shown as `0.012` or `<0.001`.
    PValue(f64),
    /// Nothing to show: a dash.
    Missing,
    /// Another cell, emphasised: the best of its row, say.
    Strong(Box<Cell>),
}

impl Cell {
    /// Words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number, shown with this many decimals.
    #[must_use]
    pub fn number(value: f64, decimals: u8) -> Self {
        Self::Number { value, decimals }
    }

    /// An estimate and its interval, shown with this many decimals.
    #[must_use]
    pub fn interval(value: f64, lo: f64, hi: f64, decimals: u8) -> Self {
        Self::Interval {
            value,
            lo,
            hi,
            decimals,
        }
    }

    /// The same cell, emphasised.
    #[must_use]
    pub fn strong(self) -> Self {
        match self {
            Self::Strong(_) => self,
            plain => Self::Strong(Box::new(plain)),
        }
    }

    /// Whether the cell is emphasised.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        matches!(self, Self::Strong(_))
    }

    /// The cell without its emphasis.
    #[must_use]
    pub fn plain(&self) -> &Self {
        let mut cell = self;
        while let Self::Strong(inner) = cell {
            cell = inner;
        }
        cell
    }

    /// The number that the cell stands for, the estimate of an interval;
    /// `None` for words and missing cells.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self.plain() {
            Self::Number { value, .. } | Self::Interval { value, .. } => Some(*value),
            Self::PValue(p) => Some(*p),
            Self::Text(_) | Self::Missing | Self::Strong(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[f64]) -> Table {
        Table::new(values.iter().map(|_| Column::number("x")))
            .row(values.iter().map(|&v| Cell::number(v, 2)))
    }

    fn strong(table: &Table) -> Vec<bool> {
        table.rows[0].iter().map(Cell::is_strong).collect()
    }

    #[test]
    fn the_best_of_a_row_and_all_that_look_like_it_are_marked() {
        let mut table = numbers(&[0.901, 0.903, 0.5, f64::NAN]);
        table.mark_best_in_rows(0..4, Best::Highest);
        assert_eq!(strong(&table), [true, true, false, false]);

        let mut table = numbers(&[0.9, 0.1, 0.5]);
        table.mark_best_in_rows(0..3, Best::Lowest);
        assert_eq!(strong(&table), [false, true, false]);
    }

    #[test]
    fn a_range_beyond_the_row_marks_what_there_is() {
        let mut table = numbers(&[0.9, 0.1]);
        table.mark_best_in_rows(1..9, Best::Highest);
        assert_eq!(strong(&table), [false, true]);
        table.mark_best_in_rows(5..9, Best::Highest);
        table.mark_best_in_column(7, Best::Highest);
        assert_eq!(strong(&table), [false, true]);
    }

    #[test]
    fn emphasis_does_not_pile_up() {
        let cell = Cell::number(1.0, 0).strong().strong();
        assert_eq!(cell, Cell::Strong(Box::new(Cell::number(1.0, 0))));
        let nested = Cell::Strong(Box::new(cell));
        assert_eq!(nested.plain(), &Cell::number(1.0, 0));
    }

    #[test]
    fn ragged_rows_lose_nothing() {
        let table = Table::new([Column::text("a"), Column::text("b")])
            .row([Cell::text("x")])
            .row([Cell::text("y"), Cell::text("z"), Cell::text("extra")]);
        assert_eq!(table.width(), 3);
        let rows: Vec<_> = table.full_rows().collect();
        assert_eq!(rows[0][2], &Cell::Missing);
        assert_eq!(rows[1][2], &Cell::text("extra"));
        assert_eq!(table.column_name(2), "");
    }
}
