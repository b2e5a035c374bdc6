//! Estimates with intervals, grouped by set.

use serde::Serialize;

use super::{Cell, Column, Table};
use crate::exact;

/// One estimate with its interval per set and series: AUROC of each method on
/// each out-of-distribution set, say.
///
/// Drawn as dots with whiskers rather than bars from zero: the scale then
/// starts where the differences are.
///
/// ```
/// use qualm_report::{Bars, Estimate};
///
/// let bars = Bars::new("AUROC with 95 % intervals", "AUROC", ["textures", "omniglot"])
///     .push("ViM", vec![Some(Estimate { value: 0.939, lo: 0.925, hi: 0.951 }), None]);
/// assert_eq!(bars.series[0].values.len(), bars.sets.len());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bars {
    /// Stands above the plot.
    pub title: String,
    /// The quantity along the axis.
    pub x_label: String,
    /// The names of the rows.
    pub sets: Vec<String>,
    /// The estimates, in the order of the legend.
    pub series: Vec<BarSeries>,
    /// Stands below the plot: how to read it.
    pub note: Option<String>,
}

impl Bars {
    /// Rows without estimates.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        sets: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            sets: sets.into_iter().map(Into::into).collect(),
            series: Vec::new(),
            note: None,
        }
    }

    /// Appends the estimates of one method, one for each set in order.
    #[must_use]
    pub fn push(mut self, name: impl Into<String>, values: Vec<Option<Estimate>>) -> Self {
        self.series.push(BarSeries {
            name: name.into(),
            values,
        });
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same figures as a table, sets down and series across, for media
    /// that cannot draw.
    #[must_use]
    pub fn to_table(&self, decimals: u8) -> Table {
        let mut table = Table::new(
            std::iter::once(Column::text(""))
                .chain(self.series.iter().map(|s| Column::number(s.name.as_str()))),
        )
        .title(self.title.as_str());
        table.note.clone_from(&self.note);
        for row in 0..self.row_count() {
            let estimates = self.series.iter().map(|series| match series.at(row) {
                Some(e) => Cell::interval(e.value, e.lo, e.hi, decimals),
                None => Cell::Missing,
            });
            let name = Cell::text(self.set_name(row));
            table
                .rows
                .push(std::iter::once(name).chain(estimates).collect());
        }
        table
    }

    /// The rows that it takes to show every estimate, named or not.
    pub(crate) fn row_count(&self) -> usize {
        self.series
            .iter()
            .map(|series| series.values.len())
            .chain([self.sets.len()])
            .max()
            .unwrap_or(0)
    }

    /// The name of a row, empty beyond the last.
    pub(crate) fn set_name(&self, row: usize) -> &str {
        self.sets.get(row).map_or("", String::as_str)
    }
}

/// The estimates of one method over all sets.
///
/// ```
/// use qualm_report::{BarSeries, Estimate};
///
/// let chance = Estimate { value: 0.5, lo: 0.4, hi: 0.6 };
/// let series = BarSeries { name: "coin".into(), values: vec![Some(chance)] };
/// assert_eq!(series.values[0], Some(chance));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BarSeries {
    /// The name in the legend.
    pub name: String,
    /// One estimate per set, `None` where there is none.
    pub values: Vec<Option<Estimate>>,
}

impl BarSeries {
    /// The estimate of a row, if there is one.
    pub(crate) fn at(&self, row: usize) -> Option<Estimate> {
        self.values.get(row).copied().flatten()
    }
}

/// A number and the interval around it.
///
/// ```
/// use qualm_report::Estimate;
///
/// let auroc = Estimate { value: 0.939, lo: 0.925, hi: 0.951 };
/// assert!(auroc.lo <= auroc.value && auroc.value <= auroc.hi);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    #[serde(serialize_with = "exact::number")]
    pub value: f64,
    /// The lower end of the interval.
    #[serde(serialize_with = "exact::number")]
    pub lo: f64,
    /// The upper end of the interval.
    #[serde(serialize_with = "exact::number")]
    pub hi: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_estimate() {
        let e = Estimate {
            value: 0.5,
            lo: 0.25,
            hi: 0.75,
        };
        let table = Bars::new("t", "x", ["a"])
            .push("m", vec![Some(e), Some(e)])
            .push("n", vec![None])
            .to_table(2);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0][1].to_string(), "0.50 [0.25, 0.75]");
        assert_eq!(table.rows[0][2], Cell::Missing);
        assert_eq!(table.rows[1][0], Cell::text(""));
        assert_eq!(table.rows[1][1].value(), Some(0.5));
    }
}
