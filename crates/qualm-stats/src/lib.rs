//! Numbers about numbers: ranking metrics with intervals, conformal p-values, seeded random
//! streams.
//!
//! ```
//! use qualm_stats::random::{DEFAULT_SEED, Stream};
//! use qualm_stats::{Bootstrap, Ranking, Reference};
//!
//! // Outlier scores of 300 in-distribution and 200 out-of-distribution rows.
//! let mut stream = Stream::new(DEFAULT_SEED, 0);
//! let id: Vec<f64> = (0..300).map(|_| stream.normal()).collect();
//! let ood: Vec<f64> = (0..200).map(|_| stream.normal() + 3.0).collect();
//!
//! // How well does the score separate them?
//! let ranking = Ranking::new(&id, &ood)?;
//! let auroc = Bootstrap::default().auroc(&ranking)?;
//! assert!(auroc.value > 0.95 && auroc.lo < auroc.value && auroc.value < auroc.hi);
//! assert!(ranking.fpr95_id() < 0.2);
//!
//! // Which new rows should be flagged, if one false alarm in twenty is acceptable?
//! let reference = Reference::new(id)?;
//! let threshold = reference.threshold(0.05);
//! let flagged = ood.iter().filter(|&&score| score > threshold).count();
//! assert!(flagged > 150);
//! # Ok::<(), qualm_stats::StatsError>(())
//! ```
//!
//! # Concepts
//! - **Outlier score**: higher means less like the training data, everywhere. ID is short for
//!   in-distribution, OOD for out-of-distribution.
//! - [`Ranking`] holds two classes of scores in order; its methods are the ranking metrics.
//!   Each metric that depends on which class is called positive says so in its name.
//! - [`Interval`]s around AUROC come from [`Bootstrap`] (also for FPR95) or from
//!   [`auroc_interval`]; [`paired_delong`] compares two detectors on the same rows.
//! - [`Reference`] turns a score into a conformal p-value and a threshold with a promised
//!   false-alarm rate; [`BetaBinomial`] is the exact law of the number of false alarms, and
//!   [`benjamini_hochberg`] flags a batch. Read [`conformal`] on when the promise is void.
//! - [`clopper_pearson`] says how far a share can be from the rate behind it.
//! - [`friedman`] and [`wilcoxon`] compare treatments that were tried on the same blocks.
//! - [`random::Stream`] is the one source of randomness: same seed, same numbers, on any
//!   platform and for any number of threads.
//!
//! This crate knows no files and prints nothing: slices of `f64` in, numbers out. Results
//! are the same to the bit for any number of threads.

pub mod beta_binomial;
pub mod binomial;
pub mod bootstrap;
pub mod conformal;
pub mod delong;
pub mod error;
pub mod false_discovery;
pub mod interval;
pub mod matched;
pub mod normal;
pub mod random;
pub mod rank_correlation;
pub mod ranking;
pub mod roc;

mod counts;
mod precision_recall;
mod share;

pub use beta_binomial::BetaBinomial;
pub use binomial::{binomial_cdf, clopper_pearson, rate_at_most};
pub use bootstrap::Bootstrap;
pub use conformal::Reference;
pub use delong::{PairedDelong, auroc_interval, paired_delong};
pub use error::{Sample, StatsError};
pub use false_discovery::benjamini_hochberg;
pub use interval::Interval;
pub use matched::{Friedman, friedman, wilcoxon};
pub use normal::normal_cdf;
pub use random::Stream;
pub use rank_correlation::spearman;
pub use ranking::Ranking;
pub use roc::RocPoint;
