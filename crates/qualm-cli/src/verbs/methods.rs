use clap::Args;
use qualm_ood::CATALOGUE;
use qualm_report::{Cell, Column, Report, Table};
use serde::Serialize;

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm methods")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listed {
    word: &'static str,
    formula: &'static str,
    paper: &'static str,
    inputs: &'static str,
    parameters: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let listed: Vec<Listed> = CATALOGUE
        .iter()
        .map(|entry| Listed {
            word: entry.word,
            formula: entry.formula,
            paper: entry.paper,
            inputs: entry.inputs,
            parameters: entry.parameters,
        })
        .collect();
    let mut report = Report::new("Methods").summary(
        "Outlier score: higher = less like the training data. Features x, head W and b, logits \
         l = W x + b, all with the defaults that are shown.",
    );
    for method in &listed {
        let table = Table::new([Column::text(method.word), Column::text(method.formula)])
            .row([Cell::text("paper"), Cell::text(method.paper)])
            .row([Cell::text("takes"), Cell::text(method.inputs)])
            .row([
                Cell::text("parameters"),
                match method.parameters {
                    "" => Cell::text("none"),
                    parameters => Cell::text(parameters),
                },
            ]);
        report = report.push(table);
    }
    console::show(&report, &listed, arguments.json)?;
    Ok(Ended::Well)
}
