//! Writes an HTML report with every kind of block, from seeded made-up
//! numbers, and prints the same report as text.
//!
//! `cargo run -p qualm-report --example gallery -- gallery.html`

#[path = "../tests/made_up/mod.rs"]
mod made_up;

use std::process::ExitCode;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a program"
)]
fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("Say where to write the page, as in `gallery page.html`.");
        return ExitCode::from(2);
    };
    let report = made_up::report();
    if let Err(error) = std::fs::write(&path, qualm_report::to_html(&report)) {
        eprintln!("{} cannot be written: {error}.", path.display());
        return ExitCode::from(2);
    }
    print!("{}", qualm_report::to_terminal(&report, 80, false));
    ExitCode::SUCCESS
}
