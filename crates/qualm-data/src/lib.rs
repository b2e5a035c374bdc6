//! Feature sets and heads on disk and in memory, read in chunks of rows with bounded memory.

mod chunk;
mod error;
mod head;
mod key;
mod memory;
mod source;

pub use chunk::{Chunk, Schema};
pub use error::DataError;
pub use head::Head;
pub use key::{Key, KeyColumn};
pub use memory::MemorySet;
pub use source::{RowReader, Source};
