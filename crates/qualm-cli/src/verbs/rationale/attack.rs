use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qualm_data::AtomicFile;
use qualm_rationale::attack::{Attack, Attacked};
use qualm_rationale::data::Dataset;
use qualm_rationale::study::{UnderAttack, under_attack};
use qualm_report::{Cell, Column, Report, Table};
use qualm_stats::Bootstrap;
use qualm_stats::random::DEFAULT_SEED;
use serde_json::json;

use super::shared::{self, Data, SuppliesArguments, Whose};
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale train -o model.safetensors
  qualm rationale attack --model model.safetensors --attacks add-template,pwws

With --command a model of your own is attacked. What was changed in each text is
written to --output.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    whose: Whose,

    /// Attacks, separated by commas; see `qualm rationale list`
    #[arg(
        long,
        value_name = "LIST",
        default_value = "add-template,deepwordbug,pwws"
    )]
    attacks: String,

    #[command(flatten)]
    data: Data,

    #[command(flatten)]
    supplies: SuppliesArguments,

    /// Distinct texts that the model is asked about at most, a text [default: as many as it takes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    queries: Option<u32>,

    /// Seed of what attacks draw
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Write each attacked text with its changes, a line of JSON each
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let attacks = shared::attacks(&arguments.attacks)?;
    let splits = arguments.data.open()?;
    let mut supplies = arguments.supplies.open(&splits.training)?;
    if let Some(queries) = arguments.queries {
        supplies.budget = queries as usize;
    }
    let subject = arguments.whose.open(&splits.training.classes)?;
    let mut found = Vec::new();
    let mut log = String::new();
    for set in &splits.tests {
        for &attack in &attacks {
            if !attack.suits(set) {
                console::warn(&format!(
                    "{} means nothing for {}: {}",
                    attack.name(),
                    set.name,
                    "it is left out"
                ));
                continue;
            }
            let unit = subject.unit();
            let victim = subject.victim();
            let (under, attacked) =
                under_attack(attack, victim, unit, set, &supplies, arguments.seed)?;
            for attacked in &attacked {
                log += &line(attack, set, attacked);
            }
            found.push((set.name.clone(), under));
        }
    }
    if let Some(path) = &arguments.output {
        AtomicFile::save(path, |file| file.write_all(log.as_bytes()))?;
        console::note(&format!("wrote {}", path.display()));
    }
    let data: Vec<_> = found
        .iter()
        .map(|(set, under)| json!({"data": set, "result": under}))
        .collect();
    let report = Report::new("Under attack").push(table(&found));
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}

fn line(attack: Attack, set: &Dataset, attacked: &Attacked) -> String {
    let changes = attacked.changes.iter();
    let changes: Vec<_> = changes
        .map(|c| json!({"start": c.at.start, "end": c.at.end, "from": c.from, "to": c.to}))
        .collect();
    let line = json!({
        "attack": attack.name(),
        "data": set.name,
        "id": attacked.example.id,
        "outcome": attacked.outcome.word(),
        "text": attacked.example.text,
        "label": set.classes[attacked.example.label],
        "changes": changes,
        "variant": attacked.variant,
        "queries": attacked.queries,
        "words_changed": attacked.words_changed,
    });
    format!("{line}\n")
}

fn table(found: &[(String, UnderAttack)]) -> Table {
    let mut table = Table::new([
        Column::text("data"),
        Column::text("attack"),
        Column::number("texts"),
        Column::number("before"),
        Column::number("after"),
        Column::number("queries"),
        Column::number("words changed"),
        Column::number("AR"),
    ])
    .note(
        "Accuracy before and after in %, with 95 % intervals over resampled texts; after, a text is \
         right if it was and the attack does not change that. Words changed: in %, of the texts whose \
         class was changed. AR: share of what the attack wrote that the model selected, in %.",
    );
    for (set, under) in found {
        let percent = |marks: &qualm_rationale::study::Marks| {
            let interval = Bootstrap::default().mean(&marks.numbers());
            interval.map_or(Cell::Missing, |i| {
                Cell::interval(100.0 * i.value, 100.0 * i.lo, 100.0 * i.hi, 1)
            })
        };
        let capture = under.capture;
        table = table.row([
            Cell::text(set),
            Cell::text(&under.attack),
            Cell::number(under.before.len() as f64, 0),
            percent(&under.before),
            percent(&under.after),
            Cell::number(under.queries, 1),
            Cell::number(100.0 * under.words_changed, 1),
            capture.map_or(Cell::Missing, |c| Cell::number(100.0 * c, 1)),
        ]);
    }
    table
}
