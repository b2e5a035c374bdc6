//! The command line as typed; each verb's arguments stand with the verb.

use clap::{Parser, Subcommand};

use crate::verbs::{
    bench, calibrate, check, convert, demo, explain, fit, head, inspect, merge, methods, score,
    shell,
};

/// Well-founded doubts for trained models: tells inputs that are unlike the training data.
#[derive(Debug, Parser)]
#[command(
    version,
    before_help = "Start with:\n  qualm demo",
    after_help = "Feature sets are files (safetensors, npy, npz, parquet), directories or globs of \
                  shards, or `-`.\nArrays go by the names features, logits, labels, groups, ids; \
                  rename with FILE:features=penultimate,\nleave out with FILE:labels=. Heads hold \
                  weight (C x D) and bias (C)."
)]
pub(crate) struct Cli {
    /// Threads to compute with [default: all cores]. Results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Fit detectors and compare them on embedded real data; writes an HTML report
    Demo(demo::Arguments),
    /// Fit detectors to in-distribution rows and write a bundle
    Fit(fit::Arguments),
    /// Score rows with a bundle: scores, p-values and flags
    Score(score::Arguments),
    /// Compare methods on in- and out-of-distribution rows
    Bench(bench::Arguments),
    /// Say why a row has the score that it has
    Explain(explain::Arguments),
    /// Give a bundle a new reference, without refitting
    Calibrate(calibrate::Arguments),
    /// Merge the parts of a fit that was cut into shards
    Merge(merge::Arguments),
    /// Learn a head from features and labels
    #[command(subcommand)]
    Head(head::Verb),
    /// Compare stored logits with those of a head, and say what is wrong
    Check(check::Arguments),
    /// Show what a file holds
    Inspect(inspect::Arguments),
    /// Convert a feature set to another format
    Convert(convert::Arguments),
    /// List the methods
    Methods(methods::Arguments),
    /// Print a completion script for a shell
    Completions(shell::Completions),
    /// Write man pages
    Man(shell::Man),
}
