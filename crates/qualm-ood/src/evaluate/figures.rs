use std::collections::BTreeSet;

use qualm_report::{Cell, Column, Table};
use qualm_stats::Interval;

use super::result::{DetectorResult, Evaluation, SetResult};

/// Decimals of a flat table where it is shown to people; CSV and JSON have all digits.
const DECIMALS: u8 = 4;

/// One number of an evaluation under its name.
///
/// ```
/// use qualm_ood::Figure;
/// let figure = Figure {
///     detector: "vim".into(),
///     set: Some("textures".into()),
///     metric: "auroc",
///     value: 0.939,
///     bounds: Some([0.925, 0.951]),
/// };
/// assert_eq!(figure.name(), "vim.textures.auroc");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The detector's name.
    pub detector: String,
    /// The set's name; `None` for what concerns no set: means over the sets and false alarms.
    pub set: Option<String>,
    /// The metric's name.
    pub metric: &'static str,
    /// The number.
    pub value: f64,
    /// The ends of its interval, where it has one.
    pub bounds: Option<[f64; 2]>,
}

impl Figure {
    /// `DETECTOR.SET.METRIC`, or `DETECTOR.METRIC` where it concerns no set.
    pub fn name(&self) -> String {
        match &self.set {
            Some(set) => format!("{}.{set}.{}", self.detector, self.metric),
            None => format!("{}.{}", self.detector, self.metric),
        }
    }
}

/// A metric with its number, and its interval where it has one.
type Named = (&'static str, f64, Option<[f64; 2]>);

impl SetResult {
    /// What can be averaged over sets.
    fn metrics(&self) -> Vec<Named> {
        let interval = |name, Interval { value, lo, hi }: Interval| (name, value, Some([lo, hi]));
        let plain = |name, value| (name, value, None);
        let mut named = vec![
            interval("auroc", self.auroc),
            interval("fpr95_id", self.fpr95_id),
            interval("fpr95_ood", self.fpr95_ood),
            plain("average_precision_ood", self.average_precision_ood),
            plain("average_precision_id", self.average_precision_id),
            plain("aupr_trapezoid_ood", self.aupr_trapezoid_ood),
            plain("aupr_trapezoid_id", self.aupr_trapezoid_id),
            plain("detection_accuracy", self.detection_accuracy),
        ];
        named.extend(self.detected.map(|share| plain("detected", share)));
        named
    }

    /// The test against the baseline.
    fn tests(&self) -> Vec<Named> {
        let Some(tested) = &self.against_baseline else {
            return Vec::new();
        };
        vec![
            ("auroc_over_baseline", tested.difference, None),
            ("delong_p", tested.p, None),
            ("delong_p_holm", tested.p_holm, None),
        ]
    }
}

impl DetectorResult {
    /// The plain mean of each metric over the sets, every set weighing the same.
    fn means(&self) -> Vec<Named> {
        let metrics: Vec<Vec<Named>> = self.sets.iter().map(SetResult::metrics).collect();
        let Some((first, others)) = metrics.split_first() else {
            return Vec::new();
        };
        let mut means = first.clone();
        for (at, (_, mean, bounds)) in means.iter_mut().enumerate() {
            let rest = others
                .iter()
                .filter_map(|set| set.get(at))
                .map(|named| named.1);
            *mean = (*mean + rest.sum::<f64>()) / metrics.len() as f64;
            *bounds = None;
        }
        means
    }

    /// What concerns the test rows alone.
    fn alarms(&self) -> Vec<Named> {
        let share = self
            .false_alarms
            .map(|alarms| ("false_alarms", alarms.share, None));
        let trap = self.false_alarms_from_fitting_rows;
        share
            .into_iter()
            .chain(trap.map(|share| ("false_alarms_from_fitting_rows", share, None)))
            .collect()
    }
}

impl Evaluation {
    /// Every figure: for each detector the means over the sets, its false alarms, and then what it
    /// did on each set. The means are plain: every set weighs the same, whatever its size.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for detector in &self.detectors {
            let mut push = |set: Option<&str>, named: Vec<Named>| {
                figures.extend(named.into_iter().map(|(metric, value, bounds)| Figure {
                    detector: detector.name.clone(),
                    set: set.map(str::to_owned),
                    metric,
                    value,
                    bounds,
                }));
            };
            push(None, detector.means());
            push(None, detector.alarms());
            for (set, result) in self.sets.iter().zip(&detector.sets) {
                push(Some(&set.name), result.metrics());
                push(Some(&set.name), result.tests());
            }
        }
        figures
    }

    /// The figure that goes by `DETECTOR.METRIC` (the mean over the sets, or the false alarms) or
    /// by `DETECTOR.SET.METRIC`.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        self.figures()
            .into_iter()
            .find(|figure| figure.name() == name)
    }

    /// The mean of a metric over the sets.
    pub(super) fn mean(&self, detector: usize, metric: &str) -> Option<f64> {
        let means = self.detectors.get(detector)?.means();
        means
            .iter()
            .find(|named| named.0 == metric)
            .map(|named| named.1)
    }

    /// Every figure in a row of its own, for CSV: detector, set (empty for means over the sets and
    /// for false alarms), metric, value, and the ends of the interval where there is one.
    pub fn flat_table(&self) -> Table {
        let mut table = Table::new([
            Column::text("detector"),
            Column::text("set"),
            Column::text("metric"),
            Column::number("value"),
            Column::number("lo"),
            Column::number("hi"),
        ]);
        for figure in self.figures() {
            let end = |at: usize| {
                let end = figure.bounds.and_then(|bounds| bounds.get(at).copied());
                end.map_or(Cell::Missing, |end| Cell::number(end, DECIMALS))
            };
            table.rows.push(vec![
                Cell::text(figure.detector.as_str()),
                figure.set.as_deref().map_or(Cell::Missing, Cell::text),
                Cell::text(figure.metric),
                Cell::number(figure.value, DECIMALS),
                end(0),
                end(1),
            ]);
        }
        table
    }

    /// The names that figures are made of, in a sentence for who asked for another.
    pub(super) fn known_figures(&self) -> String {
        let figures = self.figures();
        let metrics = |of_set: bool| {
            let metrics: BTreeSet<&str> = figures
                .iter()
                .filter(|figure| figure.set.is_some() == of_set)
                .map(|figure| figure.metric)
                .collect();
            Vec::from_iter(metrics).join(", ")
        };
        let names = |names: Vec<&str>| names.join(", ");
        format!(
            "write DETECTOR.METRIC, where METRIC is {}, or DETECTOR.SET.METRIC, where METRIC is {}; \
             detectors are {}, and sets {}",
            metrics(false),
            metrics(true),
            names(self.detectors.iter().map(|d| d.name.as_str()).collect()),
            names(self.sets.iter().map(|set| set.name.as_str()).collect()),
        )
    }
}
