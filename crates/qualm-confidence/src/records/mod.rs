//! Records: what a model answered, whether that was right, and how sure it said it was.
//!
//! A file is JSONL, one [`Record`] a line, or CSV whose columns are named by [`Columns`]. What
//! cannot be read is kept apart with its line and reason, never skipped without a word.

mod columns;
mod read;
mod record;
mod write;

pub use columns::Columns;
pub use read::{BadLine, RecordReader, Records};
pub use record::{Record, Shift, Stated};
pub use write::write_jsonl;
