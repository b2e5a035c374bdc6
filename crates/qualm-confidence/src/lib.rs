//! Confidence stated in numbers and in words: is it honest, also under shift?
//!
//! # Concepts
//! - **Confidence**: what a model says of the chance that its answer is right, from 0 to 1. Here
//!   higher means surer, unlike outlier scores.

pub mod arithmetic;
pub mod ask;
pub mod conditional;
pub mod conformal;
pub mod demo;
pub mod display;
pub mod error;
pub mod evaluate;
pub mod kind;
pub mod measures;
pub mod parse;
pub mod recalibrate;
pub mod records;
pub mod status;
pub mod threshold;

mod json_lines;

pub use error::ConfidenceError;
pub use kind::Kind;
pub use status::Status;
