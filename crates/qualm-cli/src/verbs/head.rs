use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use qualm_data::FeatureSet;
use qualm_head::{FitOptions, FittedHead, Stop, fit_head};
use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use serde_json::{Value, json};

use crate::cli::SETS;
use crate::{Ended, console, outputs};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Learn a multinomial logistic head (L2, L-BFGS)
    Fit(FitArguments),
}

/// How `head` and `head fit` begin their help.
pub(crate) const EXAMPLE: &str = "\
Example, with images as classes; two rows of each call for a small C:
  qualm head fit demo-data/train.npz:labels=groups -c 0.001 -o learned.npz";

#[derive(Debug, Args)]
#[command(
    before_help = EXAMPLE,
    after_help = SETS
)]
pub(crate) struct FitArguments {
    /// Rows with features (N x D) and labels (N), which number the classes 0, 1, 2, ... without
    /// a gap; rows with a negative label are passed over
    #[arg(value_name = "SET")]
    input: String,

    /// Where to write weight and bias: .npz or .safetensors
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Inverse strength of the L2 penalty, as scikit-learn's C
    #[arg(short, value_name = "C", default_value_t = FitOptions::default().inverse_regularisation)]
    c: f64,

    /// Steps to take at most
    #[arg(long, default_value_t = FitOptions::default().max_iterations, value_name = "N")]
    max_iterations: u64,

    /// Norm of the gradient of the mean objective at which to stop
    #[arg(long, default_value_t = FitOptions::default().gradient_tolerance, value_name = "NORM")]
    tolerance: f64,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(verb: &Verb) -> anyhow::Result<Ended> {
    let Verb::Fit(arguments) = verb;
    let options = FitOptions {
        inverse_regularisation: arguments.c,
        max_iterations: arguments.max_iterations,
        gradient_tolerance: arguments.tolerance,
        ..FitOptions::default()
    };
    outputs::check(&arguments.output)?;
    let bar = ProgressBar::new_spinner();
    let fitted = fit_head(
        &FeatureSet::open(&arguments.input)?,
        &options,
        &mut |progress| {
            bar.set_message(format!(
                "step {}: objective {:.6}, gradient {:.1e}",
                progress.iteration, progress.objective, progress.gradient_norm
            ));
            bar.tick();
        },
    )?;
    bar.finish_and_clear();
    fitted.head.save(&arguments.output)?;
    console::show(&report(&fitted, arguments), &data(&fitted), arguments.json)?;
    Ok(Ended::Well)
}

fn data(fitted: &FittedHead) -> Value {
    json!({
        "converged": fitted.stop == Stop::Converged,
        "rows": fitted.rows,
        "left_out": fitted.left_out,
        "classes": fitted.classes,
        "objective": fitted.objective,
        "gradient_norm": fitted.gradient_norm,
        "steps": fitted.iterations,
        "passes": fitted.passes,
        "training_accuracy": fitted.training_accuracy,
    })
}

fn report(fitted: &FittedHead, arguments: &FitArguments) -> Report {
    let verdict = match fitted.stop {
        Stop::Converged => Verdict::new(Tone::Good, "Converged."),
        Stop::Iterations => Verdict::new(
            Tone::Bad,
            "Not converged: the steps are used up; allow more with --max-iterations.",
        ),
        Stop::Rounding => Verdict::new(
            Tone::Mixed,
            "Stopped at the precision of f64, above the tolerance; a larger --tolerance says so \
             without this warning.",
        ),
    };
    let table = Table::new([Column::text(""), Column::number("")])
        .row([Cell::text("rows"), Cell::number(fitted.rows as f64, 0)])
        .row([
            Cell::text("rows left out (negative label)"),
            Cell::number(fitted.left_out as f64, 0),
        ])
        .row([
            Cell::text("classes"),
            Cell::number(fitted.classes as f64, 0),
        ])
        .row([Cell::text("objective"), Cell::number(fitted.objective, 9)])
        .row([
            Cell::text("gradient norm"),
            Cell::text(format!("{:.2e}", fitted.gradient_norm)),
        ])
        .row([
            Cell::text("steps"),
            Cell::number(fitted.iterations as f64, 0),
        ])
        .row([
            Cell::text("passes over the rows"),
            Cell::number(fitted.passes as f64, 0),
        ])
        .row([
            Cell::text("training accuracy"),
            Cell::number(fitted.training_accuracy, 4),
        ]);
    Report::new(format!("Head learned from {}", arguments.input))
        .summary(format!("Wrote {}.", arguments.output.display()))
        .push(verdict)
        .push(table)
}
