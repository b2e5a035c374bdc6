use std::path::PathBuf;

use clap::Args;
use qualm_confidence::evaluate::By;
use qualm_confidence::recalibrate::{Saved, compare, report};
use qualm_confidence::records::{Record, write_jsonl};
use serde_json::json;

use super::input::{Input, RECORDS};
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm confidence apply platt.json new.jsonl --by shift -o repaired.jsonl

Graded records are measured before and after. Records that the recalibrator was
fitted on are refused: they would look better than new ones.",
    after_help = RECORDS
)]
pub(crate) struct Arguments {
    /// The recalibrator, of confidence fit
    #[arg(value_name = "RECALIBRATOR")]
    recalibrator: PathBuf,

    #[command(flatten)]
    input: Input,

    /// Where to write the repaired records (JSON lines)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Measure groups of records, too: shift (by split), model, or tag:NAME
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,

    /// Repair records that were fitted on, too, and measure the others only
    #[arg(long)]
    keep_fitted: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.output {
        outputs::check(path)?;
    }
    let saved = Saved::load(&arguments.recalibrator)?;
    let records = arguments.input.read()?;
    let before = records.records;
    if !arguments.keep_fitted {
        saved
            .ids
            .refuse(before.iter().map(|record| record.id.as_str()))?;
    }
    let mut after = before.clone();
    let repaired = saved.apply(&mut after)?;
    if let Some(path) = &arguments.output {
        write_jsonl(path, &after)?;
    }
    let new = |records: Vec<Record>| -> Vec<Record> {
        let new = records
            .into_iter()
            .filter(|record| !saved.ids.contains(&record.id));
        new.collect()
    };
    let changes = compare(&new(before), &new(after), saved.part, arguments.by.as_ref())?;
    let data = json!({
        "method": saved.method,
        "part": saved.part,
        "repaired": repaired,
        "bad_lines": records.bad,
        "changes": changes,
    });
    if !records.bad.is_empty() {
        console::warn(&format!("{} lines could not be read", records.bad.len()));
    }
    let title = format!(
        "{repaired} records repaired: {} of {}",
        saved.method, saved.part
    );
    console::show(&report(&title, &changes), &data, arguments.json)?;
    Ok(Ended::Well)
}
