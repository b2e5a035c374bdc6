use qualm_report::{Bars, Block, Curves, Estimate, Histograms};
use qualm_stats::Ranking;

use super::result::{Evaluation, SetResult};
use super::words::level;

/// More curves than this in one panel hide each other.
const MOST_CURVES: usize = 8;

/// Points of a ROC curve: enough for a panel of 400 pixels.
const ROC_POINTS: usize = 160;

/// Bins of a histogram.
const BINS: usize = 60;

impl Evaluation {
    /// AUROC of all detectors with intervals, a row of dots a set.
    pub(super) fn bars(&self) -> Bars {
        let sets = self.sets.iter().map(|set| set.name.as_str());
        let estimate = |result: &SetResult| {
            Some(Estimate {
                value: result.auroc.value,
                lo: result.auroc.lo,
                hi: result.auroc.hi,
            })
        };
        let note = format!("Whiskers: {} intervals.", level(self.options.level));
        self.order()
            .into_iter()
            .filter_map(|at| self.detectors.get(at))
            .fold(
                Bars::new("AUROC by set", "AUROC", sets).note(note),
                |bars, detector| {
                    bars.push(
                        detector.name.as_str(),
                        detector.sets.iter().map(estimate).collect(),
                    )
                },
            )
    }

    /// The ROC curves of the detectors that [`Evaluation::order`] has first, a panel a set.
    pub(super) fn roc_panels(&self) -> Block {
        let mut detectors = self.order();
        detectors.truncate(MOST_CURVES);
        let panels = self.sets.iter().enumerate().map(|(at, set)| {
            let curves = Curves::new(
                set.name.as_str(),
                "in-distribution rows flagged",
                "out-of-distribution rows flagged",
            );
            let curves = detectors
                .iter()
                .filter_map(|&detector| {
                    let name = self.detectors.get(detector)?.name.as_str();
                    Some((name, self.roc(detector, at)?))
                })
                .fold(curves.unit_square(), |curves, (name, points)| {
                    curves.push(name, points)
                });
            Block::from(curves)
        });
        Block::Columns(panels.collect())
    }

    fn roc(&self, detector: usize, set: usize) -> Option<Vec<(f64, f64)>> {
        let (test, set) = (self.test_scores(detector)?, self.set_scores(detector, set)?);
        // Both were ranked before; neither can be refused now.
        let curve = Ranking::new(test, set).ok()?.roc_thinned(ROC_POINTS);
        let points = curve.iter();
        Some(
            points
                .map(|p| (p.false_positive_rate, p.true_positive_rate))
                .collect(),
        )
    }

    /// Whether [`Evaluation::roc_panels`] leaves detectors out.
    pub(super) fn curves_left_out(&self) -> usize {
        self.detectors.len().saturating_sub(MOST_CURVES)
    }

    /// The scores of one detector in and out of distribution, a panel a set.
    pub(super) fn histogram_panels(&self, detector: usize) -> Option<Block> {
        let result = self.detectors.get(detector)?;
        let test = self.test_scores(detector)?;
        let panels = self.sets.iter().enumerate().filter_map(|(at, set)| {
            let scores = self.set_scores(detector, at)?;
            let series = [("test rows", test), (set.name.as_str(), scores)];
            let title = format!("{} on {}", result.name, set.name);
            let plot = Histograms::of(title, "outlier score", BINS, series);
            let plot = match result.false_alarms {
                Some(alarms) => {
                    let label = format!("{} false alarms", level(self.options.false_alarms));
                    plot.line(alarms.threshold, label)
                }
                None => plot,
            };
            Some(Block::from(plot))
        });
        Some(Block::Columns(panels.collect()))
    }

    /// The detectors in the order of legends: challenger, baseline, and the others by their mean
    /// AUROC, the best first.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.detectors.len()).collect();
        order.sort_by(|&a, &b| {
            let mean = |at| self.mean(at, "auroc").unwrap_or(0.0);
            let rank = |at| (at != self.challenger, Some(at) != self.baseline);
            rank(a).cmp(&rank(b)).then(mean(b).total_cmp(&mean(a)))
        });
        order
    }
}
