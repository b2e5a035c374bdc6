//! What a report holds: plain data, without a word about how it is shown.

mod bars;
mod curves;
mod gallery;
mod histograms;
mod report;
mod table;

pub use bars::{BarSeries, Bars, Estimate};
pub use curves::{Band, Curve, Curves};
pub use gallery::{Exhibit, Gallery, Piece, Shown};
pub use histograms::{Histogram, Histograms, Mark};
pub use report::{Block, Report, Tone, Verdict};
pub use table::{Align, Best, Cell, Column, Table};
