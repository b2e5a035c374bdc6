use clap::Args;
use qualm_ood::{CATALOGUE, OUT_OF_REACH};
use qualm_report::{Cell, Column, Report, Table};
use serde::Serialize;

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm methods")]
pub(crate) struct Arguments {
    /// Also list methods that features, logits and a head cannot give, with the reason
    #[arg(long)]
    all: bool,

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
    shaper: bool,
}

#[derive(Debug, Serialize)]
struct OutOfReach {
    name: &'static str,
    paper: &'static str,
    needs: &'static str,
}

#[derive(Debug, Serialize)]
struct Everything {
    methods: Vec<Listed>,
    out_of_reach: Vec<OutOfReach>,
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
            shaper: entry.is_shaper(),
        })
        .collect();
    let mut report = Report::new("Methods").summary(format!(
        "{} methods. Outlier score: higher = less like the training data. Features x, head W and \
             b, logits l = W x + b, all with the defaults that are shown. A shaper goes before any \
             score of the logits that is not fitted, as in react(p=90)+gen; alone it stands before \
             the energy. combined takes any others, as in combined(vim,knn(k=5),by=cauchy).",
        listed.len()
    ));
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
    if !arguments.all {
        console::show(&report, &listed, arguments.json)?;
        return Ok(Ended::Well);
    }
    let out_of_reach = OUT_OF_REACH.iter().map(|method| OutOfReach {
        name: method.name,
        paper: method.paper,
        needs: method.reason,
    });
    let everything = Everything {
        methods: listed,
        out_of_reach: out_of_reach.collect(),
    };
    let columns = [
        Column::text("method"),
        Column::text("paper"),
        Column::text("needs"),
    ];
    let mut table = Table::new(columns).title("Out of reach of features, logits and a head");
    for method in &everything.out_of_reach {
        let cells = [method.name, method.paper, method.needs];
        table = table.row(cells.map(Cell::text));
    }
    console::show(&report.push(table), &everything, arguments.json)?;
    Ok(Ended::Well)
}
