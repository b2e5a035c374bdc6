//! What goes to the terminal: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use qualm_report::Report;
use serde::Serialize;

/// Columns of output that goes to no terminal.
const WIDTH: usize = 80;

/// Prints text to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("standard output")
}

/// Prints a report for people, or `data` as JSON.
pub(crate) fn show(report: &Report, data: &impl Serialize, json: bool) -> anyhow::Result<()> {
    if json {
        return print(&format!("{}\n", serde_json::to_string_pretty(data)?));
    }
    let terminal = io::stdout().is_terminal();
    let width = match console::Term::stdout().size_checked() {
        Some((_, columns)) if terminal => usize::from(columns).clamp(40, 160),
        _ => WIDTH,
    };
    let color = terminal && console::colors_enabled();
    let text = qualm_report::to_terminal(report, width, color);
    print(&format!("{}\n", text.trim_end()))
}

/// Says something that is no result.
pub(crate) fn note(text: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Warns of what may be wrong with a result.
pub(crate) fn warn(text: &str) {
    note(&format!("warning: {text}"));
}

/// Says why nothing came of it.
pub(crate) fn error(error: &anyhow::Error) {
    note(&format!("error: {}", sentence(error)));
}

/// An error with those of its causes that it does not tell itself.
fn sentence(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .fold(error.to_string(), |told, cause| {
            let cause = cause.to_string();
            if told.contains(&cause) {
                told
            } else {
                format!("{told}: {cause}")
            }
        })
}

/// Whether the reader of our output has gone.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// A bar over `rows` rows on standard error; silent where that is no terminal.
pub(crate) fn progress(what: &'static str, rows: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} {wide_bar} {human_pos}/{human_len} rows {per_sec} {eta}",
    );
    let bar = ProgressBar::new(rows).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let full = || io::Error::other("the disk is full");
        let context = anyhow::Error::from(full()).context("standard output");
        assert_eq!(sentence(&context), "standard output: the disk is full");
        let tells_itself = qualm_data::DataError::io("scores.csv", "write", full());
        assert_eq!(
            sentence(&tells_itself.into()),
            "scores.csv: write failed: the disk is full"
        );
    }
}
