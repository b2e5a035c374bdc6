use std::path::PathBuf;

use clap::Args;
use qualm_confidence::recalibrate::{FittedRecords, Method, Part, fit_records};
use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use serde_json::json;

use super::input::{Input, RECORDS};
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm confidence fit known.jsonl --part p_true --method platt -o platt.json
  qualm confidence apply platt.json new.jsonl -o repaired.jsonl

Methods for one confidence an answer: temperature, platt, beta, isotonic,
centred-isotonic, venn-abers, histogram(bins=10), bbq. For the probabilities of
all classes (--part probs, with labels): temperature, vector(l2=5),
matrix(l2=5), dirichlet(l2=5). docs/confidence.md says which to take.",
    after_help = RECORDS
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,

    /// What to repair: a kind of confidence, or probs
    #[arg(long, value_name = "KIND")]
    part: Part,

    /// How, with parameters in parentheses
    #[arg(long, default_value = "temperature", value_name = "METHOD")]
    method: Method,

    /// Where to write the recalibrator (JSON)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let records = arguments.input.read()?;
    let fitted = fit_records(&records.records, arguments.part, arguments.method)?;
    fitted.saved.save(&arguments.output)?;
    let data = json!({
        "method": fitted.saved.method,
        "part": fitted.saved.part,
        "rows": fitted.saved.rows,
        "left_out": fitted.left_out,
        "bad_lines": records.bad,
        "notes": fitted.notes,
    });
    let report = report(&fitted, records.bad.len(), arguments);
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}

fn report(fitted: &FittedRecords, bad: usize, arguments: &Arguments) -> Report {
    let row = |name: &str, count: usize| [Cell::text(name), Cell::number(count as f64, 0)];
    let table = Table::new([Column::text(""), Column::number("")])
        .row(row("records fitted on", fitted.saved.rows as usize))
        .row(row("left out: no value, or not graded", fitted.left_out))
        .row(row("lines that could not be read", bad));
    let mut report = Report::new(format!("{} of {}", fitted.saved.method, fitted.saved.part))
        .summary(format!(
            "Wrote {}. How well it repairs is measured on other records: qualm confidence apply.",
            arguments.output.display()
        ));
    for note in &fitted.notes {
        report = report.push(Verdict::new(Tone::Mixed, format!("{note}.")));
    }
    report.push(table)
}
