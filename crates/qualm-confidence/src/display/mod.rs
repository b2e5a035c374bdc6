//! What confidence to show to people: analysis only.
//!
//! People follow advice too seldom or too readily, so the true confidence of a model need not be
//! the one that helps them most (Vodrahalli, Gerstenberg and Zou 2022, "Uncalibrated Models Can
//! Improve Human-AI Collaboration"). From answers before and after advice, [`People`] are fitted:
//! whether they change their answer ([`Activation`]) and where to ([`Integration`]). [`mod@optimise`]
//! finds the [`Display`] with the least expected loss, and a [`Study`] tells what it does on trials
//! that nothing was fitted to, and in which case it harms.
//!
//! **A confidence that is not true misleads whoever reads it as one.** Nothing else in this crate
//! uses a [`Display`]: it shows what a display would do, it does not display.

pub mod activation;
pub mod compare;
pub mod file;
pub mod integration;
pub mod optimise;
pub mod people;
pub mod report;
pub mod rule;
pub mod shown;
pub mod simulate;
pub mod study;
pub mod trial;

mod features;
mod resample;

pub use activation::Activation;
pub use compare::{Comparison, Turn};
pub use integration::Integration;
pub use optimise::optimise;
pub use people::{Agreement, People, Quality};
pub use report::{data, report};
pub use rule::ThresholdRule;
pub use shown::Display;
pub use simulate::{Reaction, Scenario};
pub use study::{Deployment, Study, StudyOptions};
pub use trial::{Record, Trial};
