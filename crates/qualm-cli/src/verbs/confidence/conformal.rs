use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qualm_confidence::conformal::{Options, RecordSets, Wanted, sets_of_records};
use qualm_confidence::evaluate::By;
use qualm_data::AtomicFile;
use serde_json::json;

use super::input::{Input, RECORDS};
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example, with records that have probs and label:
  qualm confidence conformal known.jsonl --on new.jsonl --alpha 0.1 --by shift

Each record of --on gets a set of classes that holds the right one with a
probability of at least 1 - alpha, whatever the model, if its records are drawn
as those calibrated on were.",
    after_help = RECORDS
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    calibration: Input,

    /// Records that sets are made for; labels are needed for the coverage alone
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    on: Vec<PathBuf>,

    /// Share of records whose set may miss the right class
    #[arg(long, default_value_t = Options::default().alpha, value_name = "RATE")]
    alpha: f64,

    /// What sets are cut by: lac (smallest), aps (grows with doubt), or raps (aps for many
    /// classes, tuned on a fifth of the records)
    #[arg(long, default_value = "lac", value_name = "SCORE")]
    score: Wanted,

    /// Promise it to the records of each class
    #[arg(long)]
    by_class: bool,

    /// Let nothing be settled by chance: larger sets for aps and raps
    #[arg(long)]
    not_randomised: bool,

    /// Put the most probable class into sets that would be empty
    #[arg(long)]
    at_least_one: bool,

    /// Seed of what chance settles
    #[arg(long, default_value_t = Options::default().seed, value_name = "N")]
    seed: u64,

    /// Show coverage of groups of records, too: shift (by split), model, or tag:NAME
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,

    /// Where to write the sets (JSON lines of id and set)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.output {
        outputs::check(path)?;
    }
    let calibration = arguments.calibration.read()?;
    let new = arguments.calibration.read_others(&arguments.on)?;
    let bad = calibration.bad.len() + new.bad.len();
    if bad > 0 {
        console::warn(&format!("{bad} lines could not be read"));
    }
    let options = Options {
        alpha: arguments.alpha,
        by_class: arguments.by_class,
        randomised: !arguments.not_randomised,
        at_least_one: arguments.at_least_one,
        seed: arguments.seed,
    };
    let found = sets_of_records(
        &calibration.records,
        &new.records,
        arguments.score,
        &options,
        arguments.by.as_ref(),
    )?;
    if let Some(path) = &arguments.output {
        write(path, &found)?;
    }
    let thresholds: Vec<Option<f64>> = found
        .fitted
        .thresholds()
        .iter()
        .map(|threshold| Some(*threshold).filter(|threshold| threshold.is_finite()))
        .collect();
    let data = json!({
        "score": found.fitted.score().to_string(),
        "alpha": options.alpha,
        "seed": options.seed,
        "calibration_records": found.fitted.rows(),
        "thresholds": thresholds,
        "notes": found.fitted.notes(),
        "coverage": found.coverage,
    });
    console::show(&found.report(), &data, arguments.json)?;
    Ok(Ended::Well)
}

fn write(path: &PathBuf, found: &RecordSets<'_>) -> anyhow::Result<()> {
    AtomicFile::save(path, |file| {
        for (row, record) in found.records.iter().enumerate() {
            let line = json!({"id": record.id, "set": found.sets.row(row)});
            writeln!(file, "{line}")?;
        }
        Ok(())
    })?;
    Ok(())
}
