//! Histograms in a line of text.

use crate::model::{Histogram, Histograms};
use crate::text::{one_line, width};

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The columns of text that a histogram needs at least to show a shape.
const LEAST: usize = 8;

/// The columns of text beyond which a histogram only gets longer.
const MOST: usize = 48;

/// A histogram a line, all over the same axis, and the ends of the axis in
/// the last line; nothing where `columns` of text leave no room.
pub(crate) fn sparklines(plot: &Histograms, columns: usize) -> Vec<String> {
    let names: Vec<String> = plot.series().iter().map(|s| one_line(s.name())).collect();
    let name_width = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let Some(room) = columns
        .checked_sub(name_width + 2)
        .filter(|&room| room >= LEAST)
    else {
        return Vec::new();
    };
    let bins = room.min(MOST).min(plot.edges().len().saturating_sub(1));
    let mut lines: Vec<String> = plot
        .series()
        .iter()
        .zip(&names)
        .map(|(series, name)| {
            let pad = " ".repeat(name_width - width(name));
            format!("{name}{pad}  {}", sparkline(series, bins))
        })
        .collect();
    let (lo, hi) = plot.range();
    let [lo, hi] = [lo, hi].map(|end| plot.axis_figure(end).replace('−', "-"));
    let indent = " ".repeat(name_width + 2);
    let between = bins.saturating_sub(width(&lo) + width(&hi)).max(1);
    let axis = format!("{indent}{lo}{}{hi}", " ".repeat(between));
    if width(&axis) <= columns {
        lines.push(axis);
    }
    lines
}

/// A histogram merged down to `bins` characters, the fullest at full height;
/// a blank is an empty bin.
fn sparkline(series: &Histogram, bins: usize) -> String {
    let counts = series.counts();
    let merged: Vec<u64> = (0..bins)
        .map(|bin| {
            let start = bin * counts.len() / bins;
            let end = (bin + 1) * counts.len() / bins;
            counts.get(start..end).unwrap_or(&[]).iter().sum()
        })
        .collect();
    let peak = merged.iter().copied().max().unwrap_or(0);
    let line: String = merged
        .iter()
        .map(|&count| match count {
            0 => ' ',
            // From 1 to the peak, onto 0 to 7: only the peak gets the last.
            _ => LEVELS[((count as u128 * 8).div_ceil(u128::from(peak)) - 1) as usize],
        })
        .collect();
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_follow_the_counts() {
        let plot = Histograms::of(
            "t",
            "x",
            4,
            [
                ("a", &[0.0, 1.0, 1.5, 3.0, 3.1, 3.2, 4.0][..]),
                ("bb", &[0.0]),
            ],
        );
        assert_eq!(
            sparklines(&plot, 20),
            ["a   ▂▄ █", "bb  █", "    0.00 4.00"]
        );
    }

    #[test]
    fn bins_merge_to_fit_and_vanish_without_room() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let plot = Histograms::of("t", "x", 60, [("a", &values[..])]);
        let lines = sparklines(&plot, 23);
        assert_eq!(width(&lines[0]), 23);
        assert_eq!(sparklines(&plot, 10), Vec::<String>::new());
    }
}
