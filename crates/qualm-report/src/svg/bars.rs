//! Dots with whiskers, grouped by set.

use maud::{Markup, html};

use super::frame::{Axis, x_axis};
use super::legend::{Key, Legend, classes, marker};
use crate::model::{BarSeries, Bars, Estimate};
use crate::number::fixed;

/// The distance between two dots of a set, in pixels.
const DOT: usize = 13;
/// The space between two sets, in pixels.
const GAP: usize = 14;
/// Names of sets are cut after this many characters.
const LONGEST_NAME: usize = 22;
/// The width of a character of such a name, in pixels.
const CHARACTER: usize = 7;
/// Decimals of the figures in tooltips.
const DECIMALS: u8 = 3;

/// The plot itself, without title, legend and notes.
pub(crate) fn bars(plot: &Bars) -> Markup {
    let x = Axis::around(estimates(plot).flat_map(|e| [e.value, e.lo, e.hi]), 6);
    let band = plot.series.len().max(1) * DOT + GAP;
    let left = (0..plot.row_count())
        .map(|row| plot.set_name(row).chars().count().min(LONGEST_NAME))
        .max()
        .unwrap_or(0)
        * CHARACTER
        + 14;
    html! {
        svg.plot.dots role="img" aria-label=(describe(plot))
            style={ "--left:" (left) "px;height:" (plot.row_count() * band) "px" } {
            @for row in (1..plot.row_count()).step_by(2) {
                rect.band y=(row * band) width="100%" height=(band) {}
            }
            (x_axis(&x, &plot.x_label))
            @for row in 0..plot.row_count() {
                (set_name(plot.set_name(row), row * band + band / 2))
                @for (index, series) in plot.series.iter().enumerate() {
                    @if let Some(estimate) = series.at(row).filter(|e| e.value.is_finite()) {
                        @let y = row * band + GAP / 2 + index * DOT + DOT / 2;
                        (dot(index, series, plot.set_name(row), estimate, y, &x))
                    }
                }
            }
        }
    }
}

impl Bars {
    /// The series by name.
    pub(crate) fn legend(&self) -> Legend {
        Legend {
            key: Key::Marker,
            names: self.series.iter().map(|s| s.name.clone()).collect(),
        }
    }

    /// What the picture cannot show, in sentences.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let hidden = estimates(self).filter(|e| !e.value.is_finite()).count();
        if hidden == 0 {
            Vec::new()
        } else {
            vec![format!(
                "Estimates that are not finite, not drawn: {hidden}."
            )]
        }
    }
}

fn estimates(plot: &Bars) -> impl Iterator<Item = Estimate> {
    plot.series
        .iter()
        .flat_map(|s| s.values.iter().flatten().copied())
}

fn describe(plot: &Bars) -> String {
    let names: Vec<&str> = plot.series.iter().map(|s| s.name.as_str()).collect();
    format!(
        "{}: {} of {} on {}",
        plot.title,
        plot.x_label,
        names.join(", "),
        plot.sets.join(", ")
    )
}

fn set_name(name: &str, y: usize) -> Markup {
    let long = name.chars().count() > LONGEST_NAME;
    let cut: String = name.chars().take(LONGEST_NAME - 1).collect();
    html! {
        text.y.set y=(y) dx="-12" dy=".34em" {
            @if long { title { (name) } (cut) "…" } @else { (name) }
        }
    }
}

fn dot(index: usize, series: &BarSeries, set: &str, e: Estimate, y: usize, x: &Axis) -> Markup {
    let [value, lo, hi] = [e.value, e.lo, e.hi].map(|v| fixed(v, DECIMALS));
    html! {
        g class={ "series " (classes(index)) } {
            title { (series.name) " on " (set) ": " (value) " [" (lo) ", " (hi) "]" }
            @if !e.lo.is_nan() && !e.hi.is_nan() {
                line.whisker x1=(x.across(e.lo)) x2=(x.across(e.hi)) y1=(y) y2=(y) {}
            }
            svg.marker x=(x.across(e.value)) y=(y) { path.dot d=(marker(index)) {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64) -> Option<Estimate> {
        Some(Estimate {
            value,
            lo: value - 0.1,
            hi: value + 0.1,
        })
    }

    #[test]
    fn each_estimate_is_a_dot_that_can_be_read() {
        let plot = Bars::new("t", "AUROC", ["a", "b"])
            .push("m", vec![estimate(0.5), None])
            .push("n", vec![estimate(0.7), estimate(f64::NAN)]);
        let drawn = bars(&plot).into_string();
        assert_eq!(drawn.matches("class=\"dot\"").count(), 2);
        assert!(drawn.contains("m on a: 0.500 [0.400, 0.600]"), "{drawn}");
        assert_eq!(
            plot.remarks(),
            ["Estimates that are not finite, not drawn: 1."]
        );
    }

    #[test]
    fn long_names_are_cut_and_kept_for_the_pointer() {
        let name = "n".repeat(40);
        let drawn = set_name(&name, 0).into_string();
        assert!(drawn.contains(&format!("<title>{name}</title>")));
        assert!(drawn.contains(&format!("{}…", "n".repeat(21))));
    }
}
