//! Last linear layers: learned from features and labels, and checked against the logits they
//! should give.
//!
//! ```
//! use qualm_data::MemorySet;
//! use qualm_head::{FitOptions, Stop, check, fit_head};
//!
//! // Embeddings of four inputs with their labels; a negative label marks an input that belongs
//! // to no class, and nothing is learned from it.
//! let set = MemorySet::new("embeddings")
//!     .with_features(vec![0.0, 1.0, 0.2, 0.9, 1.0, 0.1, 0.8, 0.0, 5.0, 5.0], 2)?
//!     .with_labels(vec![0, 0, 1, 1, -1])?;
//! let fitted = fit_head(&set, &FitOptions::default(), &mut |_| {})?;
//! assert_eq!(fitted.stop, Stop::Converged);
//! assert_eq!((fitted.classes, fitted.rows, fitted.left_out), (2, 4, 1));
//!
//! // Later: are these the logits of that head?
//! let mut logits = Vec::new();
//! for x in set.rows().features.chunks(2) {
//!     for (w, b) in fitted.head.weight().chunks(2).zip(fitted.head.bias()) {
//!         logits.push(w[0] * x[0] + w[1] * x[1] + b);
//!     }
//! }
//! let found = check(&set.with_logits(logits, 2)?, &fitted.head)?;
//! assert!(found.diagnosis.agrees(), "{}", found.diagnosis);
//! # Ok::<(), qualm_head::HeadError>(())
//! ```
//!
//! A *head* is the last linear layer of a classifier, `logits = W x + b` for features `x`. Many
//! methods that tell inputs unlike the training data need it.
//!
//! - [`fit_head`] learns one for people who have embeddings and labels but no head: multinomial
//!   logistic regression with scikit-learn's objective, minimised in `f64` by L-BFGS over as many
//!   passes as it takes, reproducible to the byte.
//! - [`check`](check()) compares stored logits with those that the head gives and, where they
//!   differ, says why: it keeps a list of the usual mistakes, computes what each would have
//!   stored, and takes the one that comes out right.

mod blocks;
mod check;
mod diagnosis;
mod difference;
mod error;
mod fit;
mod hypotheses;
mod layer;
mod part;
mod recipe;
mod softmax;
mod survey;

pub use check::{Check, check};
pub use diagnosis::{BiasFault, Diagnosis, Rounding};
pub use difference::Difference;
pub use error::HeadError;
pub use fit::{FitOptions, FittedHead, Progress, fit_head};
pub use qualm_linalg::Stop;
pub use recipe::{Activation, Order};
