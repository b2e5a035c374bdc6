use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qualm_data::AtomicFile;
use qualm_onnx::encoder_model;

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example, with a published encoder in a folder:
  qualm model encoder all-MiniLM-L6-v2 -o minilm.onnx
# qualm model extract minilm.onnx texts.jsonl --pool mean --normalize \\
#   --tokenizer all-MiniLM-L6-v2/tokenizer.json -o set.safetensors",
    after_help = "\
FOLDER holds config.json (model_type bert, as MiniLM is) and model.safetensors. The
model takes input_ids, attention_mask and token_type_ids and gives
last_hidden_state; operators of version 17, none custom."
)]
pub(crate) struct Arguments {
    /// The encoder as it is published
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// Where to write the model, an .onnx file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    if !arguments.folder.join("config.json").is_file() {
        anyhow::bail!(
            "{}: there is no config.json in it; give the folder of a published encoder, with \
             config.json and model.safetensors",
            arguments.folder.display()
        );
    }
    let bytes = encoder_model(&arguments.folder)?;
    AtomicFile::save(&arguments.output, |to| to.write_all(&bytes))?;
    console::note(&format!(
        "{} bytes: wrote {}",
        bytes.len(),
        arguments.output.display()
    ));
    Ok(Ended::Well)
}
