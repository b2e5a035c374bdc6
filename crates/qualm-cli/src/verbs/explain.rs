use std::path::PathBuf;

use clap::Args;
use qualm_data::FeatureSet;
use qualm_ood::{Bundle, explain};

use crate::cli::SETS;
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  qualm explain model.qualm demo-data/textures.npz --row 7",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The rows, one of which to explain
    #[arg(value_name = "SET")]
    input: String,

    /// Which row to explain, counted from 0
    #[arg(long, value_name = "N")]
    row: u64,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let bundle = Bundle::load(&arguments.bundle)?;
    let found = explain(&bundle, &FeatureSet::open(&arguments.input)?, arguments.row)?;
    console::show(&found.report(), &found, arguments.json)?;
    Ok(Ended::Well)
}
