use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use qualm_data::AtomicFile;
use qualm_onnx::{AttachOptions, HeadSearch, Model, attach};
use qualm_ood::Bundle;

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm model attach demo-data/model.onnx model.qualm --method vim -o safer.onnx",
    after_help = "\
The new model is plain ONNX (standard operators, version 13 or newer). It gives
all that the old one gave, and for each input:
  ood_score    higher = less like the training data
  ood_p_value  share of the reference that looks at least as unlike
  ood_flag     true where the p-value is at most --false-alarms"
)]
pub(crate) struct Arguments {
    /// The model, an .onnx file
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// The bundle, fitted with the model's head
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Where to write the new model
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Which detector of the bundle [default: the only one]
    #[arg(long, value_name = "NAME")]
    method: Option<String>,

    /// Take the linear layer of this node as the head
    #[arg(long, value_name = "NODE")]
    head: Option<String>,

    /// Share of in-distribution inputs that may be flagged
    #[arg(long, value_name = "RATE", default_value_t = 0.05)]
    false_alarms: f64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if !(0.0..=1.0).contains(&arguments.false_alarms) {
        anyhow::bail!(
            "--false-alarms {} is no share; give a number from 0 to 1",
            arguments.false_alarms
        );
    }
    outputs::check(&arguments.output)?;
    let model = Model::open(&arguments.model)?;
    let external = model.external_files();
    if !external.is_empty() && folder(&arguments.output) != folder(&arguments.model) {
        anyhow::bail!(
            "{}: tensors of the model stand in other files ({}), which must lie beside the new one too; write it to the model's folder",
            arguments.output.display(),
            external.into_iter().collect::<Vec<_>>().join(", ")
        );
    }
    let head = HeadSearch::of(&model)?.choose(&model, arguments.head.as_deref())?;
    let bundle = Bundle::load(&arguments.bundle)?;
    let options = AttachOptions {
        detector: arguments.method.as_deref(),
        false_alarms: arguments.false_alarms,
    };
    let attached = attach(&model, &head, &bundle, options)?;
    AtomicFile::save(&arguments.output, |to| to.write_all(&attached.bytes))?;
    if let Some(warning) = &attached.warning {
        console::warn(warning);
    }
    console::note(&format!(
        "{} with {} reference rows, {} bytes more: wrote {}",
        attached.method,
        attached.reference_rows,
        attached.bytes.len() as u64 - model.len(),
        arguments.output.display()
    ));
    Ok(Ended::Well)
}

/// The folder of a file as the system knows it.
fn folder(path: &Path) -> Option<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::canonicalize(folder).ok()
}
