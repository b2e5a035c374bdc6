//! Well-founded doubts for models that you already have: which inputs are unlike the training
//! data, with thresholds that keep their promised false-alarm rate.
//!
//! ```
//! use qualm::data::{Head, MemorySet};
//! use qualm::ood::{DecideOptions, Decider, FitInput, FitOptions, Recipe, Split, fit};
//! use qualm::stats::random::Stream;
//!
//! // Features of 1,000 training inputs and the classifier's last layer; yours come from files:
//! // qualm::data::FeatureSet::open("train.npz"), qualm::data::Head::open("head.npz").
//! let mut stream = Stream::new(1, 0);
//! let mut rows = |count: usize, off_plane: f64| -> Vec<f32> {
//!     (0..count * 8)
//!         .map(|i| stream.normal() * if i % 8 < 4 { 1.0 } else { off_plane })
//!         .map(|x| x as f32)
//!         .collect()
//! };
//! let train = MemorySet::new("train").with_features(rows(1000, 0.1), 8)?;
//! let new = MemorySet::new("new").with_features(rows(100, 2.0), 8)?;
//! let head = Head::new((0..24).map(|i| (i % 5) as f32 - 2.0).collect(), vec![0.0; 3], 8)?;
//!
//! // Virtual-logit Matching, a fifth of the rows held back as reference for p-values.
//! let input = FitInput { train: &train, head: Some(&head) };
//! let options = FitOptions { split: Split::of(0.2), ..FitOptions::default() };
//! let bundle = fit(input, &Recipe::parse_list("vim(dim=4)")?, &options, &mut |_| {})?.bundle;
//!
//! // Flag what at most one in twenty in-distribution inputs would exceed.
//! let decider = Decider::new(&bundle, DecideOptions::default())?;
//! let outcome = decider.run(&new, &mut |_rows| Ok(()))?;
//! assert!(outcome.flagged.is_some_and(|flagged| flagged[0] > 80));
//! # Ok::<(), qualm::ood::OodError>(())
//! ```
//!
//! One module for each library of the workspace; the command line `qualm` is the crate
//! `qualm-cli`.

/// Confidence stated in numbers and words: measured, repaired, made to keep its promise.
#[cfg(feature = "confidence")]
pub use qualm_confidence as confidence;
/// Feature sets and heads on disk and in memory.
pub use qualm_data as data;
/// Last linear layers, learned from features and labels, and checked.
#[cfg(feature = "head")]
pub use qualm_head as head;
/// Models as ONNX files: heads found, features extracted, detectors attached.
#[cfg(feature = "onnx")]
pub use qualm_onnx as onnx;
/// Detectors of out-of-distribution inputs.
#[cfg(feature = "ood")]
pub use qualm_ood as ood;
/// Offline model-based optimisation, and how far proxies are gamed.
#[cfg(feature = "proxy")]
pub use qualm_proxy as proxy;
/// Text classifiers that select their evidence, and attacks on texts.
#[cfg(feature = "rationale")]
pub use qualm_rationale as rationale;
/// Results for people.
pub use qualm_report as report;
/// Metrics, intervals, conformal p-values, seeded random streams.
pub use qualm_stats as stats;
/// Texts: read, cut into tokens, batched, pooled, embedded by tables of token vectors.
#[cfg(feature = "text")]
pub use qualm_text as text;
