//! Classifiers that select what they predict from, trained on the CPU.

mod batch;
mod checkpoint;
mod choice;
mod classifier;
mod layout;
mod method;
mod pass;
mod pool;
mod sequence;
mod train;
mod vocabulary;

pub use choice::{Relaxed, cross_entropy, project, pull_projection, sigmoid, sparsity, top_share};
pub use classifier::{Classifier, Reading, best};
pub use method::{Method, Selection};
pub use sequence::Unit;
pub use train::{Course, Epoch, Training, sentences_of, train};
pub use vocabulary::Vocabulary;
