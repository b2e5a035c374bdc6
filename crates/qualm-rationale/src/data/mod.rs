//! Texts with labels, and where known the evidence for them.

mod counterfactual;
mod example;
mod fever;
mod file;
mod planted;
mod splits;
mod table;
mod tweets;

pub use counterfactual::counterfactual;
pub use example::{Dataset, Example};
pub use fever::fever;
pub use planted::{planted, planted_reviews};
pub use splits::Splits;
pub use table::table;
pub use tweets::tweets;
