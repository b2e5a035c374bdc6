//! A report as one HTML file.

mod gallery;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::{Block, Report, Tone, Verdict};
use crate::svg::{self, Legend};

const STYLE: &str = include_str!("style.css");

/// The browser itself enforces that the page loads nothing and runs nothing,
/// whatever a name in it may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A report as one self-contained HTML page: no script, no network, plots as
/// inline SVG.
///
/// The page follows the reader's choice of light or dark, fits a phone and
/// prints. All text is escaped. A pointer that rests on a bin, a curve or a
/// dot shows its figures; one on a name in a legend sets that series off.
/// Each curve is drawn with at most 400 points,
/// [`to_json`](crate::to_json) has all.
///
/// ```
/// use qualm_report::{Report, to_html};
///
/// let page = to_html(&Report::new("<Digits>"));
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// assert!(page.contains("<h1>&lt;Digits&gt;</h1>"));
/// ```
#[must_use]
pub fn to_html(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (report.title) }
                        @if !report.summary.is_empty() { p.summary { (report.summary) } }
                    }
                    (blocks(&report.blocks, true))
                }
            }
        }
    };
    page.into_string()
}

fn blocks(blocks: &[Block], legends: bool) -> Markup {
    html! { @for block in blocks { (self::block(block, legends)) } }
}

/// A block; a plot without its legend where a row of plots shares one.
fn block(block: &Block, legends: bool) -> Markup {
    let legend = || legend_of(block).filter(|_| legends);
    match block {
        Block::Heading(text) => html! { h2 { (text) } },
        Block::Text(text) => html! { p { (text) } },
        Block::Verdict(verdict) => self::verdict(verdict),
        Block::Table(table) => table::table(table),
        Block::Curves(plot) => {
            let notes = plot.remarks().into_iter().chain(plot.note.clone());
            figure(&plot.title, legend(), svg::curves(plot), notes)
        }
        Block::Histograms(plot) => {
            let notes = plot.remarks().into_iter().chain(plot.note.clone());
            figure(&plot.title, legend(), svg::histograms(plot), notes)
        }
        Block::Bars(plot) => {
            let notes = plot.remarks().into_iter().chain(plot.note.clone());
            figure(&plot.title, legend(), svg::bars(plot), notes)
        }
        Block::Gallery(gallery) => gallery::gallery(gallery),
        Block::Settings(settings) => html! {
            dl.settings {
                @for (name, value) in settings { dt { (name) } dd { (value) } }
            }
        },
        Block::Columns(blocks) => columns(blocks),
    }
}

fn verdict(verdict: &Verdict) -> Markup {
    let tone = match verdict.tone {
        Tone::Good => "tone-good",
        Tone::Mixed => "tone-mixed",
        Tone::Bad => "tone-bad",
        Tone::Note => "tone-note",
    };
    html! {
        p class={ "verdict " (tone) } {
            span.word { (verdict.tone.symbol()) " " (verdict.tone.label()) }
            " " (verdict.text)
        }
    }
}

/// Blocks in a grid. Plots of the same series share one legend above them.
fn columns(children: &[Block]) -> Markup {
    let shared = match children {
        [first, others @ ..] if !others.is_empty() => legend_of(first)
            .filter(|legend| others.iter().all(|b| legend_of(b).as_ref() == Some(legend))),
        _ => None,
    };
    html! {
        div.group {
            @if let Some(legend) = &shared { (legend.render()) }
            div.columns {
                @for child in children { div.cell { (block(child, shared.is_none())) } }
            }
        }
    }
}

fn legend_of(block: &Block) -> Option<Legend> {
    match block {
        Block::Curves(plot) => Some(plot.legend()),
        Block::Histograms(plot) => Some(plot.legend()),
        Block::Bars(plot) => Some(plot.legend()),
        _ => None,
    }
}

fn figure(
    title: &str,
    legend: Option<Legend>,
    plot: Markup,
    notes: impl Iterator<Item = String>,
) -> Markup {
    let notes: Vec<String> = notes.collect();
    html! {
        figure.group {
            figcaption { (title) }
            @if let Some(legend) = legend { (legend.render()) }
            (plot)
            @if !notes.is_empty() { p.note { (notes.join(" ")) } }
        }
    }
}
