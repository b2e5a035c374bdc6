//! Line plots.

use serde::Serialize;

use crate::exact;

/// Curves over shared axes: ROC curves of several methods, say.
///
/// A point that is not finite interrupts its curve, and the plot says how
/// many there are. Every point stays in JSON; HTML draws each curve with as
/// few as the eye can tell apart.
///
/// ```
/// use qualm_report::Curves;
///
/// let roc = Curves::new("ROC", "accepted OOD", "accepted in-distribution")
///     .unit_square()
///     .push("ViM", vec![(0.0, 0.0), (0.1, 0.9), (1.0, 1.0)]);
/// assert_eq!(roc.series[0].name, "ViM");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// Stands above the plot.
    pub title: String,
    /// The quantity along the horizontal axis.
    pub x_label: String,
    /// The quantity along the vertical axis.
    pub y_label: String,
    /// Whether both axes run from 0 to 1 at the same scale, with the diagonal
    /// of chance.
    pub unit_square: bool,
    /// The curves, in the order of the legend.
    pub series: Vec<Curve>,
    /// A shaded range behind the curves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<Band>,
    /// Stands below the plot: how to read it.
    pub note: Option<String>,
}

impl Curves {
    /// Axes without curves.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            unit_square: false,
            series: Vec::new(),
            band: None,
            note: None,
        }
    }

    /// Makes both axes run from 0 to 1, with the diagonal of chance.
    #[must_use]
    pub fn unit_square(mut self) -> Self {
        self.unit_square = true;
        self
    }

    /// Appends a curve through these points, in this order.
    #[must_use]
    pub fn push(mut self, name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        self.series.push(Curve {
            name: name.into(),
            points,
        });
        self
    }

    /// Shades the range between `lo` and `hi` of each `(x, lo, hi)`, in this order.
    #[must_use]
    pub fn band(mut self, name: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        self.band = Some(Band {
            name: name.into(),
            points,
        });
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// A shaded range behind curves: where chance alone would take them, say.
///
/// ```
/// use qualm_report::Curves;
///
/// let plot = Curves::new("Reliability", "confidence", "accuracy")
///     .band("honest", vec![(0.0, 0.0, 0.1), (1.0, 0.9, 1.0)]);
/// assert_eq!(plot.band.unwrap().points.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Band {
    /// The name below the plot.
    pub name: String,
    /// `(x, lo, hi)` in drawing order.
    #[serde(serialize_with = "exact::ranges")]
    pub points: Vec<(f64, f64, f64)>,
}

/// One named curve.
///
/// ```
/// use qualm_report::Curve;
///
/// let curve = Curve { name: "ViM".into(), points: vec![(0.0, 0.0), (1.0, 1.0)] };
/// assert_eq!(curve.points.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// The name in the legend.
    pub name: String,
    /// `(x, y)` in drawing order.
    #[serde(serialize_with = "exact::points")]
    pub points: Vec<(f64, f64)>,
}
