use std::path::{Path, PathBuf};

use clap::Args;
use qualm_ood::{BLOCK_ROWS, Merged, merge_parts};

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  qualm merge p1.1 p1.2 -o plan            # the first pass makes \
a plan\n  qualm fit --pass 2 --plan plan --shard 1/2 --train train.npz -o p2.1\n  qualm fit --pass 2 \
--plan plan --shard 2/2 --train train.npz -o p2.2\n  qualm merge plan p2.1 p2.2 -o model.qualm"
)]
pub(crate) struct Arguments {
    /// Parts of a first pass; or a plan and the parts of a second pass
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Where to write the plan or the bundle
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
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
             1e-5 of their standard deviation, not to the byte"
        )
    });
    Ok(Ended::Well)
}
