use std::path::PathBuf;

use clap::Args;
use qualm_data::{Format, Precision, Source, write_features};

use super::options::{INPUTS, Running};
use super::running;
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example, with rows of a tensor; then with pictures, texts and files of any kind:
  qualm model extract demo-data/model.onnx demo-data/val.npz -o set.safetensors
# qualm model extract model.onnx photos/ --preset imagenet -o set.safetensors
# qualm model extract minilm.onnx texts.jsonl --tokenizer tokenizer.json \\
#   --pool mean --normalize -o set.safetensors
# qualm model extract magika.onnx files/ --bytes magika -o set.safetensors",
    after_help = INPUTS
)]
pub(crate) struct Arguments {
    /// The model: an .onnx file; for texts also a table of token vectors, a .safetensors file
    /// with `embedding.weight` (another: FILE:features=NAME)
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Pictures, texts, files of any kind, or a tensor
    #[arg(value_name = "INPUTS")]
    inputs: String,

    /// Where to write: .safetensors, .npz or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Take the linear layer of this node as the head
    #[arg(long, value_name = "NODE")]
    head: Option<String>,

    #[command(flatten)]
    running: Running,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let format = Format::from_extension(&arguments.output)?;
    let head = arguments.head.as_deref();
    let mut run = running::open(
        &arguments.running,
        &arguments.model,
        head,
        &arguments.inputs,
    )?;
    let parts = running::parts_beside(&arguments.output, "");
    let precision = Precision::default();
    // Parts may stand there from a run over more inputs.
    let rows = if run.is_long() || parts.exists() {
        let set = run.spool(&parts)?;
        write_features(&set, &arguments.output, format, precision)?;
        running::remove_parts(&parts)?;
        set.schema().rows
    } else {
        let bar = console::progress("extracting", run.source().schema().rows);
        run.on_progress(&bar);
        write_features(run.source(), &arguments.output, format, precision)?;
        bar.finish_and_clear();
        run.warn_of_skipped()
    };
    let schema = run.source().schema();
    let mut columns = vec![format!("{} features", schema.dim.unwrap_or(0))];
    columns.extend(schema.classes.map(|classes| format!("{classes} logits")));
    columns.extend(schema.labels.then(|| "labels".to_owned()));
    console::note(&format!(
        "{rows} rows, {}: wrote {}",
        columns.join(", "),
        arguments.output.display()
    ));
    Ok(Ended::Well)
}
