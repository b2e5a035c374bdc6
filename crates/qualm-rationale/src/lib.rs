//! Text classifiers that select their evidence before they predict, attacks on text, and the study
//! of what rationales buy against them.
//!
//! ```
//! use qualm_rationale::attack::{Attack, Summary, Supplies, attack_all};
//! use qualm_rationale::data::planted_reviews;
//! use qualm_rationale::explain;
//! use qualm_rationale::model::{Material, Method, Training, train};
//!
//! // Reviews whose class is what they say of the food; yours come from files, see `data::table`.
//! let (training, validation) = (planted_reviews("a", 400, 1), planted_reviews("b", 60, 2));
//! let method = Method::parse("vib-sup(ratio=0.1)")?;
//! let options = Training { epochs: 3, width: 16, ..Training::default() };
//! let material = Material::new(&training, &validation);
//! let (model, _) = train(method, &options, material, &mut |_| {})?;
//!
//! let explained = explain(&model, "The soup was awful. The staff was lovely.", None);
//! assert!(explained.reading.evidence.chosen.contains(&true));
//! assert_eq!(explained.sentences.len(), 2);
//!
//! let supplies = Supplies::of(&training);
//! let attacked = attack_all(Attack::AddTemplate, &model, &validation, &supplies, 1, &|| {})?;
//! let summary = Summary::of(&attacked);
//! assert!(summary.accuracy_under_attack() <= summary.accuracy());
//! # Ok::<(), qualm_rationale::RationaleError>(())
//! ```

pub mod attack;
pub mod certify;
mod command;
pub mod data;
mod doubts;
mod error;
mod explain;
pub mod measures;
pub mod model;
mod passage;
pub mod segment;
pub mod study;
pub mod thesaurus;
mod victim;

pub use command::CommandVictim;
pub use doubts::{Doubt, doubts, fit_doubts};
pub use error::RationaleError;
pub use explain::{Explained, SentencePart, explain};
pub use passage::passage;
pub use victim::{Evidence, Input, Victim};
