//! Comparing fitted detectors on in-distribution and out-of-distribution rows.

mod alarm_law;
mod alarms;
mod compare;
mod extremes;
mod figures;
mod halves;
mod options;
mod plots;
mod report;
mod require;
mod result;
mod run;
mod scores;
mod tables;
mod verdict;
mod words;

pub use compare::Comparison;
pub use extremes::{Extreme, Extremes};
pub use figures::Figure;
pub use options::{EvaluationInput, EvaluationOptions};
pub use require::{Checked, Relation, Requirement};
pub use result::{
    DetectorResult, Evaluation, FalseAlarms, FittingRows, Promise, ReferenceUsed, RowCount,
    SetResult,
};
pub use run::evaluate;
