//! Trained models as ONNX files: one verb a file.

pub(crate) mod inspect;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show inputs, outputs, operators and the head that was found
    Inspect(inspect::Arguments),
}

/// How `model` begins its help.
pub(crate) const EXAMPLE: &str = inspect::EXAMPLE;

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Inspect(arguments) => inspect::run(arguments),
    }
}
