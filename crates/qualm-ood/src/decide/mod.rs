//! From score to decision: p-values and flags that keep the promise that their rule makes.
//!
//! A score says how unlike the training data a row is, in units that mean nothing outside its
//! detector. The reference of a bundle gives it a meaning: the p-value of a row is the share of
//! in-distribution rows that score at least as high, `(1 + #{reference >= score}) / (n + 1)`
//! ([`qualm_stats::conformal`]). A [`Rule`] turns p-values into flags.
//!
//! ```
//! use qualm_data::MemorySet;
//! use qualm_ood::{
//!     DecideOptions, Decider, FitInput, FitOptions, Recipe, Rule, calibrate, fit,
//! };
//!
//! // A detector over stored logits, and 99 rows that nothing was fitted on as its reference.
//! let logits = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
//! let train = logits(&[10.0, 20.0])?;
//! let recipes = Recipe::parse_list("maxlogit")?;
//! let input = FitInput { train: &train, head: None };
//! let mut bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
//! let largest: Vec<f32> = (1..=99u8).map(f32::from).collect();
//! calibrate(&mut bundle, &logits(&largest)?)?;
//!
//! // At most one false alarm in twenty: flag the rows whose largest logit is below 5.
//! let options = DecideOptions { rule: Rule::FalseAlarms(0.05), per_class: false };
//! let decider = Decider::new(&bundle, options)?;
//! let threshold = decider.thresholds(0, 0.05)[0];
//! assert_eq!((threshold.value, threshold.false_alarms), (-5.0, 0.05));
//! decider.run(&logits(&[4.5, 50.0])?, &mut |tile| {
//!     let verdict = tile.decision(0, 0).and_then(|decision| decision.verdict);
//!     assert!(verdict.is_some_and(|verdict| verdict.flagged && verdict.p_value == 0.05));
//!     assert_eq!(tile.flags(0), Some(&[true, false][..]));
//!     Ok(())
//! })?;
//!
//! // Of 40 rows flagged as a batch, at most a tenth of the flags may be false.
//! let options = DecideOptions { rule: Rule::FalseDiscovery(0.1), per_class: false };
//! let mut batch = [50.0; 40];
//! batch[7..12].fill(0.5);
//! let outcome = Decider::new(&bundle, options)?.run(&logits(&batch)?, &mut |_| Ok(()))?;
//! assert_eq!(outcome.flagged, Some(vec![5]));
//! # Ok::<(), qualm_ood::OodError>(())
//! ```
//!
//! # What must hold: exchangeability
//! An in-distribution row to come and the reference rows must be exchangeable: from the scores
//! alone nobody could tell which of them came last. Rows drawn independently from one source
//! are. No size of the reference and no detector makes up for these cases, in which they are not:
//!
//! - **The classifier was trained on the reference rows.** It knows them better than any row to
//!   come, so their scores are too low and false alarms too many. Splitting the classifier's
//!   training rows does not help: hold back rows that it never saw (validation or test rows).
//! - **The detector was fitted on the reference rows.** [`fit`](crate::fit()) never does: rows
//!   held back by a [`Split`](crate::Split) take no part in any statistic.
//! - **Duplicates and augmentations on both sides.** The crop or flip of an image that was
//!   fitted on is no fresh row. Give all copies one group; a split never cuts through a group.
//! - **Rows of a group are alike.** What was drawn independently is then the groups, not the
//!   rows: of 20 patients with 50 visits each, it is 20 that count, and the smallest false-alarm
//!   rate that can be promised about a new patient's rows is 1 in 21, whatever the p-values say.
//!   Hold back many groups, or one row of each.
//! - **Drift.** The reference describes the past. Flags in plenty then say that something
//!   changed, rightly, but no longer at a known rate; `calibrate` with recent rows renews it.
//! - **Other classes than before.** If one class grows from 1 % of the rows to half of them, so
//!   does the weight of its false alarms; a reference per class is immune to that.
//!
//! # One reference, or one per class
//! Against one reference the false-alarm rate is kept on average over all rows: easy classes may
//! have none and a hard one three times the level. [`DecideOptions::per_class`] takes the
//! reference rows that are predicted as the same class (Mondrian conformal prediction: Vovk,
//! Gammerman and Shafer 2005, section 4.5). It buys the promise within each predicted class,
//! whatever mix of classes comes. It costs rows: a class with `n` of them has no p-value below
//! `1 / (n + 1)`, so a level of 1 % takes 99 in each class, and the rate that a class really gets
//! scatters with the luck of its few rows. A row predicted as a class without reference rows has
//! p = 1 and is never flagged; [`Decider::warnings`] counts the classes that cannot be. The
//! promise is about the class that is predicted, not the true one.
//!
//! # A rate of false alarms, or a share of false flags
//! [`Rule::FalseAlarms`] looks at each row alone: of 1,000 harmless rows, 5 % flags 50, be there
//! one outlier among them or none. [`Rule::FalseDiscovery`] looks at a whole batch
//! ([`qualm_stats::benjamini_hochberg`]): of the rows it flags, a share of at most `q` is in-distribution, on
//! average over batches. What it does not say: that one row is an outlier with probability
//! `1 - q`, or that outliers are found. It needs all p-values before its first flag, and a
//! reference large enough: to flag `f` of `m` rows, p-values must go down to `f * q / m`, so a
//! lone outlier among 10,000 rows at `q = 0.1` takes 99,999 reference rows. Where that was the
//! reason that nothing is flagged, [`Outcome::warnings`] says so. The promise holds for rows
//! that are independent of each other; duplicates in the batch are not.
//!
//! Every detector has its own flags, and its own promise. Flagging what any of five detectors
//! flags raises up to five times as many false alarms.

mod decided;
mod decider;
mod run;
#[cfg(test)]
mod testing;

pub use decided::{Decided, Decision, Verdict};
pub use decider::{DecideOptions, Decider, Rule, Threshold};
pub use run::Outcome;
