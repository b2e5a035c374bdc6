//! The command line as typed; each verb's arguments stand with the verb.

use clap::{Parser, Subcommand};

use crate::verbs::{
    bench, calibrate, check, confidence, convert, demo, explain, fit, head, inspect, merge,
    methods, model, proxy, rationale, score, shell,
};

/// What SET stands for, at the end of the help of each verb that takes one.
pub(crate) const SETS: &str = "\
SET: a .safetensors, .npy, .npz or .parquet file, a folder or a glob of them, or
- for standard input; FILE:features=NAME takes an array of another name. More
about these files: qualm --help";

/// Gives trained models well-founded doubts: says how unlike the training data an input is
#[derive(Debug, Parser)]
#[command(
    // The package is called after its place in the workspace, the program is not.
    name = "qualm",
    version,
    max_term_width = 80,
    before_help = "Start with:\n  qualm demo",
    after_help = "\
A feature set (SET) is a .safetensors, .npy, .npz or .parquet file, a folder or
a glob of them (its shards), or - for standard input. Its arrays go by the names
features, logits, labels, groups and ids; FILE:features=penultimate,labels=y
takes them by other names, and FILE:labels= leaves one out.
A head (HEAD) is a .safetensors or .npz file with weight (C x D) and bias (C).
Exit code: 0 done, 1 a check failed, 2 bad usage or input, 130 interrupted."
)]
pub(crate) struct Cli {
    /// Threads to compute with; results do not depend on it [default: all cores]
    #[arg(
        long,
        global = true,
        value_name = "N",
        // Behind what a verb has of its own.
        display_order = 900,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) threads: Option<u16>,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Compare detectors on embedded real data; writes an HTML report
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
    /// Learn a head from features and labels, for those who have none
    #[command(subcommand, before_help = head::EXAMPLE)]
    Head(head::Verb),
    /// Models as ONNX files: heads, features, detectors in them
    #[command(subcommand, before_help = model::EXAMPLE)]
    Model(model::Verb),
    /// Confidence stated in numbers and words: is it honest?
    #[command(subcommand, before_help = confidence::EXAMPLE)]
    Confidence(confidence::Verb),
    /// Proxies that are optimised against: how far are they gamed?
    #[command(subcommand, before_help = proxy::EXAMPLE)]
    Proxy(proxy::Verb),
    /// Text classifiers that select their evidence, and attacks on them
    #[command(subcommand, before_help = rationale::EXAMPLE)]
    Rationale(rationale::Verb),
    /// Compare stored logits with a head's, and say what is wrong
    Check(check::Arguments),
    /// Show what a file holds: arrays, labels, norms, NaN
    Inspect(inspect::Arguments),
    /// Convert a feature set to another format
    Convert(convert::Arguments),
    /// List the methods: formula, paper, inputs, parameters
    Methods(methods::Arguments),
    /// Print a completion script for a shell
    Completions(shell::Completions),
    /// Write man pages
    Man(shell::Man),
}
