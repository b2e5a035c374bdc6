//! `qualm confidence`: is stated confidence honest, and what to do if it is not. One verb a file.

mod apply;
mod ask;
mod conditional;
mod conformal;
mod demo;
mod display;
mod eval;
mod fit;
mod generate;
mod input;
mod parse;
mod threshold;

use clap::Subcommand;

use crate::Ended;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// See how honest a real language model is; embedded records, an HTML report
    Demo(demo::Arguments),
    /// Measure stated confidence by split, with intervals
    Eval(eval::Arguments),
    /// Read the confidence that texts state: numbers, words, refusals
    Parse(parse::Arguments),
    /// Write questions of known difficulty, or grade answers to them
    Gen(generate::Arguments),
    /// Ask a language model a suite's questions, and how sure it is
    Ask(ask::Arguments),
    /// Score beliefs that depend on an event, and find contradictions
    Conditional(conditional::Arguments),
    /// Find which confidence helps people most, and when it harms
    Display(display::Arguments),
    /// Learn from graded records how to repair confidence
    Fit(fit::Arguments),
    /// Repair confidence, and measure what that changed
    Apply(apply::Arguments),
    /// Make sets of classes that hold the right one as often as promised
    Conformal(conformal::Arguments),
    /// Find the threshold that misses no more bad items than promised
    Threshold(threshold::Arguments),
}

/// How `confidence` begins its help.
pub(crate) const EXAMPLE: &str = "\
Example, with answers in a table whose column `said` runs from 0 to 100:
  qualm confidence eval answers.csv \\
    --columns id=item,correct=ok,verbal_number=said/100,split=topic --by shift";

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    match verb {
        Verb::Demo(arguments) => demo::run(arguments),
        Verb::Eval(arguments) => eval::run(arguments),
        Verb::Parse(arguments) => parse::run(arguments),
        Verb::Gen(arguments) => generate::run(arguments),
        Verb::Ask(arguments) => ask::run(arguments),
        Verb::Conditional(arguments) => conditional::run(arguments),
        Verb::Display(arguments) => display::run(arguments),
        Verb::Fit(arguments) => fit::run(arguments),
        Verb::Apply(arguments) => apply::run(arguments),
        Verb::Conformal(arguments) => conformal::run(arguments),
        Verb::Threshold(arguments) => threshold::run(arguments),
    }
}
