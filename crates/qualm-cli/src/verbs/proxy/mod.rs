//! `qualm proxy`: how far can a learned proxy be gamed? One verb a file.

mod audit;
#[cfg(feature = "run-models")]
mod given;
mod list;
mod rows;
mod study;
mod table;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Optimise against proxies where the truth is known, and see who is gamed
    Study(Box<study::Arguments>),
    /// Put a proxy of your own designs under pressure, without their truth
    Audit(Box<audit::Arguments>),
    /// List tasks, proxies, optimisers and stop rules with their parameters
    List(list::Arguments),
}

/// How `proxy` begins its help.
pub(crate) const EXAMPLE: &str = "\
Example:
  qualm proxy list";

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Study(arguments) => study::run(arguments),
        Verb::Audit(arguments) => audit::run(arguments),
        Verb::List(arguments) => list::run(arguments),
    }
}
