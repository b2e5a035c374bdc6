//! `qualm confidence`: is stated confidence honest, and what to do if it is not.

mod eval;
mod generate;
mod input;
//! Confidence stated in numbers and in words: one verb a file.
pub(crate) mod parse;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Measure stated confidence by split, with intervals
    Eval(eval::Arguments),
    /// Write questions whose difficulty a model can know, or grade answers to them
    Gen(generate::Arguments),
}

/// How `confidence` begins its help.
pub(crate) const EXAMPLE: &str = "\
Example, with answers in a table whose column `said` runs from 0 to 100:
  qualm confidence eval answers.csv \\
    --columns id=item,correct=ok,verbal_number=said/100,split=topic --by shift";

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Eval(arguments) => eval::run(arguments),
        Verb::Gen(arguments) => generate::run(arguments),
    /// Read the confidence that texts state: numbers, words, refusals
    Parse(parse::Arguments),
pub(crate) const EXAMPLE: &str = parse::EXAMPLE;
        Verb::Parse(arguments) => parse::run(arguments),
    }
}
