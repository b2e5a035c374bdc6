use clap::Args;
use qualm_proxy::{optimisers, proxies, stops, tasks};
use qualm_report::{Cell, Column, Report, Table};
use serde_json::json;

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm proxy list")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Word, what it is, its source, its parameters.
type Row = [&'static str; 4];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let tasks: Vec<Row> = tasks::TASKS
        .iter()
        .map(|e| [e.word, e.what, "", e.parameters])
        .collect();
    let proxies: Vec<Row> = proxies::PROXIES
        .iter()
        .map(|e| [e.word, e.what, e.paper, e.parameters])
        .collect();
    let optimisers: Vec<Row> = optimisers::OPTIMISERS
        .iter()
        .map(|e| [e.word, e.what, e.paper, e.parameters])
        .collect();
    let stops: Vec<Row> = stops::STOPS
        .iter()
        .map(|e| [e.word, e.what, e.paper, e.parameters])
        .collect();
    let report = Report::new("Recipes of qualm proxy")
        .summary("A recipe is a word, or a word with parameters: roma(adapt=no,epochs=50).")
        .push(table("tasks", &tasks))
        .push(table("proxies", &proxies))
        .push(table("optimisers", &optimisers))
        .push(table("stop rules", &stops));
    let listed = |rows: &[Row]| -> Vec<_> {
        let entry = |row: &Row| json!({"word": row[0], "what": row[1], "paper": row[2], "parameters": row[3]});
        rows.iter().map(entry).collect()
    };
    let data = json!({
        "tasks": listed(&tasks),
        "proxies": listed(&proxies),
        "optimisers": listed(&optimisers),
        "stops": listed(&stops),
    });
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}

fn table(title: &str, rows: &[Row]) -> Table {
    let columns = ["word", "what", "source", "parameters"].map(Column::text);
    let table = Table::new(columns).title(title);
    rows.iter()
        .fold(table, |table, row| table.row(row.map(Cell::text)))
}
