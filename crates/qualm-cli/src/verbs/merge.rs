use std::path::{Path, PathBuf};

use clap::Args;
use qualm_ood::{BLOCK_ROWS, Merged, merge_parts};

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(before_help = "\
Example, with two small files as the shards of one training set:
  qualm fit --pass 1 --train demo-data/train.npz \\
    --head demo-data/head.npz -o first.1
  qualm fit --pass 1 --train demo-data/val.npz --first-row 1000 \\
    --head demo-data/head.npz -o first.2
  qualm merge first.1 first.2 -o plan
  qualm fit --pass 2 --plan plan --train demo-data/train.npz -o second.1
  qualm fit --pass 2 --plan plan --train demo-data/val.npz --first-row 1000 \\
    -o second.2
  qualm merge plan second.1 second.2 -o merged.qualm

Where all machines see one set, give --shard 1/2 and --shard 2/2 instead of
--first-row: shards then end between blocks of rows, and the merged bundle has
the bytes of one run.")]
pub(crate) struct Arguments {
    /// The parts of pass 1; or the plan and the parts of pass 2; in any order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where to write the plan or the bundle
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let files: Vec<&Path> = arguments.files.iter().map(PathBuf::as_path).collect();
    let (what, exact) = match merge_parts(&files, &arguments.output)? {
        Merged::Plan { warnings, exact } => {
            warnings.iter().for_each(|warning| console::warn(warning));
            ("a plan for the second pass", exact)
        }
        Merged::Bundle { exact } => ("a bundle", exact),
    };
    console::note(&format!("wrote {what}: {}", arguments.output.display()));
    console::note(&if exact {
        format!("shards end at multiples of {BLOCK_ROWS} rows: the bytes are those of one run")
    } else {
        format!(
            "shards do not all end at multiples of {BLOCK_ROWS} rows: scores agree with one run to \
             1e-5 of their standard deviation (combined: to 1e-3), not to the byte"
        )
    });
    Ok(Ended::Well)
}
