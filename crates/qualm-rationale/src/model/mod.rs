//! Classifiers that select what they predict from, trained on the CPU.

mod batch;
mod checkpoint;
mod choice;
mod classifier;
mod layout;
mod method;
mod pass;
mod pool;
mod pretrained;
mod sequence;
mod train;
mod vocabulary;

pub use batch::softmax;
pub use choice::{Relaxed, cross_entropy, project, pull_projection, sigmoid, sparsity, top_share};
pub use classifier::{Classifier, Reading, best};
pub use method::{Method, Selection};
pub use pretrained::Pretrained;
pub use sequence::Unit;
pub use train::{Course, Epoch, Material, Training, sentences_of, train};
pub use vocabulary::Vocabulary;
