//! The command `qualm`: parses arguments, calls the libraries, prints reports.

mod cli;
mod console;
mod gallery;
mod inputs;
mod outputs;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

/// What a verb ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Everything is as asked for.
    Well,
    /// A check failed: a requirement of `bench`, the agreement of `check`.
    CheckFailed,
}

fn main() -> ExitCode {
    let interrupted = ctrlc::set_handler(|| {
        qualm_data::discard_unfinished();
        // 128 + SIGINT, as shells report it.
        std::process::exit(130);
    });
    let outcome = interrupted
        .map_err(anyhow::Error::from)
        .and_then(|()| verbs::run(Cli::parse()));
    match outcome {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::CheckFailed) => ExitCode::from(1),
        // Whoever reads our output has seen enough, as `head` does.
        Err(error) if console::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&error);
            ExitCode::from(2)
        }
    }
}
