//! One verb a file: its arguments, the library call, what is printed.

pub(crate) mod bench;
pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod confidence;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod fit;
pub(crate) mod head;
pub(crate) mod inspect;
pub(crate) mod merge;
pub(crate) mod methods;
pub(crate) mod model;
pub(crate) mod proxy;
pub(crate) mod rationale;
pub(crate) mod score;
pub(crate) mod shell;

use anyhow::Context;

use crate::Ended;
use crate::cli::{Cli, Verb};

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Ended> {
    if let Some(threads) = cli.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .context("threads could not be started")?;
    }
    match cli.verb {
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Fit(arguments) => fit::run(&arguments),
        Verb::Score(arguments) => score::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Calibrate(arguments) => calibrate::run(&arguments),
        Verb::Merge(arguments) => merge::run(&arguments),
        Verb::Head(verb) => head::run(&verb),
        Verb::Model(verb) => model::run(&verb),
        Verb::Confidence(verb) => confidence::run(&verb),
        Verb::Proxy(verb) => proxy::run(&verb),
        Verb::Rationale(verb) => rationale::run(&verb),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Inspect(arguments) => inspect::run(&arguments),
        Verb::Convert(arguments) => convert::run(&arguments),
        Verb::Methods(arguments) => methods::run(&arguments),
        Verb::Completions(arguments) => shell::completions(&arguments),
        Verb::Man(arguments) => shell::man(&arguments),
    }
}
