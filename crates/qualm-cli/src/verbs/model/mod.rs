//! Trained models as ONNX files: one verb a file.

pub(crate) mod attach;
pub(crate) mod encoder;
#[cfg(feature = "run-models")]
pub(crate) mod extract;
pub(crate) mod inspect;
#[cfg(feature = "run-models")]
pub(crate) mod options;
#[cfg(feature = "run-models")]
pub(crate) mod running;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show inputs, outputs, operators and the head that was found
    Inspect(inspect::Arguments),
    /// Run a model over pictures, texts or any files: features and logits
    #[cfg(feature = "run-models")]
    Extract(Box<extract::Arguments>),
    /// Write a detector into a model: one file that says when it doubts
    Attach(attach::Arguments),
    /// Write a published encoder of texts as an ONNX model
    Encoder(encoder::Arguments),
}

/// How `model` begins its help.
pub(crate) const EXAMPLE: &str = inspect::EXAMPLE;

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Inspect(arguments) => inspect::run(arguments),
        #[cfg(feature = "run-models")]
        Verb::Extract(arguments) => extract::run(arguments),
        Verb::Attach(arguments) => attach::run(arguments),
        Verb::Encoder(arguments) => encoder::run(arguments),
    }
}
