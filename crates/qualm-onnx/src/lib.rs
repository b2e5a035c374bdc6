//! ONNX models: read, searched for their classification head, and edited without touching what is
//! there.
//!
//! ```
//! use qualm_onnx::{Additions, Axis, Element, HeadSearch, Model};
//! // A classifier of two classes over three features, as an exporter might write it.
//! let n = Axis::Named("n".into());
//! let mut graph = Additions::default();
//! graph.input("features", Element::F32, &[n.clone(), Axis::Known(3)]);
//! graph.floats("weight", &[3, 2], &[1.0, 0.0, 0.0, 1.0, 0.5, 0.5]);
//! graph.floats("bias", &[2], &[0.1, -0.1]);
//! graph.node("MatMul", "product", &["features", "weight"], &["xw"], &[]);
//! graph.node("Add", "sum", &["xw", "bias"], &["logits"], &[]);
//! graph.node("Softmax", "softmax", &["logits"], &["probabilities"], &[]);
//! graph.output("probabilities", Element::F32, &[n, Axis::Known(2)]);
//! let model = Model::from_bytes("model.onnx", graph.into_model(13))?;
//!
//! let found = HeadSearch::of(&model)?.choose(&model, None)?;
//! assert_eq!((found.features.as_str(), found.logits.as_str()), ("features", "logits"));
//! assert_eq!(found.head.weight(), [1.0, 0.0, 0.5, 0.0, 1.0, 0.5]);
//! assert_eq!(found.head.bias(), [0.1, -0.1]);
//! # Ok::<(), qualm_onnx::OnnxError>(())
//! ```
//!
//! # Reading and writing
//!
//! A model file comes from elsewhere, so it is read with bounds: nothing is allocated on the word
//! of a length, graphs within graphs are followed to a fixed depth, and tensors in other files are
//! read only from below the model's folder. What is written keeps every byte of the model that was
//! read, also fields that this crate does not know.

mod attach;
#[cfg(feature = "run")]
mod bytes;
mod constant;
mod edit;
mod encoder;
mod error;
mod head;
mod head_model;
mod model;
#[cfg(feature = "run")]
mod picture;
mod proto;
#[cfg(feature = "run")]
mod run;
mod tap;

pub use attach::{AttachOptions, Attached, attach};
#[cfg(feature = "run")]
pub use bytes::ByteForm;
pub use edit::{Additions, Attribute};
pub use encoder::encoder_model;
pub use error::OnnxError;
pub use head::{DeadEnd, HeadKind, HeadSearch, Layout, LinearHead};
pub use head_model::head_model;
pub use model::{Axis, Element, Model, ValueInfo};
#[cfg(feature = "run")]
pub use picture::{Channels, Filter, Preparation, Preset, thumbnail};
#[cfg(feature = "run")]
pub use run::{
    ExtractOptions, Extraction, InputFile, Inputs, PartsDone, RowModel, RuntimeKind,
    RuntimeOptions, Session, TextFeatures, TextSession, picture_size,
};
pub use tap::Tapped;
