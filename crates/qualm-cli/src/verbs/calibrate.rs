use std::path::PathBuf;

use clap::Args;
use qualm_data::FeatureSet;
use qualm_ood::{Bundle, calibrate};

use crate::cli::SETS;
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm calibrate model.qualm demo-data/val.npz -o calibrated.qualm

Scores stay what they are; p-values and flags follow the new reference. A bundle
with `combined` that was fitted in shards without rows held back takes a third
of SET to compare parts on, once; give other rows the next time.",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// In-distribution rows that neither classifier nor detectors have seen
    #[arg(value_name = "SET")]
    reference: String,

    /// Where to write the bundle with the new reference; may be the old one
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let mut bundle = Bundle::load(&arguments.bundle)?;
    calibrate(&mut bundle, &FeatureSet::open(&arguments.reference)?)?;
    bundle.save(&arguments.output)?;
    let rows = bundle.reference().map_or(0, |reference| reference.len());
    console::note(&format!(
        "{rows} reference rows: wrote {}",
        arguments.output.display()
    ));
    Ok(Ended::Well)
}
