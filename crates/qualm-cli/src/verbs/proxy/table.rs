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
}

/// How labels that differ become one.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Aggregate {
    Mean,
    Median,
}

impl Aggregate {
    pub(crate) fn merge(how: Option<Self>) -> Merge {
        match how {
            None => Merge::Refuse,
            Some(Self::Mean) => Merge::Mean,
            Some(Self::Median) => Merge::Median,
        }
    }
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
}

/// Says how many rows `--skip-bad` left out, if any.
pub(crate) fn say_left_out(rows: usize) {
    if rows > 0 {
        console::warn(&format!(
            "{rows} rows with a formula that cannot be read are left out"
        ));
    }
}
