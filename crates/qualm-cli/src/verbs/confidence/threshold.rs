use std::path::PathBuf;

use clap::{Args, ValueEnum};
use qualm_confidence::Kind;
use qualm_confidence::records::RecordReader;
use qualm_confidence::threshold::{Blocks, Promise, ScoreTable, filter, scores_of_records};

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    override_usage = "qualm confidence threshold [OPTIONS] --score S --miss-rate E FILE...",
    before_help = "\
Examples, one table with a column that says what is bad, and two of qualm score:
  qualm confidence threshold t.csv --score s --bad is_attack --miss-rate 0.01
  qualm confidence threshold ood.csv --good id.csv --score vim.score \\
    --miss-rate 0.001

The filter blocks what scores at the threshold or beyond it. With probability
1 - delta over draws of the bad items, it misses at most the miss rate of bad
items like them. Where they are too few to show that, it refuses and says how
many it takes: 2,995 for one in a thousand at 95 %."
)]
pub(crate) struct Arguments {
    /// Items: .csv tables with a header, or .jsonl records, whose wrong answers are bad
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Column of the score, or kind of confidence of records
    #[arg(long, value_name = "NAME")]
    score: String,

    /// Column that says what is bad (true, yes, 1); without it every item of FILE is
    #[arg(long, value_name = "NAME")]
    bad: Option<String>,

    /// Tables all of whose items are good
    #[arg(long, num_args = 1.., value_name = "FILE")]
    good: Vec<PathBuf>,

    /// Share of bad items that may be missed
    #[arg(long, value_name = "RATE")]
    miss_rate: f64,

    /// Probability that more are
    #[arg(long, default_value_t = 0.05, value_name = "P")]
    delta: f64,

    /// Which scores are suspicious [default: high in tables, low in records]
    #[arg(long, value_name = "SIDE")]
    block: Option<Side>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Side {
    High,
    Low,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let records = arguments
        .files
        .iter()
        .all(|path| path.extension().is_some_and(|ext| ext == "jsonl"));
    let table = if records {
        of_records(arguments)?
    } else {
        of_tables(arguments)?
    };
    let blocks = match arguments.block {
        Some(Side::High) => Blocks::High,
        Some(Side::Low) => Blocks::Low,
        None if records => Blocks::Low,
        None => Blocks::High,
    };
    let promise = Promise {
        miss_rate: arguments.miss_rate,
        delta: arguments.delta,
    };
    let outcome = filter(&table, blocks, promise)?;
    console::show(&outcome.report(), &outcome, arguments.json)?;
    Ok(Ended::Well)
}

fn of_records(arguments: &Arguments) -> anyhow::Result<ScoreTable> {
    if arguments.bad.is_some() || !arguments.good.is_empty() {
        anyhow::bail!("records say themselves what is right: leave out --bad and --good");
    }
    let kind: Kind = arguments.score.parse()?;
    let mut reader = RecordReader::default();
    for path in &arguments.files {
        reader.jsonl(path)?;
    }
    Ok(scores_of_records(&reader.finish().strict()?, kind))
}

fn of_tables(arguments: &Arguments) -> anyhow::Result<ScoreTable> {
    let mut table = ScoreTable::default();
    for path in &arguments.files {
        match &arguments.bad {
            Some(bad) => table.add_csv(path, &arguments.score, bad)?,
            None => table.add_csv_of(path, &arguments.score, true)?,
        }
    }
    for path in &arguments.good {
        table.add_csv_of(path, &arguments.score, false)?;
    }
    Ok(table)
}
