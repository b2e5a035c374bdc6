use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm completions bash > qualm.bash && source qualm.bash")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

pub(crate) fn completions(arguments: &Completions) -> anyhow::Result<Ended> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "qualm", &mut script);
    console::print(&String::from_utf8_lossy(&script))?;
    Ok(Ended::Well)
}

#[derive(Debug, Args)]
#[command(before_help = "Example:\n  qualm man -o man\n\nRead a page with `man man/qualm.1`.")]
pub(crate) struct Man {
    /// Folder to write to, one page for each verb
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

pub(crate) fn man(arguments: &Man) -> anyhow::Result<Ended> {
    let folder = &arguments.output;
    let failed = || format!("{}: cannot be written", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
    console::note(&format!("wrote man pages to {}", folder.display()));
    Ok(Ended::Well)
}
