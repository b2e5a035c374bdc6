//! Axes, grid and labels around a plot.
//!
//! The drawing fills the whole `svg` element; labels stand in its margins,
//! which the style sheet keeps free. Positions along an axis are percentages,
//! so a plot stretches and its text does not.

use maud::{Markup, html};

use super::thin::GridPoint;
use super::ticks::Ticks;

/// The side of the square that curves are drawn in before it is stretched.
pub(crate) const GRID: f64 = 1000.0;

/// The width of a character of a tick label, in pixels, rounded up.
const CHARACTER: usize = 7;

/// A range of numbers laid out along one side of a plot.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    lo: f64,
    hi: f64,
    pub(crate) ticks: Ticks,
}

impl Axis {
    /// An axis that ends where the data end.
    pub(crate) fn exact(lo: f64, hi: f64, about: usize) -> Self {
        let (lo, hi) = apart(lo, hi);
        Self {
            lo,
            hi,
            ticks: Ticks::within(lo, hi, about),
        }
    }

    /// An axis that ends at the round numbers around the data; 0 to 1 if no
    /// value is finite.
    pub(crate) fn around(values: impl Iterator<Item = f64>, about: usize) -> Self {
        let (lo, hi) = values
            .filter(|v| v.is_finite())
            .map(|v| (v, v))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
            .unwrap_or((0.0, 1.0));
        let (lo, hi) = apart(lo, hi);
        let (ticks, lo, hi) = Ticks::around(lo, hi, about);
        Self { lo, hi, ticks }
    }

    /// Where a value stands, from 0 to 1; values beyond the ends stand at
    /// the ends.
    pub(crate) fn position(&self, value: f64) -> f64 {
        // Halves, since the difference of two extremes overflows.
        let along = (value / 2.0 - self.lo / 2.0) / (self.hi / 2.0 - self.lo / 2.0);
        along.clamp(0.0, 1.0)
    }

    /// The same as an SVG length along the horizontal axis.
    pub(crate) fn across(&self, value: f64) -> String {
        percentage(self.position(value))
    }

    /// The same as an SVG length along the vertical axis, which SVG counts
    /// downwards.
    pub(crate) fn up(&self, value: f64) -> String {
        percentage(1.0 - self.position(value))
    }
}

/// Where a pair of finite numbers stands on the grid of curves.
pub(crate) fn grid_point(x: &Axis, y: &Axis, point: (f64, f64)) -> GridPoint {
    (
        (x.position(point.0) * GRID).round() as i32,
        ((1.0 - y.position(point.1)) * GRID).round() as i32,
    )
}

fn apart(lo: f64, hi: f64) -> (f64, f64) {
    if lo < hi {
        return (lo, hi);
    }
    let half = if lo == 0.0 { 0.5 } else { lo.abs() * 0.05 };
    ((lo - half).max(f64::MIN), (hi + half).min(f64::MAX))
}

pub(crate) fn percentage(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

/// Vertical lines at the ticks of the horizontal axis, their labels and the
/// name of the axis.
pub(crate) fn x_axis(axis: &Axis, label: &str) -> Markup {
    html! {
        @for &tick in &axis.ticks.values {
            line.grid x1=(axis.across(tick)) x2=(axis.across(tick)) y2="100%" {}
        }
        @for &tick in &axis.ticks.values {
            text.x x=(axis.across(tick)) y="100%" dy="1.6em" { (axis.ticks.label(tick)) }
        }
        text.x.name x="50%" y="100%" dy="3.2em" { (label) }
    }
}

/// Horizontal lines at the ticks of the vertical axis, their labels and,
/// above them where it reads without turning the head, the name of the axis.
pub(crate) fn y_axis(axis: &Axis, label: &str, suffix: &str) -> Markup {
    html! {
        @for &tick in &axis.ticks.values {
            line.grid y1=(axis.up(tick)) y2=(axis.up(tick)) x2="100%" {}
        }
        @for &tick in &axis.ticks.values {
            text.y y=(axis.up(tick)) dx="-8" dy=".34em" { (axis.ticks.label(tick)) (suffix) }
        }
        text.name dy="-1.2em" dx=(-(y_margin(axis, suffix) as i64)) { (label) }
    }
}

/// The margin that the labels of the vertical axis need, in pixels.
pub(crate) fn y_margin(axis: &Axis, suffix: &str) -> usize {
    axis.ticks
        .values
        .iter()
        .map(|&tick| axis.ticks.label(tick).chars().count() + suffix.chars().count())
        .max()
        .map_or(0, |longest| longest * CHARACTER + 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_run_from_one_end_to_the_other() {
        let axis = Axis::exact(-2.0, 2.0, 4);
        assert_eq!(axis.position(-2.0), 0.0);
        assert_eq!(axis.position(1.0), 0.75);
        assert_eq!(axis.position(9.0), 1.0);
        assert_eq!(axis.across(1.0), "75%");
        assert_eq!(axis.up(1.0), "25%");
        assert_eq!(percentage(1.0 / 3.0), "33.33%");
        assert_eq!(percentage(0.1), "10%");
    }

    #[test]
    fn the_grid_counts_downwards() {
        let unit = Axis::exact(0.0, 1.0, 5);
        assert_eq!(grid_point(&unit, &unit, (0.25, 1.0)), (250, 0));
    }

    #[test]
    fn extremes_and_nothing_have_an_axis() {
        let wide = Axis::around([f64::MIN, f64::MAX].into_iter(), 5);
        assert_eq!(wide.position(0.0), 0.5);
        let none = Axis::around([f64::NAN].into_iter(), 5);
        assert_eq!(none.position(0.5), 0.5);
        for value in [0.0, 7.0, -3.0, f64::MAX] {
            let one = Axis::around([value].into_iter(), 5);
            assert!((0.0..=1.0).contains(&one.position(value)), "{value}");
        }
    }
}
