//! Picture files as the numbers that a model is given.

mod decode;
mod prepare;
mod resize;
mod thumbnail;

pub use prepare::{Channels, Preparation, Preset};
pub use resize::Filter;
pub use thumbnail::thumbnail;

pub(crate) use decode::{Picture, decode};
