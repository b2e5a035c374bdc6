//! Texts with labels, and where known the evidence for them.

mod counterfactual;
mod example;
mod fever;
mod file;
mod planted;
mod source;
mod splits;
mod table;
mod tweets;

pub use counterfactual::counterfactual;
pub use example::{Dataset, Example};
pub use fever::fever;
pub use planted::{planted, planted_reviews};
pub use source::open;
pub use splits::Splits;
pub use table::table;
pub use tweets::tweets;
