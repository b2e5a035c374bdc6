//! Running models: features and logits of pictures and tensors.

mod extraction;
mod inputs;
mod labels;
mod session;

pub use extraction::{ExtractOptions, Extraction};
pub use inputs::{Inputs, PictureFile};
pub use session::{Session, picture_size};
