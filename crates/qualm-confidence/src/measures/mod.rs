//! Measures of a binary confidence: is it calibrated, and does it tell right from wrong?
//!
//! Every measure is a function of [`Levels`]: the distinct confidences, how many records state
//! each, and how many of those are right. Equal confidences are treated as equal everywhere.

mod binned;
mod corp;
mod levels;
mod proper;
mod ranking;
mod selective;
mod smooth;

pub use binned::{
    Bin, Binning, bins, debiased_squared_error, expected_error, maximum_error,
    mean_absolute_deviation, root_mean_squared_error,
};
pub use corp::{Block, Corp, corp, isotonic};
pub use levels::{Levels, Tally};
pub use proper::{CLIP, brier, negative_log_likelihood, spiegelhalter_z};
pub use ranking::{auprc_right, auprc_wrong, auroc};
pub use selective::{
    accuracy_at_coverage, augrc, aurc, coverage_at_risk, excess_aurc, risk_coverage_curve,
};
pub use smooth::smooth_error;
