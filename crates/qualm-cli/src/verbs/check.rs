use clap::Args;
use qualm_data::{FeatureSet, Head};
use qualm_head::{Check, Diagnosis, check};
use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};

use serde_json::{Value, json};

use crate::cli::SETS;
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm check demo-data/val.npz --head demo-data/head.npz

Exits with 1 when stored logits are not those of the head, and says what is
likely wrong: features taken before the activation, a transposed weight, another
checkpoint ...",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// Rows with features and logits, and labels where known
    #[arg(value_name = "SET")]
    input: String,

    /// The head that should give these logits: a .npz or .safetensors file with weight and bias
    #[arg(long, value_name = "HEAD")]
    head: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let head = Head::open(&arguments.head)?;
    let found = check(&FeatureSet::open(&arguments.input)?, &head)?;
    console::show(
        &report(&found, &arguments.input, &arguments.head),
        &data(&found),
        arguments.json,
    )?;
    Ok(match found.diagnosis {
        Diagnosis::Agrees(_) | Diagnosis::NoLogits => Ended::Well,
        _ => Ended::CheckFailed,
    })
}

fn data(found: &Check) -> Value {
    let difference = |difference: Option<qualm_head::Difference>| difference.map(|d| d.largest);
    json!({
        "agrees": found.diagnosis.agrees(),
        "diagnosis": found.diagnosis.to_string(),
        "rows": found.rows,
        "labelled_rows": found.labelled_rows,
        "head_accuracy": found.head_accuracy,
        "stored_accuracy": found.stored_accuracy,
        "largest_difference": difference(found.as_given),
        "largest_difference_as_diagnosed": difference(found.as_diagnosed),
    })
}

fn report(found: &Check, input: &str, head: &str) -> Report {
    let tone = match found.diagnosis {
        Diagnosis::Agrees(_) => Tone::Good,
        Diagnosis::NoLogits => Tone::Note,
        _ => Tone::Bad,
    };
    let columns = [
        Column::text("logits"),
        Column::number("accuracy"),
        Column::number("largest difference"),
    ];
    let accuracy = |share: Option<f64>| share.map_or(Cell::Missing, |share| Cell::number(share, 4));
    let difference = |difference: Option<qualm_head::Difference>| {
        difference.map_or(Cell::Missing, |difference| {
            Cell::number(difference.largest, 6)
        })
    };
    let mut table = Table::new(columns)
        .row([
            Cell::text("stored"),
            accuracy(found.stored_accuracy),
            Cell::Missing,
        ])
        .row([
            Cell::text("features * W^T + b"),
            accuracy(found.head_accuracy),
            difference(found.as_given),
        ]);
    if found.as_diagnosed.is_some() {
        table = table.row([
            Cell::text("the same, mended as diagnosed"),
            Cell::Missing,
            difference(found.as_diagnosed),
        ]);
    }
    Report::new(format!("{input} against {head}"))
        .summary(format!(
            "{} rows, {} of them labelled.",
            found.rows, found.labelled_rows
        ))
        .push(Verdict::new(tone, format!("{}.", found.diagnosis)))
        .push(table)
}
