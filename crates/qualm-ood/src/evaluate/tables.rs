use qualm_report::{Best, Cell, Column, Table};
use qualm_stats::Interval;

use super::result::{Evaluation, ReferenceUsed, SetResult};
use super::verdict::Winner;
use super::words::{level, list};

/// Decimals of metrics.
const DECIMALS: u8 = 3;

/// Decimals of shares in percent.
const PERCENT_DECIMALS: u8 = 1;

impl Evaluation {
    /// AUROC with intervals: methods down, sets across, the best of each set marked.
    pub(super) fn auroc_table(&self) -> Table {
        let cell = |result: &SetResult| interval(result.auroc);
        let title = format!(
            "AUROC with {} bootstrap intervals",
            level(self.options.level)
        );
        let mut table = self.set_table(title, Some("auroc"), cell, Some(Best::Highest));
        let perfect = |detector: &super::DetectorResult| {
            detector.sets.iter().any(|set| set.auroc.value == 1.0)
        };
        let mut note = format!(
            "Intervals: {} stratified resamples with seed {}, for the choice of test rows alone.",
            self.options.resamples, self.options.seed
        );
        if self.sets.len() > 1 {
            note += " The mean is plain: every set weighs the same.";
        }
        if self.detectors.iter().any(perfect) {
            note += " [1.000, 1.000] says that no pair of these rows is ranked wrongly, not that \
                     none ever will be: resampling cannot show an error that did not occur.";
        }
        table.note = Some(note);
        table
    }

    /// FPR95 in both conventions.
    pub(super) fn fpr_tables(&self) -> [Table; 2] {
        let first = self.set_table(
            "FPR95, in-distribution positive (fpr95_id)".to_owned(),
            Some("fpr95_id"),
            |result| Cell::number(result.fpr95_id.value, DECIMALS),
            Some(Best::Lowest),
        );
        let second = self.set_table(
            "FPR95, out-of-distribution positive (fpr95_ood)".to_owned(),
            Some("fpr95_ood"),
            |result| Cell::number(result.fpr95_ood.value, DECIMALS),
            Some(Best::Lowest),
        );
        [
            first,
            second.note(
                "Lower is better. fpr95_id: share of out-of-distribution rows accepted when 95 % of \
                 in-distribution rows are accepted (papers on ViM, energy and kNN). fpr95_ood: share \
                 of in-distribution rows flagged when 95 % of out-of-distribution rows are flagged \
                 (OpenOOD 1.5). Intervals stand in JSON and CSV.",
            ),
        ]
    }

    /// The paired tests of the challenger, where there is a baseline.
    pub(super) fn delong_table(&self) -> Option<Table> {
        let challenger = self.detectors.get(self.challenger)?;
        let baseline = self.detectors.get(self.baseline?)?;
        let mut table = Table::new([
            Column::text("set"),
            Column::number("difference"),
            Column::number("std. error"),
            Column::number("z"),
            Column::number("p"),
            Column::number("p (Holm)"),
            Column::text("better"),
        ])
        .title(format!(
            "AUROC of {} less that of {}: paired DeLong tests",
            challenger.name, baseline.name
        ))
        .note(format!(
            "p (Holm) allows for testing on every set; \"better\" is decided by it at {}. A dash: \
             fewer than two rows, no test.",
            level(1.0 - self.options.level)
        ));
        for (set, result) in self.sets.iter().zip(&challenger.sets) {
            let name = Cell::text(set.name.as_str());
            let Some(tested) = &result.against_baseline else {
                table.rows.push(vec![name]);
                continue;
            };
            let better = match Winner::of(tested, self.options.level) {
                Winner::Detector => Cell::text(challenger.name.as_str()),
                Winner::Baseline => Cell::text(baseline.name.as_str()),
                Winner::Neither => Cell::text("neither"),
            };
            table.rows.push(vec![
                name,
                Cell::number(tested.difference, DECIMALS),
                Cell::number(tested.standard_error, DECIMALS),
                Cell::number(tested.z, 1),
                Cell::PValue(tested.p),
                Cell::PValue(tested.p_holm),
                better,
            ]);
        }
        Some(table)
    }

    /// False alarms on the test rows, beside what is promised and what the trap would raise.
    pub(super) fn alarm_table(&self) -> Option<Table> {
        let promise = self.promise.as_ref();
        if promise.is_none() && self.fitting_rows.is_none() {
            return None;
        }
        let mut columns = vec![Column::text("method")];
        if promise.is_some() {
            columns.extend(["raised", "expected"].map(Column::number));
        }
        if self.fitting_rows.is_some() {
            columns.push(Column::number("from fitting rows (trap)"));
        }
        let mut table = Table::new(columns).title(format!(
            "False alarms at a nominal {}, in % of {} test rows",
            level(self.options.false_alarms),
            self.test.rows
        ));
        for detector in &self.detectors {
            let mut row = vec![Cell::text(detector.name.as_str())];
            if let Some(promise) = promise {
                row.push(share(detector.false_alarms.map(|alarms| alarms.share)));
                let [value, lo, hi] = [promise.expected, promise.range[0], promise.range[1]]
                    .map(|share| 100.0 * share);
                row.push(Cell::interval(value, lo, hi, PERCENT_DECIMALS));
            }
            if self.fitting_rows.is_some() {
                row.push(share(detector.false_alarms_from_fitting_rows));
            }
            table.rows.push(row);
        }
        table.note = Some(self.alarm_note());
        Some(table)
    }

    fn alarm_note(&self) -> String {
        let mut notes = Vec::new();
        if let Some(promise) = &self.promise {
            let range = level(self.options.level);
            notes.push(match &promise.reference {
                ReferenceUsed::Bundle { rows } => format!(
                    "The reference is the bundle's own, {rows} rows. Expected: \
                     floor(a(n+1))/(n+1) with the exact {range} range of the beta-binomial law."
                ),
                ReferenceUsed::CrossFitted { halves, .. } => format!(
                    "Each half of the test rows ({} and {}) is the other's reference. Expected: \
                     floor(a(n+1))/(n+1) a half, with the exact {range} range of both halves \
                     together.",
                    halves[0], halves[1]
                ),
            });
            let grouped = matches!(
                promise.reference,
                ReferenceUsed::CrossFitted { grouped: true, .. }
            );
            if grouped {
                notes.push(
                    "The cut goes around groups; rows of a group are alike, so the range is too \
                     narrow."
                        .to_owned(),
                );
            }
        } else {
            notes.push(
                "There are too few test rows, or groups of them, to judge one another.".to_owned(),
            );
        }
        if let Some(fitting) = &self.fitting_rows {
            notes.push(format!(
                "Trap: the {} fitting rows as reference, which are not exchangeable with new rows.",
                fitting.rows
            ));
        }
        notes.join(" ")
    }

    /// Detections at the false-alarm level.
    pub(super) fn detection_table(&self) -> Option<Table> {
        let promise = self.promise.as_ref()?;
        let title = format!(
            "Detections at a nominal {} of false alarms, in % of each set",
            level(self.options.false_alarms)
        );
        let cell = |result: &SetResult| share(result.detected);
        let mut table = self.set_table(title, None, cell, None);
        let note = match promise.reference {
            ReferenceUsed::CrossFitted { .. } => {
                "The mean of what either half of the test rows flags as reference: the thresholds \
                 that the false alarms above were counted at."
            }
            ReferenceUsed::Bundle { .. } => {
                "A detector that raises more false alarms than promised also detects more."
            }
        };
        table.note = Some(note.to_owned());
        Some(table)
    }

    /// Everything else, a row for each set and method.
    pub(super) fn further_table(&self) -> Table {
        let mut table = Table::new([
            Column::text("set"),
            Column::text("method"),
            Column::number("AP ood"),
            Column::number("AP id"),
            Column::number("AUPR ood"),
            Column::number("AUPR id"),
            Column::number("accuracy"),
        ])
        .title("Precision-recall and detection accuracy")
        .note(format!(
            "AP: average precision, the sum of precision times step in recall. AUPR: area under the \
             precision-recall curve by trapezoids, as most published tables have it. \
             ood and id name the positive class; both depend on how many rows each class has \
             ({} test rows against {}). Accuracy: the best mean over thresholds of the share of \
             out-of-distribution rows flagged and of in-distribution rows accepted.",
            self.test.rows,
            list(&self
                .sets
                .iter()
                .map(|set| set.rows.to_string())
                .collect::<Vec<_>>())
        ));
        for (at, set) in self.sets.iter().enumerate() {
            for detector in &self.detectors {
                let Some(result) = detector.sets.get(at) else {
                    continue;
                };
                let figures = [
                    result.average_precision_ood,
                    result.average_precision_id,
                    result.aupr_trapezoid_ood,
                    result.aupr_trapezoid_id,
                    result.detection_accuracy,
                ];
                let names = [&set.name, &detector.name].map(|name| Cell::text(name.as_str()));
                let figures = figures.map(|figure| Cell::number(figure, DECIMALS));
                table = table.row(names.into_iter().chain(figures));
            }
        }
        table
    }

    /// Methods down, sets across, and where there are several sets the mean of a metric.
    fn set_table(
        &self,
        title: String,
        mean: Option<&str>,
        cell: impl Fn(&SetResult) -> Cell,
        best: Option<Best>,
    ) -> Table {
        let mean = mean.filter(|_| self.sets.len() > 1);
        let names = self.sets.iter().map(|set| set.name.as_str());
        let columns = names.chain(mean.map(|_| "mean")).map(Column::number);
        let mut table =
            Table::new([Column::text("method")].into_iter().chain(columns)).title(title);
        for (at, detector) in self.detectors.iter().enumerate() {
            let mean = mean.and_then(|metric| self.mean(at, metric));
            let cells = detector.sets.iter().map(&cell);
            table.rows.push(
                [Cell::text(detector.name.as_str())]
                    .into_iter()
                    .chain(cells)
                    .chain(mean.map(|mean| Cell::number(mean, DECIMALS)))
                    .collect(),
            );
        }
        // The best of one is no news.
        if let Some(best) = best.filter(|_| self.detectors.len() > 1) {
            (1..table.columns.len()).for_each(|column| table.mark_best_in_column(column, best));
        }
        table
    }
}

fn interval(Interval { value, lo, hi }: Interval) -> Cell {
    Cell::interval(value, lo, hi, DECIMALS)
}

fn share(share: Option<f64>) -> Cell {
    share.map_or(Cell::Missing, |share| {
        Cell::number(100.0 * share, PERCENT_DECIMALS)
    })
}
