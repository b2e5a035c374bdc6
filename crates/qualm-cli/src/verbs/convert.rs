use std::path::PathBuf;

use clap::{Args, ValueEnum};
use qualm_data::{FeatureSet, FloatType, Source, convert};

use crate::cli::SETS;
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  qualm convert demo-data/train.npz train.safetensors",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// The feature set
    #[arg(value_name = "SET")]
    from: String,

    /// The new file; its extension names the format: .safetensors, .npz, .npy, .parquet
    #[arg(value_name = "FILE")]
    to: PathBuf,

    /// Type of the features and logits [default: as they are; f32 for f64]
    #[arg(long, value_name = "TYPE")]
    float: Option<Float>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Float {
    F16,
    Bf16,
    F32,
    F64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.to)?;
    let set = FeatureSet::open(&arguments.from)?;
    let float = arguments.float.map(|float| match float {
        Float::F16 => FloatType::F16,
        Float::Bf16 => FloatType::Bf16,
        Float::F32 => FloatType::F32,
        Float::F64 => FloatType::F64,
    });
    convert(&set, &arguments.to, float)?;
    console::note(&format!(
        "{} rows: wrote {}",
        set.schema().rows,
        arguments.to.display()
    ));
    Ok(Ended::Well)
}
