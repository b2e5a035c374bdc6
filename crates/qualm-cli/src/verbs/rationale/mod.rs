//! `qualm rationale`: text classifiers that select their evidence, and attacks on them. One verb a
//! file.

mod attack;
mod certify;
mod demo;
mod explain;
mod list;
#[cfg(feature = "run-models")]
mod onnx;
mod shared;
mod study;
mod train;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Train, attack and explain on generated reviews, in half a minute
    Demo(demo::Arguments),
    /// Train a classifier of texts
    Train(train::Arguments),
    /// Attack a classifier, of qualm's or your own
    Attack(Box<attack::Arguments>),
    /// Train several, attack them all, and see what rationales buy
    Study(Box<study::Arguments>),
    /// Say why a classifier says what it says of a text
    Explain(explain::Arguments),
    /// Count the texts whose class no inserted sentence can change
    Certify(Box<certify::Arguments>),
    /// List models, attacks and data
    List(list::Arguments),
}

/// How `rationale` begins its help.
pub(crate) const EXAMPLE: &str = "\
Example:
  qualm rationale demo";

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Demo(arguments) => demo::run(arguments),
        Verb::Train(arguments) => train::run(arguments),
        Verb::Attack(arguments) => attack::run(arguments),
        Verb::Study(arguments) => study::run(arguments),
        Verb::Explain(arguments) => explain::run(arguments),
        Verb::Certify(arguments) => certify::run(arguments),
        Verb::List(arguments) => list::run(arguments),
    }
}
