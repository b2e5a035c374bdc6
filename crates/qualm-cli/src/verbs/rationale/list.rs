use clap::Args;
use qualm_rationale::attack::Attack;
use qualm_rationale::model::Method;
use qualm_report::{Cell, Column, Report, Table};
use serde_json::json;

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm rationale list")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const DATA: [(&str, &str); 5] = [
    ("planted", "reviews that are generated; evidence is known"),
    (
        "tweets:PATH",
        "Tweet Sentiment Extraction, with people's evidence",
    ),
    (
        "fever:FOLDER",
        "claims and articles, with people's evidence",
    ),
    (
        "cad:FOLDER",
        "counterfactually augmented IMDb, with what people edited",
    ),
    ("FILE", "CSV or JSON lines of your own"),
];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let attacks: Vec<(&str, &str)> = Attack::ALL.iter().map(|(_, n, what)| (*n, *what)).collect();
    let usual = |name: &str| Method::parse(name).map(|method| method.to_string());
    let mut models = Table::new(["model", "what", "parameters"].map(Column::text)).title("Models");
    for (name, what) in Method::NAMES {
        models = models.row([name.to_owned(), what.to_owned(), usual(name)?].map(Cell::text));
    }
    let report = Report::new("Models, attacks and data of qualm rationale")
        .push(models)
        .push(table("Attacks", &attacks))
        .push(table("Data", &DATA));
    let listed = |rows: &[(&str, &str)]| -> Vec<_> {
        let rows = rows.iter();
        rows.map(|(name, what)| json!({"name": name, "what": what}))
            .collect()
    };
    let data = json!({
        "models": listed(&Method::NAMES),
        "attacks": listed(&attacks),
        "data": listed(&DATA),
    });
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}

fn table(title: &str, rows: &[(&str, &str)]) -> Table {
    let table = Table::new(["name", "what"].map(Column::text)).title(title);
    rows.iter().fold(table, |table, (name, what)| {
        table.row([*name, *what].map(Cell::text))
    })
}
