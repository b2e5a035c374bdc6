use crate::{Key, KeyColumn};

/// Name and kind of a column of a table.
///
/// ```
/// use qualm_data::{ColumnKind, TableField};
/// let field = TableField::float("vim.score");
/// assert_eq!((field.name.as_str(), field.kind), ("vim.score", ColumnKind::Float));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableField {
    /// What the column is called in the file.
    pub name: String,
    /// What stands in it.
    pub kind: ColumnKind,
}

/// What stands in a column of a table.
///
/// ```
/// use qualm_data::{ColumnKind, TableColumn};
/// assert_eq!(TableColumn::Flags(&[true, false]).kind(), ColumnKind::Flag);
/// assert_eq!(TableColumn::OptionalFloats(&[None]).kind(), ColumnKind::Float);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Names: integers or text, the same in all rows.
    Key,
    /// Numbers.
    Float,
    /// Yes or no.
    Flag,
}

/// Consecutive rows of one column.
///
/// ```
/// use qualm_data::TableColumn;
/// assert_eq!(TableColumn::OptionalFloats(&[Some(0.5), None]).rows(), 2);
/// ```
#[derive(Debug, Clone, Copy)]
pub enum TableColumn<'a> {
    /// Names.
    Keys(&'a KeyColumn),
    /// Numbers, one a row.
    Floats(&'a [f64]),
    /// Yes or no, one a row.
    Flags(&'a [bool]),
    /// Numbers that some rows do not have.
    OptionalFloats(&'a [Option<f64>]),
    /// Yes or no, or neither.
    OptionalFlags(&'a [Option<bool>]),
}

/// The value of a column in one row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Key(Key<'a>),
    Float(f64),
    Flag(bool),
}

/// What a column is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Int,
    Text,
    Float,
    Flag,
}

impl TableField {
    /// A column of names.
    pub fn key(name: impl Into<String>) -> Self {
        Self::new(name, ColumnKind::Key)
    }

    /// A column of numbers.
    pub fn float(name: impl Into<String>) -> Self {
        Self::new(name, ColumnKind::Float)
    }

    /// A column of yes or no.
    pub fn flag(name: impl Into<String>) -> Self {
        Self::new(name, ColumnKind::Flag)
    }

    fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }

    /// What the column is stored as, going by its rows or, where there are none yet, by its kind.
    pub(super) fn stored(&self, column: Option<&TableColumn<'_>>) -> Stored {
        match (column, self.kind) {
            (Some(column), _) => column.stored(),
            (None, ColumnKind::Key) => Stored::Int,
            (None, ColumnKind::Float) => Stored::Float,
            (None, ColumnKind::Flag) => Stored::Flag,
        }
    }
}

impl<'a> TableColumn<'a> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Keys(keys) => keys.len(),
            Self::Floats(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::OptionalFloats(values) => values.len(),
            Self::OptionalFlags(values) => values.len(),
        }
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Keys(_) => ColumnKind::Key,
            Self::Floats(_) | Self::OptionalFloats(_) => ColumnKind::Float,
            Self::Flags(_) | Self::OptionalFlags(_) => ColumnKind::Flag,
        }
    }

    pub(super) fn stored(&self) -> Stored {
        match self {
            Self::Keys(KeyColumn::Int(_)) => Stored::Int,
            Self::Keys(KeyColumn::Text(_)) => Stored::Text,
            Self::Floats(_) | Self::OptionalFloats(_) => Stored::Float,
            Self::Flags(_) | Self::OptionalFlags(_) => Stored::Flag,
        }
    }

    /// The value in `row`, where there is one.
    pub(super) fn cell(&self, row: usize) -> Option<Cell<'a>> {
        match self {
            Self::Keys(keys) => keys.get(row).map(Cell::Key),
            Self::Floats(values) => values.get(row).copied().map(Cell::Float),
            Self::Flags(values) => values.get(row).copied().map(Cell::Flag),
            Self::OptionalFloats(values) => values.get(row).copied().flatten().map(Cell::Float),
            Self::OptionalFlags(values) => values.get(row).copied().flatten().map(Cell::Flag),
        }
    }
}
