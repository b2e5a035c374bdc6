//! Line plots.

use std::fmt::Write;

use maud::{Markup, html};

use super::frame::{Axis, grid_point, x_axis, y_axis, y_margin};
use super::legend::{Key, Legend, classes};
use super::thin::thin;
use crate::model::{Band, Curve, Curves};

/// More points than this a curve of some 500 pixels cannot show.
const MOST_POINTS: usize = 400;

/// The plot itself, without title, legend and notes.
pub(crate) fn curves(plot: &Curves) -> Markup {
    let ends: &[f64] = if plot.unit_square { &[0.0, 1.0] } else { &[] };
    let ranges = plot.band.iter().flat_map(edges);
    let drawn: Vec<(f64, f64)> = plot.series.iter().flat_map(finite).chain(ranges).collect();
    let points = || drawn.iter().copied();
    let x = Axis::around(points().map(|p| p.0).chain(ends.iter().copied()), 5);
    let y = Axis::around(points().map(|p| p.1).chain(ends.iter().copied()), 5);
    let shape = if plot.unit_square {
        "plot square"
    } else {
        "plot"
    };
    html! {
        svg class=(shape) style={ "--left:" (y_margin(&y, "")) "px" } role="img"
            aria-label=(describe(plot)) {
            (x_axis(&x, &plot.x_label))
            (y_axis(&y, &plot.y_label, ""))
            @if plot.unit_square {
                line.chance x1=(x.across(0.0)) y1=(y.up(0.0)) x2=(x.across(1.0)) y2=(y.up(1.0)) {}
            }
            svg.data viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%" {
                @if let Some(band) = &plot.band {
                    path.range d=(outline(band, &x, &y)) { title { (band.name) } }
                }
                // The first series is the one in question: it lies on top.
                @for (index, curve) in plot.series.iter().enumerate().rev() {
                    g class={ "series " (classes(index)) } {
                        title { (curve.name) }
                        path.line d=(path(curve, &x, &y)) {}
                    }
                }
            }
        }
    }
}

impl Curves {
    /// The series by name.
    pub(crate) fn legend(&self) -> Legend {
        Legend {
            key: Key::Line,
            names: self.series.iter().map(|s| s.name.clone()).collect(),
        }
    }

    /// What the picture cannot show, in sentences.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let shaded = self
            .band
            .iter()
            .map(|band| format!("Shaded: {}.", band.name));
        shaded.chain(self.gaps()).collect()
    }

    fn gaps(&self) -> Option<String> {
        let gaps: Vec<String> = self
            .series
            .iter()
            .map(|curve| (curve, curve.points.len() - finite(curve).count()))
            .filter(|(_, missing)| *missing > 0)
            .map(|(curve, missing)| format!("{} ({missing})", curve.name))
            .collect();
        (!gaps.is_empty()).then(|| {
            format!(
                "Points that are not finite, left as gaps: {}.",
                gaps.join(", ")
            )
        })
    }
}

fn describe(plot: &Curves) -> String {
    let names: Vec<&str> = plot.series.iter().map(|s| s.name.as_str()).collect();
    format!(
        "{}: {} over {} for {}",
        plot.title,
        plot.y_label,
        plot.x_label,
        names.join(", ")
    )
}

fn is_finite(point: &(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

fn finite(curve: &Curve) -> impl Iterator<Item = (f64, f64)> {
    curve.points.iter().copied().filter(is_finite)
}

/// The corners of a band that can be drawn: its upper edge, then its lower edge backwards.
fn edges(band: &Band) -> Vec<(f64, f64)> {
    let whole = |p: &&(f64, f64, f64)| p.0.is_finite() && p.1.is_finite() && p.2.is_finite();
    let points: Vec<_> = band.points.iter().filter(whole).collect();
    let upper = points.iter().map(|p| (p.0, p.2));
    let lower = points.iter().rev().map(|p| (p.0, p.1));
    upper.chain(lower).collect()
}

/// The closed outline of a band.
fn outline(band: &Band, x: &Axis, y: &Axis) -> String {
    let mut data = String::new();
    for (place, corner) in edges(band).into_iter().enumerate() {
        let corner = grid_point(x, y, corner);
        let command = if place == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(data, "{command}{} {}", corner.0, corner.1);
    }
    if !data.is_empty() {
        data.push('z');
    }
    data
}

/// Path data in relative coordinates, one stretch for each run of finite
/// points.
fn path(curve: &Curve, x: &Axis, y: &Axis) -> String {
    let mut data = String::new();
    for run in curve.points.split(|point| !is_finite(point)) {
        let grid: Vec<_> = run.iter().map(|&p| grid_point(x, y, p)).collect();
        let thinned = thin(&grid, MOST_POINTS);
        let Some((first, rest)) = thinned.split_first() else {
            continue;
        };
        // Writing to a String cannot fail.
        let _ = write!(data, "M{} {}", first.0, first.1);
        if rest.is_empty() {
            data.push_str("h0"); // Round line ends make it a dot.
        }
        let mut at = first;
        for to in rest {
            let _ = write!(data, "l{} {}", to.0 - at.0, to.1 - at.1);
            at = to;
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(points: &[(f64, f64)]) -> String {
        let unit = Axis::exact(0.0, 1.0, 5);
        let curve = Curve {
            name: "a".into(),
            points: points.to_vec(),
        };
        path(&curve, &unit, &unit)
    }

    #[test]
    fn a_curve_is_one_relative_path() {
        assert_eq!(
            data(&[(0.0, 0.0), (0.1, 0.9), (1.0, 1.0)]),
            "M0 1000l100 -900l900 -100"
        );
    }

    #[test]
    fn a_gap_begins_a_new_stretch_and_a_lonely_point_is_a_dot() {
        let points = [(0.0, 0.0), (0.5, 0.5), (f64::NAN, 0.6), (1.0, 1.0)];
        assert_eq!(data(&points), "M0 1000l500 -500M1000 0h0");
        let plot = Curves::new("t", "x", "y").push("a", points.to_vec());
        assert_eq!(
            plot.remarks(),
            ["Points that are not finite, left as gaps: a (1)."]
        );
    }

    #[test]
    fn a_band_is_closed_and_named() {
        let unit = Axis::exact(0.0, 1.0, 5);
        let plot = Curves::new("t", "x", "y").band(
            "honest",
            vec![(0.0, 0.0, 0.1), (0.5, f64::NAN, 1.0), (1.0, 0.9, 1.0)],
        );
        let band = plot.band.as_ref().unwrap();
        assert_eq!(
            outline(band, &unit, &unit),
            "M0 900L1000 0L1000 100L0 1000z"
        );
        assert_eq!(plot.remarks(), ["Shaded: honest."]);
        let nothing = Band {
            name: "a".into(),
            points: vec![],
        };
        assert_eq!(outline(&nothing, &unit, &unit), "");
    }

    #[test]
    fn no_points_draw_nothing() {
        assert_eq!(data(&[]), "");
        assert_eq!(data(&[(f64::NAN, f64::NAN)]), "");
    }
}
