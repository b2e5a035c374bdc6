//! Text classifiers that select their evidence before they predict, attacks on text, and the study
//! of what rationales buy against them.

pub mod attack;
pub mod certify;
mod command;
pub mod data;
mod doubts;
mod error;
mod explain;
pub mod measures;
pub mod model;
pub mod segment;
pub mod study;
pub mod thesaurus;
mod victim;

pub use command::CommandVictim;
pub use doubts::{Doubt, doubts, fit_doubts};
pub use error::RationaleError;
pub use explain::{Explained, SentencePart, explain};
pub use victim::{Evidence, Input, Victim};
