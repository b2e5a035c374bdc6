//! Overlaid histograms over shared bins.

use serde::Serialize;

use crate::exact;

/// The share of each series cut off at either end of the axis at most: one
/// wild score must not squeeze all others into one bin.
const CLIPPED_SHARE: f64 = 0.001;

/// More bins than pixels show nothing.
const MOST_BINS: usize = 500;

/// Histograms of several series over the same bins: scores in distribution
/// against scores out of distribution, say.
///
/// The axis covers the 0.1 % to 99.9 % quantiles of every series. Values
/// beyond it, and values that are not finite, are counted apart and stated
/// below the plot.
///
/// ```
/// use qualm_report::Histograms;
///
/// let inside = [0.1, 0.2, 0.25, 0.3];
/// let outside = [0.6, 0.8, 0.9];
/// let plot = Histograms::of("ViM", "outlier score", 8, [("test", &inside[..]), ("textures", &outside)])
///     .line(0.5, "threshold at 5 % false alarms");
/// assert_eq!(plot.edges().len(), 9);
/// assert_eq!(plot.series()[1].total(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histograms {
    /// Stands above the plot.
    pub title: String,
    /// The quantity that is counted.
    pub x_label: String,
    #[serde(serialize_with = "exact::numbers")]
    edges: Vec<f64>,
    series: Vec<Histogram>,
    /// A vertical line: the threshold, say.
    pub mark: Option<Mark>,
    /// Stands below the plot: how to read it.
    pub note: Option<String>,
}

impl Histograms {
    /// Counts the values of each named series in this many bins (at least 1,
    /// at most 500) of equal width.
    #[must_use]
    pub fn of<'a>(
        title: impl Into<String>,
        x_label: impl Into<String>,
        bins: usize,
        series: impl IntoIterator<Item = (impl Into<String>, &'a [f64])>,
    ) -> Self {
        let series: Vec<(String, Vec<f64>, u64)> = series
            .into_iter()
            .map(|(name, values)| {
                let (sorted, not_finite) = sorted_finite(values);
                (name.into(), sorted, not_finite)
            })
            .collect();
        let edges = edges(
            series.iter().map(|(_, sorted, _)| sorted.as_slice()),
            bins.clamp(1, MOST_BINS),
        );
        let series = series
            .into_iter()
            .map(|(name, sorted, not_finite)| count(name, &sorted, not_finite, &edges))
            .collect();
        Self {
            title: title.into(),
            x_label: x_label.into(),
            edges,
            series,
            mark: None,
            note: None,
        }
    }

    /// Adds a vertical line with a label.
    #[must_use]
    pub fn line(mut self, x: f64, label: impl Into<String>) -> Self {
        self.mark = Some(Mark {
            x,
            label: label.into(),
        });
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The borders of the bins, ascending: one more than there are bins.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The counts, in the order of the legend.
    #[must_use]
    pub fn series(&self) -> &[Histogram] {
        &self.series
    }

    /// The two ends of the axis.
    pub(crate) fn range(&self) -> (f64, f64) {
        match self.edges.as_slice() {
            [lo, .., hi] => (*lo, *hi),
            _ => (0.0, 1.0),
        }
    }

    /// What the picture cannot show, in sentences: a line nowhere, counts
    /// beyond the axis and values that are not finite.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let beyond: Vec<String> = self
            .series
            .iter()
            .filter(|s| s.below + s.above > 0)
            .map(|s| {
                format!(
                    "{} ({})",
                    s.name,
                    crate::number::percent(s.share(s.below + s.above))
                )
            })
            .collect();
        let not_finite: Vec<String> = self
            .series
            .iter()
            .filter(|s| s.not_finite > 0)
            .map(|s| format!("{} ({})", s.name, s.not_finite))
            .collect();
        let mut remarks = Vec::new();
        if let Some(mark) = self.mark.as_ref().filter(|mark| !mark.x.is_finite()) {
            remarks.push(format!(
                "Not drawn: {}, which is at {}.",
                mark.label, mark.x
            ));
        }
        if !beyond.is_empty() {
            remarks.push(format!("Beyond the axis: {}.", beyond.join(", ")));
        }
        if !not_finite.is_empty() {
            remarks.push(format!(
                "Values that are not finite: {}.",
                not_finite.join(", ")
            ));
        }
        remarks
    }
}

/// The counts of one series.
///
/// ```
/// use qualm_report::Histograms;
///
/// let plot = Histograms::of("t", "x", 2, [("a", &[0.0, 1.0, 1.0, f64::NAN][..])]);
/// let counts = &plot.series()[0];
/// assert_eq!((counts.counts(), counts.not_finite()), (&[1, 2][..], 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Histogram {
    name: String,
    counts: Vec<u64>,
    below: u64,
    above: u64,
    not_finite: u64,
}

impl Histogram {
    /// The name in the legend.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Values per bin; the last bin includes its upper border.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Values below the first bin.
    #[must_use]
    pub fn below(&self) -> u64 {
        self.below
    }

    /// Values above the last bin.
    #[must_use]
    pub fn above(&self) -> u64 {
        self.above
    }

    /// Values that are `NaN` or infinite, in no other count.
    #[must_use]
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// All values of the series.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.below + self.above + self.not_finite
    }

    /// This many values as a share of the series; 0 for an empty one.
    pub(crate) fn share(&self, count: u64) -> f64 {
        match self.total() {
            0 => 0.0,
            total => count as f64 / total as f64,
        }
    }

    /// The share of the fullest bin.
    pub(crate) fn peak(&self) -> f64 {
        self.share(self.counts.iter().copied().max().unwrap_or(0))
    }
}

/// A vertical line in a plot.
///
/// ```
/// use qualm_report::Mark;
///
/// let mark = Mark { x: 1.5, label: "threshold".into() };
/// assert_eq!(mark.label, "threshold");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// Where it stands.
    #[serde(serialize_with = "exact::number")]
    pub x: f64,
    /// What it says.
    pub label: String,
}

fn sorted_finite(values: &[f64]) -> (Vec<f64>, u64) {
    let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_unstable_by(f64::total_cmp);
    let not_finite = (values.len() - finite.len()) as u64;
    (finite, not_finite)
}

/// The values with at most [`CLIPPED_SHARE`] of the series below and above
/// them.
fn clipped_range(sorted: &[f64]) -> Option<(f64, f64)> {
    let cut = (sorted.len() as f64 * CLIPPED_SHARE) as usize;
    Some((*sorted.get(cut)?, *sorted.get(sorted.len() - 1 - cut)?))
}

fn edges<'a>(series: impl Iterator<Item = &'a [f64]>, bins: usize) -> Vec<f64> {
    let (lo, hi) = series
        .filter_map(clipped_range)
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .unwrap_or((0.0, 1.0));
    let (lo, hi) = widen(lo, hi, bins);
    (0..=bins)
        .map(|i| {
            // A weighted mean: the difference hi - lo may exceed every f64.
            let t = i as f64 / bins as f64;
            lo * (1.0 - t) + hi * t
        })
        .collect()
}

/// Makes room for bins that differ in f64 around values that (nearly) all
/// agree.
fn widen(lo: f64, hi: f64, bins: usize) -> (f64, f64) {
    let scale = lo.abs().max(hi.abs());
    let narrowest = scale * bins as f64 * 4.0 * f64::EPSILON;
    if hi / 2.0 - lo / 2.0 > narrowest / 2.0 {
        return (lo, hi);
    }
    let half = (scale * 0.05).max(narrowest);
    let half = if half > f64::MIN_POSITIVE { half } else { 0.5 };
    ((lo - half).max(f64::MIN), (hi + half).min(f64::MAX))
}

fn count(name: String, sorted: &[f64], not_finite: u64, edges: &[f64]) -> Histogram {
    let below_edge = |edge: f64| sorted.partition_point(|&v| v < edge) as u64;
    let up_to_edge = |edge: f64| sorted.partition_point(|&v| v <= edge) as u64;
    let last = edges.len().saturating_sub(2);
    let counts = edges
        .windows(2)
        .enumerate()
        .map(|(bin, ends)| {
            let start = below_edge(ends[0]);
            let end = if bin == last {
                up_to_edge(ends[1])
            } else {
                below_edge(ends[1])
            };
            end - start
        })
        .collect();
    Histogram {
        name,
        counts,
        below: edges.first().map_or(0, |&edge| below_edge(edge)),
        above: edges
            .last()
            .map_or(0, |&edge| sorted.len() as u64 - up_to_edge(edge)),
        not_finite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(values: &[f64], bins: usize) -> Histograms {
        Histograms::of("t", "x", bins, [("a", values)])
    }

    #[test]
    fn a_value_on_a_border_belongs_to_the_bin_above_it() {
        let plot = one(&[0.0, 1.0, 1.5, 2.0, 3.0, 4.0], 4);
        assert_eq!(plot.edges(), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(plot.series()[0].counts(), [1, 2, 1, 2]);
    }

    #[test]
    fn one_wild_score_in_a_thousand_is_cut_and_stated() {
        let mut values: Vec<f64> = (0..1999).map(f64::from).collect();
        values.push(1e12);
        let plot = one(&values, 10);
        // floor(2000 * 0.001) = 2 values are cut at either end.
        assert_eq!(plot.range(), (2.0, 1997.0));
        let counts = &plot.series()[0];
        assert_eq!((counts.below(), counts.above()), (2, 2));
        assert_eq!(plot.remarks(), ["Beyond the axis: a (0.20 %)."]);
    }

    #[test]
    fn the_axis_covers_the_bulk_of_every_series() {
        let plot = Histograms::of("t", "x", 3, [("a", &[0.0, 1.0][..]), ("b", &[10.0, 30.0])]);
        assert_eq!(plot.range(), (0.0, 30.0));
        assert_eq!(plot.series()[0].counts(), [2, 0, 0]);
        assert_eq!(plot.series()[1].counts(), [0, 1, 1]);
    }

    #[test]
    fn degenerate_input_still_makes_bins() {
        for values in [
            &[][..],
            &[f64::NAN],
            &[0.0],
            &[5.0, 5.0, 5.0],
            &[f64::MIN, f64::MAX],
            &[f64::MAX],
            &[5e-324],
            &[1.0, 1.0 + f64::EPSILON],
        ] {
            let plot = one(values, 7);
            assert!(
                plot.edges().is_sorted_by(|a, b| a < b),
                "{values:?} {:?}",
                plot.edges()
            );
            assert_eq!(plot.series()[0].total(), values.len() as u64, "{values:?}");
        }
        assert_eq!(one(&[1.0], 0).edges().len(), 2);
        assert_eq!(one(&[1.0], usize::MAX).edges().len(), MOST_BINS + 1);
    }

    #[test]
    fn values_that_are_not_finite_are_stated() {
        let plot = one(&[1.0, f64::NAN, f64::INFINITY], 2);
        assert_eq!(plot.remarks(), ["Values that are not finite: a (2)."]);
    }

    proptest! {
        #[test]
        fn every_value_is_counted_once(
            values in prop::collection::vec(any::<f64>(), 0..200),
            bins in 1usize..40,
        ) {
            let plot = one(&values, bins);
            let counts = &plot.series()[0];
            prop_assert_eq!(counts.total(), values.len() as u64);
            prop_assert!(plot.edges().iter().all(|e| e.is_finite()));
            let clipped = counts.below() + counts.above();
            prop_assert!(clipped as f64 <= 0.002 * values.len() as f64);
        }
    }
}
