//! Feature sets and heads on disk and in memory, read in chunks of rows with bounded memory.
//!
//! ```
//! use qualm_data::{Chunk, FeatureSet, Format, Head, MemorySet, Precision, Source, write_features};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = |name: &str| folder.path().join(name);
//! // A classifier's activations before its last layer, with the classes of the inputs ...
//! let rows = MemorySet::new("rows")
//!     .with_features(vec![0.5, 1.0, 2.0, 0.0, 0.25, 4.0], 3)?
//!     .with_labels(vec![0, 1])?;
//! write_features(&rows, &path("train.npz"), Format::Npz, Precision::default())?;
//! // ... and that layer.
//! Head::new(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0], vec![0.5, -0.5], 3)?.save(&path("head.npz"))?;
//!
//! let set = FeatureSet::open(path("train.npz").to_str().unwrap())?;
//! let head = Head::open(path("head.npz").to_str().unwrap())?;
//! assert_eq!(set.schema().dim, Some(head.dim()));
//!
//! let mut reader = set.reader()?;
//! let mut chunk = Chunk::default();
//! loop {
//!     reader.read(&mut chunk, set.schema().rows_per_chunk())?;
//!     if chunk.rows == 0 {
//!         break;
//!     }
//!     chunk.check_finite(set.name(), set.schema())?;
//!     for (features, label) in chunk.features.chunks(head.dim()).zip(&chunk.labels) {
//!         assert!(features.len() == 3 && *label >= 0);
//!     }
//! }
//! # Ok::<(), qualm_data::DataError>(())
//! ```
//!
//! # Concepts
//!
//! A **feature set** is what a model did on some inputs, row by row: `features` (`N x D`), `logits`
//! (`N x C`), `labels`, `groups` and `ids`. It needs features or logits; the rest is optional. A
//! negative label means "out of distribution". A [`Source`] is a feature set that can be read as
//! often as needed, from files ([`FeatureSet`]) or from memory ([`MemorySet`]).
//!
//! Rows come in [`Chunk`]s whose buffers are reused: what a reader holds does not grow with the
//! file. Floats of any type become `f32` on the way, at about the speed of memory for all formats
//! but Parquet, whose nested encoding takes some ten times as long (`benches/read.rs`). Numbers are
//! as stored; [`Chunk::check_finite`] refuses NaN and infinity with their row.
//!
//! A **head** is the last linear layer of a classifier, [`Head`].
//!
//! # Files
//!
//! | format | features, logits | labels | groups, ids |
//! |---|---|---|---|
//! | safetensors | f16, bf16, f32, f64 | integers | integers, or text as a matrix of UTF-8 bytes padded with zeros |
//! | npz, stored or deflated | f16, f32, f64 of either byte order | integers | integers, `U` and `S` text |
//! | npy | the same; one array, which is `features` unless named | | |
//! | Parquet (cargo feature `parquet`) | lists of f16, f32, f64, all of one length | integers | integers, text |
//!
//! Files are read at positions, never mapped, so one that shrinks while it is read is an error and
//! not the end of the process. Every file is checked before its numbers are used: a header that
//! promises more than the file holds is refused before anything of that size is allocated. What a
//! zip archive holds is checked against its checksums as it is read. The Parquet library is not
//! hardened like that: its panics on damaged files are contained (where panics unwind), but a
//! hostile file can make it use as much memory as the longest list it claims to hold.
//!
//! Files are written whole or not at all ([`AtomicFile`]).

mod array;
mod atomic;
mod bytes;
mod chunk;
mod contained;
mod container;
mod decode;
mod dtype;
mod error;
mod feature_set;
mod head;
mod head_file;
mod inspect;
mod journal;
mod key;
mod memory;
mod numbers;
mod role;
mod shard;
mod shards;
mod source;
mod spec;
mod table;
mod tensor_file;
mod write;

pub use array::ArrayInfo;
pub use atomic::{AtomicFile, discard_unfinished};
pub use chunk::{Chunk, Schema};
pub use contained::{contain_thread, contained};
pub use container::Format;
pub use dtype::{DType, FloatType};
pub use error::{DataError, one_line};
pub use feature_set::{Column, FeatureSet};
pub use head::Head;
pub use inspect::{
    FileInspection, Inspection, LabelSummary, MatrixSummary, NormSummary, SetSummary, inspect,
};
pub use journal::Journal;
pub use key::{Key, KeyColumn};
pub use memory::MemorySet;
pub use numbers::Numbers;
pub use role::Role;
pub use source::{RowReader, Source};
pub use table::{ColumnKind, TableColumn, TableField, TableFormat, TableWriter};
pub use tensor_file::{TensorFile, TensorRows};
pub use write::{Precision, convert, write_features};
