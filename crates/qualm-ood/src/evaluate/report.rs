use qualm_report::{Block, Gallery, Report};

use super::result::{Evaluation, ReferenceUsed};
use super::words::{count, level, list};

impl Evaluation {
    /// All there is to see, for a page of its own: verdicts, tables, intervals, ROC curves, score
    /// histograms of challenger and baseline, and the settings. `settings` are names and values of
    /// the caller's own (files and their hashes, the command); they stand before those that the
    /// evaluation knows. `galleries` show inputs, such as those of
    /// [`extremes`](Evaluation::extremes).
    pub fn report(&self, settings: Vec<(String, String)>, galleries: Vec<Gallery>) -> Report {
        let mut report = self.opening();
        let push = |report: &mut Report, blocks: Vec<Block>| report.blocks.extend(blocks);
        push(&mut report, self.ranking_blocks());
        if !galleries.is_empty() {
            push(&mut report, vec![heading("What it looks like")]);
            push(
                &mut report,
                galleries.into_iter().map(Block::from).collect(),
            );
        }
        push(&mut report, vec![self.bars().into(), heading("ROC curves")]);
        if let left_out @ 1.. = self.curves_left_out() {
            let shown = format!(
                "The verdict's detectors and the best of the others; {} left out.",
                count(left_out, "detector")
            );
            push(&mut report, vec![Block::Text(shown)]);
        }
        push(&mut report, vec![self.roc_panels(), heading("FPR95")]);
        push(&mut report, self.fpr_tables().map(Block::from).into());
        push(&mut report, self.alarm_blocks());
        push(&mut report, self.histogram_blocks());
        push(
            &mut report,
            vec![
                heading("Further metrics"),
                self.further_table().into(),
                heading("Settings"),
                Block::Settings([settings, self.settings()].concat()),
            ],
        );
        report
    }

    /// The verdicts and the tables behind them, for a terminal.
    pub fn summary(&self) -> Report {
        let mut report = self.opening();
        report.blocks.extend(self.ranking_blocks());
        report.blocks.extend(self.fpr_tables().map(Block::from));
        report.blocks.extend(self.alarm_blocks());
        report
    }

    /// Title, one sentence and the verdicts.
    fn opening(&self) -> Report {
        let methods = count(self.detectors.len(), "detector");
        let sets = count(self.sets.len(), "out-of-distribution set");
        let names: Vec<&str> = self.sets.iter().map(|set| set.name.as_str()).collect();
        let report = Report::new(format!("{methods} on {sets}")).summary(format!(
            "{} in-distribution rows against {}. Outlier scores: higher means less like the \
             training data.",
            self.test.rows,
            list(&names),
        ));
        self.verdicts().into_iter().fold(report, Report::push)
    }

    fn ranking_blocks(&self) -> Vec<Block> {
        let tables = [Some(self.auroc_table()), self.delong_table()];
        [heading("Ranking")]
            .into_iter()
            .chain(tables.into_iter().flatten().map(Block::from))
            .collect()
    }

    fn alarm_blocks(&self) -> Vec<Block> {
        let tables = [self.alarm_table(), self.detection_table()];
        let tables: Vec<Block> = tables.into_iter().flatten().map(Block::from).collect();
        if tables.is_empty() {
            return Vec::new();
        }
        [vec![heading("False alarms and detections")], tables].concat()
    }

    fn histogram_blocks(&self) -> Vec<Block> {
        let mut blocks = vec![heading("Scores")];
        if self.promise.is_some() {
            blocks.push(Block::Text(self.threshold_note()));
        }
        let shown = [Some(self.challenger), self.baseline];
        blocks.extend(
            shown
                .into_iter()
                .flatten()
                .filter_map(|at| self.histogram_panels(at)),
        );
        blocks
    }

    fn threshold_note(&self) -> String {
        let nominal = level(self.options.false_alarms);
        match self.promise.as_ref().map(|promise| &promise.reference) {
            Some(ReferenceUsed::CrossFitted { .. }) => format!(
                "The line is the threshold for new rows at {nominal} false alarms, with all test \
                 rows as reference; the counts above come from thresholds of either half."
            ),
            _ => format!("The line is the threshold at {nominal} false alarms."),
        }
    }

    /// What reproduces the figures.
    fn settings(&self) -> Vec<(String, String)> {
        let options = &self.options;
        let mut settings = vec![
            ("made by".to_owned(), self.made_by.clone()),
            ("seed".to_owned(), options.seed.to_string()),
            (
                "bootstrap resamples".to_owned(),
                options.resamples.to_string(),
            ),
            ("level of intervals".to_owned(), level(options.level)),
            (
                "nominal false alarms".to_owned(),
                level(options.false_alarms),
            ),
        ];
        let mut push = |name: String, value: String| settings.push((name, value));
        let rows = |rows: u64| format!("{rows} rows");
        push(format!("test: {}", self.test.name), rows(self.test.rows));
        if self.test_rows_left_out > 0 {
            let left_out = format!("{} with a negative label", rows(self.test_rows_left_out));
            push("test rows left out".to_owned(), left_out);
        }
        for set in &self.sets {
            push(format!("set: {}", set.name), rows(set.rows));
        }
        if let Some(fitting) = &self.fitting_rows {
            push("fitted on".to_owned(), rows(fitting.rows));
        }
        for detector in &self.detectors {
            push(
                format!("method: {}", detector.name),
                detector.method.clone(),
            );
        }
        if let Some(hash) = &self.head_sha256 {
            push("head (SHA-256)".to_owned(), hash.clone());
        }
        settings
    }
}

fn heading(text: &str) -> Block {
    Block::Heading(text.to_owned())
}
