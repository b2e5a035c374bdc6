use std::path::PathBuf;

use clap::Args;
use qualm_proxy::Merge;
use qualm_proxy::tasks::Reading;

use crate::console;

/// How a user's table is read.
#[derive(Debug, Args)]
pub(crate) struct TableArguments {
    /// Names of the columns, separated by commas, for a file without a header
    #[arg(long, value_name = "LIST", requires = "csv")]
    columns: Option<String>,

    /// Column of chemical formulas, to be read as fractions of elements
    #[arg(long, value_name = "COLUMN", requires = "csv")]
    formula: Option<String>,

    /// Leave out rows whose formula cannot be read, and say how many
    #[arg(long, requires = "formula")]
    skip_bad: bool,

    /// Columns that are no part of a design, separated by commas
    #[arg(long, value_name = "LIST", requires = "csv")]
    ignore: Option<String>,

    /// One label for rows that are one design with labels that differ
    #[arg(long, value_name = "HOW", requires = "csv")]
    aggregate: Option<Aggregate>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Aggregate {
    Mean,
    Median,
}

impl TableArguments {
    pub(crate) fn reading(&self) -> Reading {
        let list = |text: &Option<String>| -> Option<Vec<String>> {
            text.as_ref()
                .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect())
        };
        Reading {
            columns: list(&self.columns),
            formula: self.formula.clone(),
            ignored: list(&self.ignore).unwrap_or_default(),
            skip_bad: self.skip_bad,
        }
    }

    pub(crate) fn merge(&self) -> Merge {
        match self.aggregate {
            None => Merge::Refuse,
            Some(Aggregate::Mean) => Merge::Mean,
            Some(Aggregate::Median) => Merge::Median,
        }
    }
}

/// Says how many rows `--skip-bad` left out, if any.
pub(crate) fn say_left_out(rows: usize) {
    if rows > 0 {
        console::warn(&format!(
            "{rows} rows with a formula that cannot be read are left out"
        ));
    }
}

/// The file and its label.
#[derive(Debug, Args)]
pub(crate) struct Designs {
    /// A table: a design a row, with a header
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: PathBuf,

    /// Column of labels; higher is better
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: String,

    #[command(flatten)]
    pub(crate) table: TableArguments,
}
