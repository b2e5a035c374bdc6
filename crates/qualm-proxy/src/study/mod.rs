//! Tasks x proxies x optimisers x seeds: how far each proxy is gamed.

mod cell;
mod laws;
mod outcome;
mod plan;
mod ranks;
mod report;
mod smoothness;
mod stops;
mod tables;

pub use outcome::{Detected, Outcome, Point, Quantiles, Scores, Stopped, Verdict};
pub use plan::{Progress, Study};
pub use report::{brief, report};
pub use tables::table;
