//! Fitting: two passes over the rows, whatever the number of methods.
//!
//! The first pass gathers what the methods need, the second what needs the first: the means of
//! the detectors' parts over the fitting rows, and the parts of the rows held back as reference.
//! Both passes are folds over blocks of rows, and both can be cut into shards.

mod admit;
mod blocks;
mod checkpoint;
mod class_watch;
mod context;
mod gather;
mod memory;
mod merge;
mod part_file;
mod pass1;
mod pass2;
mod ranges;
mod ruler;
mod run;
mod sharded;
mod split;

pub(crate) use admit::left_out;
pub use blocks::BLOCK_ROWS;
pub(crate) use blocks::check_label;
pub use checkpoint::fit_with_checkpoints;
pub(crate) use context::{FitContext, Origin};
pub use merge::{Merged, merge_parts};
pub use pass1::Tally;
pub(crate) use pass2::{Pass2, TailNeeds};
pub use ruler::RulerRows;
pub use run::{FitInput, FitOptions, Fitted, fit};
pub use sharded::{Shard, fit_shard_pass1, fit_shard_pass2};
pub use split::Split;
