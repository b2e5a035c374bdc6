//! Texts with labels, and where known the evidence for them.

mod example;

pub use example::{Dataset, Example};
