//! Results for people: a report is a title and blocks, and renders to the
//! terminal, Markdown, JSON, CSV and one self-contained HTML file.
//!
//! ```
//! use qualm_report::{
//!     Bars, Best, Block, Cell, Column, Curves, Estimate, Histograms, Report, Table, Tone, Verdict,
//! };
//!
//! let mut table = Table::new([Column::text("set"), Column::number("ViM"), Column::number("MSP")])
//!     .title("AUROC with 95 % intervals")
//!     .row([
//!         Cell::text("textures"),
//!         Cell::interval(0.939, 0.925, 0.951, 3),
//!         Cell::interval(0.858, 0.836, 0.879, 3),
//!     ]);
//! table.mark_best_in_rows(1..3, Best::Highest);
//!
//! let (inside, outside) = (vec![0.1, 0.2, 0.25, 0.3], vec![0.28, 0.8, 0.9]);
//! let report = Report::new("Textures against ImageNet")
//!     .summary("Two methods on one out-of-distribution set.")
//!     .push(Verdict::new(Tone::Good, "ViM tells textures apart better than MSP."))
//!     .push(table)
//!     .push(Block::Columns(vec![
//!         Curves::new("ROC", "OOD accepted", "in-distribution accepted")
//!             .unit_square()
//!             .push("ViM", vec![(0.0, 0.0), (0.05, 0.9), (1.0, 1.0)])
//!             .into(),
//!         Histograms::of(
//!             "Scores of ViM",
//!             "outlier score",
//!             60,
//!             [("ImageNet", inside.as_slice()), ("textures", &outside)],
//!         )
//!         .line(0.29, "threshold at 5 % false alarms")
//!         .into(),
//!     ]))
//!     .push(Bars::new("AUROC", "AUROC", ["textures"]).push(
//!         "ViM",
//!         vec![Some(Estimate { value: 0.939, lo: 0.925, hi: 0.951 })],
//!     ))
//!     .push(Block::Settings(vec![("seed".into(), "7".into())]));
//!
//! let terminal = qualm_report::to_terminal(&report, 80, false);
//! let page = qualm_report::to_html(&report);
//! assert!(terminal.contains("*0.939 [0.925, 0.951]"));
//! assert!(page.contains("<svg") && !page.contains("<script"));
//! ```
//!
//! # What a report is
//!
//! Plain data: a [`Report`] holds [`Block`]s in reading order, a block holds
//! words, a [`Table`], a plot or settings. Nothing in it knows how it will
//! look. The numbers stay `f64` all the way, and each form shows as many
//! digits as it has use for.
//!
//! # What becomes of it
//!
//! | function | for | plots |
//! |---|---|---|
//! | [`to_terminal`] | people at a terminal, 80 columns or any other width | histograms in block characters, the others counted |
//! | [`to_markdown`] | issues and pull requests | histograms in block characters, [`Bars`] as a table, [`Curves`] by name |
//! | [`to_html`] | reading at leisure, sending to others | all, as inline SVG |
//! | [`to_json`] | programs: every number in full precision | all, as numbers |
//! | [`to_csv`] | spreadsheets and data frames: one [`Table`] | none |
//!
//! Every function returns a `String`; none can fail. Numbers that are not
//! finite are shown by name in tables, and where a plot has no place for
//! them it says how many there are.
//!
//! # Names from files
//!
//! Sets, classes and methods may be named by someone else. HTML escapes all
//! text and forbids scripts by its content security policy, Markdown escapes
//! what would be markup, terminal and Markdown show control characters as
//! `�` instead of obeying them, and CSV quotes by RFC 4180.

mod csv;
mod exact;
mod html;
mod json;
mod markdown;
mod model;
mod number;
mod sparkline;
mod svg;
mod terminal;
mod text;

pub use csv::to_csv;
pub use html::to_html;
pub use json::to_json;
pub use markdown::to_markdown;
pub use model::{
    Align, Band, BarSeries, Bars, Best, Block, Cell, Column, Curve, Curves, Estimate, Exhibit,
    Gallery, Histogram, Histograms, Mark, Piece, Report, Shown, Table, Tone, Verdict,
};
pub use terminal::to_terminal;
