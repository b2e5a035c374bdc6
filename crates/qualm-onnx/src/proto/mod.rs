//! The wire format of protocol buffers, as far as ONNX uses it.
//!
//! A layer of our own, because an edited model must keep every byte that the edit does not mean:
//! generated types lose what they do not know. It is small since reading needs no schema: a
//! message is a row of numbered fields, each a number or a run of bytes.

pub(crate) mod numbers;
mod read;
mod write;

pub(crate) use read::{Field, Fields, Value, WireError};
pub(crate) use write::Message;
