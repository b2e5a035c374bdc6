//! Overlaid histograms.

use std::fmt::Write;

use maud::{Markup, html};

use super::frame::{Axis, GRID, percentage, x_axis, y_axis, y_margin};
use super::legend::{Key, Legend, area_class, classes};
use crate::model::{Histogram, Histograms, Mark};
use crate::number;

/// The plot itself, without title, legend and notes.
pub(crate) fn histograms(plot: &Histograms) -> Markup {
    let x = x_range(plot);
    let peak = plot
        .series()
        .iter()
        .map(Histogram::peak)
        .fold(0.0, f64::max);
    let top = if peak > 0.0 { peak * 105.0 } else { 1.0 };
    let y = Axis::exact(0.0, top, 4);
    let mark = plot.mark.as_ref().filter(|mark| mark.x.is_finite());
    let shape = if mark.is_some() {
        "plot marked"
    } else {
        "plot"
    };
    html! {
        svg class=(shape) style={ "--left:" (y_margin(&y, " %")) "px" } role="img"
            aria-label=(describe(plot)) {
            (x_axis(&x, &plot.x_label))
            (y_axis(&y, "share of each series", " %"))
            svg.data viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%" {
                @for (index, series) in plot.series().iter().enumerate().rev() {
                    g class={ "series " (classes(index)) } {
                        path class=(area_class(index, plot.series().len())) d=(steps(series, plot.edges(), &x, &y)) {}
                    }
                }
            }
            @if let Some(mark) = mark { (vertical(mark, &x)) }
            @for bin in 0..plot.edges().len().saturating_sub(1) { (tooltip(plot, bin, &x)) }
        }
    }
}

impl Histograms {
    /// The series by name, with their sizes.
    pub(crate) fn legend(&self) -> Legend {
        let name = |s: &Histogram| format!("{} (n = {})", s.name(), s.total());
        Legend {
            key: Key::Area,
            names: self.series().iter().map(name).collect(),
        }
    }

    /// The vertical line in words, so that its place can be read exactly.
    pub(crate) fn mark_in_words(&self) -> Option<String> {
        let mark = self.mark.as_ref().filter(|mark| mark.x.is_finite())?;
        Some(format!(
            "{}: {}.",
            mark.label,
            x_range(self).ticks.finer(mark.x)
        ))
    }

    /// A value of the axis with digits to match its scale.
    pub(crate) fn axis_figure(&self, value: f64) -> String {
        x_range(self).ticks.finer(value)
    }
}

/// The bins, and the vertical line should it stand outside of them.
fn x_range(plot: &Histograms) -> Axis {
    let (mut lo, mut hi) = plot.range();
    if let Some(mark) = plot.mark.as_ref().filter(|mark| mark.x.is_finite()) {
        lo = lo.min(mark.x);
        hi = hi.max(mark.x);
    }
    Axis::exact(lo, hi, 7)
}

fn describe(plot: &Histograms) -> String {
    let names: Vec<&str> = plot.series().iter().map(Histogram::name).collect();
    format!(
        "{}: histograms of {} for {}",
        plot.title,
        plot.x_label,
        names.join(", ")
    )
}

/// The outline of a histogram as one closed path.
fn steps(series: &Histogram, edges: &[f64], x: &Axis, y: &Axis) -> String {
    let across = |edge: f64| (x.position(edge) * GRID).round();
    let up = |count: u64| ((1.0 - y.position(series.share(count) * 100.0)) * GRID).round();
    let Some(first) = edges.first() else {
        return String::new();
    };
    let mut data = format!("M{} {GRID}", across(*first));
    let mut height = GRID;
    for (count, end) in series.counts().iter().zip(&edges[1..]) {
        // Writing to a String cannot fail.
        if up(*count) != height {
            height = up(*count);
            let _ = write!(data, "V{height}");
        }
        let _ = write!(data, "H{}", across(*end));
    }
    let _ = write!(data, "V{GRID}");
    data
}

fn vertical(mark: &Mark, x: &Axis) -> Markup {
    // The label leans away from the nearer side of the plot.
    let anchor = match x.position(mark.x) {
        p if p < 0.35 => "start",
        p if p > 0.65 => "end",
        _ => "middle",
    };
    html! {
        line.mark x1=(x.across(mark.x)) x2=(x.across(mark.x)) y1="-26" y2="100%" {}
        text.mark x=(x.across(mark.x)) y="-32" text-anchor=(anchor) {
            (mark.label) ": " (x.ticks.finer(mark.x))
        }
    }
}

/// The figures of one bin, for a pointer that rests on it.
fn tooltip(plot: &Histograms, bin: usize, x: &Axis) -> Markup {
    let (Some(&lo), Some(&hi)) = (plot.edges().get(bin), plot.edges().get(bin + 1)) else {
        return html! {};
    };
    let shares: Vec<String> = plot
        .series()
        .iter()
        .filter_map(|s| Some((s, *s.counts().get(bin)?)))
        .filter(|(_, count)| *count > 0)
        .map(|(s, count)| format!("{} {}", s.name(), number::percent(s.share(count))))
        .collect();
    if shares.is_empty() {
        return html! {};
    }
    html! {
        rect.hover x=(x.across(lo)) width=(percentage(x.position(hi) - x.position(lo)))
            height="100%" {
            title {
                (x.ticks.finer(lo)) " to " (x.ticks.finer(hi)) ": " (shares.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_counts() {
        let plot = Histograms::of("t", "x", 4, [("a", &[0.0, 1.0, 1.5, 4.0][..])]);
        let x = Axis::exact(0.0, 4.0, 4);
        let y = Axis::exact(0.0, 50.0, 5);
        assert_eq!(
            steps(&plot.series()[0], plot.edges(), &x, &y),
            "M0 1000V500H250V0H500V1000H750V500H1000V1000"
        );
    }

    #[test]
    fn a_line_outside_of_the_bins_widens_the_axis() {
        let plot = Histograms::of("t", "x", 2, [("a", &[0.0, 1.0][..])]).line(2.0, "limit");
        assert_eq!(x_range(&plot).position(2.0), 1.0);
        assert_eq!(plot.mark_in_words().as_deref(), Some("limit: 2.000."));
    }

    #[test]
    fn a_line_nowhere_is_still_told() {
        let plot = Histograms::of("t", "x", 2, [("a", &[0.0, 1.0][..])]).line(f64::NAN, "limit");
        assert!(!histograms(&plot).into_string().contains("mark"));
        assert_eq!(plot.mark_in_words(), None);
        assert_eq!(plot.remarks(), ["Not drawn: limit, which is at NaN."]);
    }
}
