//! Running models: features and logits of pictures, tensors, texts and bytes.

mod encoder;
mod extraction;
mod inputs;
mod labels;
mod parts;
mod picture_size;
mod prepare;
mod row_model;
mod runtime;
mod session;

pub use encoder::{TextFeatures, TextSession};
pub use extraction::{ExtractOptions, Extraction};
pub use inputs::{InputFile, Inputs};
pub use parts::PartsDone;
pub use picture_size::picture_size;
pub use row_model::RowModel;
pub use runtime::{RuntimeKind, RuntimeOptions};
pub use session::Session;
