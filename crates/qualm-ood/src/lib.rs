//! Out-of-distribution detectors for classifiers that someone else trained: fitted in two passes
//! over features, scored in one, with thresholds that keep their promised false-alarm rate.
//!
//! ```
//! use qualm_data::{Head, MemorySet};
//! use qualm_ood::{FitInput, FitOptions, Recipe, Split, fit, score};
//!
//! // 600 rows of 4 features, a head of 2 classes: yours come from files, see `qualm_data`.
//! let noise = |i: usize| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5;
//! let rows = (0..600).flat_map(|i| {
//!     let side = if i % 2 == 0 { 2.0 } else { -2.0 };
//!     [side + noise(i), noise(3 * i), 0.1 * noise(5 * i), 0.1 * noise(11 * i)]
//! });
//! let train = MemorySet::new("train").with_features(rows.collect(), 4)?;
//! let head = Head::new(vec![1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0], vec![0.0, 0.0], 4)?;
//!
//! let recipes = Recipe::parse_list("vim(dim=2),msp")?;
//! let options = FitOptions { split: Split::of(0.2), ..FitOptions::default() };
//! let input = FitInput { train: &train, head: Some(&head) };
//! let bundle = fit(input, &recipes, &options, &mut |_| {})?.bundle;
//!
//! // A row that leaves the plane of the training rows.
//! let new = MemorySet::new("new").with_features(vec![2.0, 0.0, 3.0, 3.0], 4)?;
//! let reference = bundle.reference().expect("a fifth of the rows was held back");
//! let vim = reference.overall(0)?;
//! score(&bundle, &new, &mut |scored| {
//!     assert!(vim.p_value(scored.scores(0)[0]) < 0.05);
//!     Ok(())
//! })?;
//! # Ok::<(), qualm_ood::OodError>(())
//! ```
//!
//! # Concepts
//!
//! - A **[`Recipe`]** is a method with its parameters, as text: `vim(dim=256)`.
//! - **[`fit`]** gathers what all recipes need in one pass and completes them in a second; shards
//!   can do both apart ([`fit_shard_pass1`], [`merge_parts`]).
//! - A **[`Bundle`]** holds detectors, fitted scorers, and their reference, in memory or in one
//!   file. Outlier score: higher = less like the training data.
//! - The **reference** ([`ReferenceRows`]) turns scores into p-values and thresholds; it must be
//!   exchangeable with the inputs to come (see [`qualm_stats::conformal`]).
//! - **[`evaluate`]** compares detectors on labelled in- and out-of-distribution rows.
//!
//! A new method is one file under `methods/` and one line in the catalogue: see
//! `docs/adding-a-detector.md`.

mod arguments;
mod bins;
mod bundle;
mod catalogue;
pub mod decide;
mod detector;
mod error;
mod evaluate;
mod explain;
mod extent;
mod fit;
mod index;
pub mod lower;
mod method;
mod methods;
mod out_of_reach;
mod perturbation;
mod recipe;
mod reference;
mod score;
mod scored;
mod shapers;
mod shaping;
mod softmax;
mod statistics;
mod tensors;
#[cfg(test)]
mod testing;
mod view;
mod weights;

pub use bundle::{Bundle, FORMAT, FittedDetector, Shape};
pub use catalogue::{CATALOGUE, Entry};
pub use decide::{DecideOptions, Decided, Decider, Decision, Outcome, Rule, Threshold, Verdict};
pub use error::OodError;
pub use evaluate::{
    Checked, Comparison, DetectorResult, Evaluation, EvaluationInput, EvaluationOptions, Extreme,
    Extremes, FalseAlarms, Figure, FittingRows, Promise, ReferenceUsed, Relation, Requirement,
    RowCount, SetResult, evaluate,
};
pub use explain::{ExplainedComponent, ExplainedNeighbour, ExplainedScore, Explanation, explain};
pub use fit::{
    BLOCK_ROWS, FitInput, FitOptions, Fitted, Merged, RulerRows, Shard, Split, Tally, fit,
    fit_shard_pass1, fit_shard_pass2, fit_with_checkpoints, merge_parts,
};
pub use out_of_reach::{OUT_OF_REACH, OutOfReach};
pub use recipe::Recipe;
pub use reference::ReferenceRows;
pub use score::{Scorer, TILE_ROWS, TileRows};
pub use scored::{Scored, calibrate, score};
pub use weights::Weights;
