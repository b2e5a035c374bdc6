//! Texts with labels, and where known the evidence for them.

mod counterfactual;
mod example;
mod fever;
mod file;
mod splits;
mod tweets;

pub use counterfactual::counterfactual;
pub use example::{Dataset, Example};
pub use fever::fever;
pub use splits::Splits;
pub use tweets::tweets;
