//! Tables of named columns, such as scores with ids, appended batch by batch.

mod column;
mod csv;
mod format;
mod jsonl;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod safetensors;
#[cfg(test)]
mod testing;
mod writer;

pub use column::{ColumnKind, TableColumn, TableField};
pub use format::TableFormat;
pub use writer::TableWriter;

use std::io;

use output::Output;

/// What a format does with rows. Columns were checked: as many as fields, of the kinds that they
/// were announced as, all of `rows` rows.
trait Encoder {
    fn append(&mut self, columns: &[TableColumn<'_>], rows: usize) -> io::Result<()>;

    /// Writes what is left, and gives the output back to be committed.
    fn finish(self: Box<Self>) -> io::Result<Output>;
}
