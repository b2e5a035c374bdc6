//! Text classifiers that select their evidence before they predict, attacks on text, and the study
//! of what rationales buy against them.

pub mod attack;
pub mod certify;
mod command;
pub mod data;
mod error;
pub mod measures;
pub mod model;
pub mod segment;
pub mod study;
pub mod thesaurus;
mod victim;

pub use command::CommandVictim;
pub use error::RationaleError;
pub use victim::{Evidence, Input, Victim};
