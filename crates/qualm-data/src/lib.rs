//! Feature sets and heads on disk and in memory, read in chunks of rows with bounded memory.

mod array;
mod atomic;
mod bytes;
mod chunk;
mod container;
mod decode;
mod dtype;
mod error;
mod feature_set;
mod head;
mod head_file;
mod inspect;
mod key;
mod memory;
mod role;
mod shard;
mod shards;
mod source;
mod spec;
mod table;
mod write;

pub use array::ArrayInfo;
pub use atomic::{AtomicFile, discard_unfinished};
pub use chunk::{Chunk, Schema};
pub use container::Format;
pub use dtype::{DType, FloatType};
pub use error::DataError;
pub use feature_set::{Column, FeatureSet};
pub use head::Head;
pub use inspect::{
    FileInspection, Inspection, LabelSummary, MatrixSummary, NormSummary, SetSummary, inspect,
};
pub use key::{Key, KeyColumn};
pub use memory::MemorySet;
pub use role::Role;
pub use source::{RowReader, Source};
pub use table::{ColumnKind, TableColumn, TableField, TableFormat, TableWriter};
pub use write::{Precision, convert, write_features};
