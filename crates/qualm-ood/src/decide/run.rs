use qualm_data::Source;
use qualm_stats::benjamini_hochberg;

use super::decided::{Column, Verdicts};
use super::{Decided, Decider, Rule};
use crate::{OodError, Scored, score};

/// What a run over a batch gives in total.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{DecideOptions, Decider, FitInput, FitOptions, calibrate, fit};
/// let rows = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, fresh) = (rows(&[10.0])?, rows(&[9.0; 19])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let decider = Decider::new(&bundle, DecideOptions::default())?;
/// let outcome = decider.run(&rows(&[9.5, 0.5, 11.0])?, &mut |_| Ok(()))?;
/// assert_eq!((outcome.rows, outcome.flagged), (3, Some(vec![1])));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Rows scored.
    pub rows: u64,
    /// Rows flagged by each detector; nothing where scores stand alone.
    pub flagged: Option<Vec<u64>>,
    /// What a person should know about this batch, a sentence each.
    pub warnings: Vec<String>,
}

impl Decider<'_> {
    /// Scores all rows of `source` in one pass, decides, and hands them on in order, tile by
    /// tile.
    ///
    /// With [`Rule::FalseDiscovery`] the first tile comes after the last row was read; until then
    /// ids, scores and p-values of all rows stay in memory.
    ///
    /// # Errors
    /// Those of [`score`] and of `sink`, and when a score is not a number.
    pub fn run(
        &self,
        source: &dyn Source,
        sink: &mut dyn FnMut(&Decided) -> Result<(), OodError>,
    ) -> Result<Outcome, OodError> {
        let detectors = self.bundle.detectors().len();
        let mut outcome = Outcome {
            rows: 0,
            flagged: self.rule().map(|_| vec![0; detectors]),
            warnings: Vec::new(),
        };
        let mut kept = Vec::new();
        let mut zero_rows = 0;
        score(self.bundle, source, &mut |scored| {
            zero_rows = scored.scorer().zero_rows();
            let mut tile = self.compare(scored, source.name())?;
            match self.rule() {
                Some(Rule::FalseDiscovery(_)) => kept.push(tile),
                Some(Rule::FalseAlarms(level)) => {
                    tile.flag(&vec![level; detectors]);
                    outcome.add(&tile);
                    sink(&tile)?;
                }
                None => {
                    outcome.add(&tile);
                    sink(&tile)?;
                }
            }
            Ok(())
        })?;
        if zero_rows > 0 {
            outcome.warnings.push(format!(
                "{zero_rows} rows are zero and have no direction; they stand at distance one from all"
            ));
        }
        if let Some(Rule::FalseDiscovery(q)) = self.rule() {
            let cuts: Vec<f64> = (0..detectors)
                .map(|detector| discovery_cut(&kept, detector, q))
                .collect();
            for mut tile in kept {
                tile.flag(&cuts);
                outcome.add(&tile);
                sink(&tile)?;
            }
            outcome.warnings.extend(self.too_small_for(&outcome, q));
        }
        Ok(outcome)
    }

    /// The scores of a tile with their p-values; no row is flagged yet.
    fn compare(&self, scored: &Scored<'_>, origin: &str) -> Result<Decided, OodError> {
        let first_row = scored.chunk.first_row;
        let column = |(detector, name): (usize, &str)| {
            let scores = scored.scores(detector);
            if let Some(row) = scores.iter().position(|score| score.is_nan()) {
                return Err(OodError::rows(
                    origin,
                    format!(
                        "row {}: its score by {name} is not a number, as sums over its features or \
                         logits are too large for f32; remove the row or scale the features",
                        first_row + row as u64
                    ),
                ));
            }
            let p_values: Option<Vec<f64>> = scores
                .iter()
                .enumerate()
                .map(|(row, &score)| self.p_value(detector, score, scored.predicted(row)))
                .collect();
            Ok(Column {
                scores: scores.to_vec(),
                verdicts: p_values
                    .filter(|_| self.rule().is_some())
                    .map(|p_values| Verdicts {
                        flags: vec![false; p_values.len()],
                        p_values,
                    }),
            })
        };
        Ok(Decided {
            first_row,
            ids: scored.chunk.ids.clone(),
            columns: self
                .bundle
                .names()
                .enumerate()
                .map(column)
                .collect::<Result<_, _>>()?,
        })
    }

    /// A warning where the reference is what kept a detector from flagging any row.
    fn too_small_for(&self, outcome: &Outcome, q: f64) -> Option<String> {
        let reference_rows = self.largest_reference()?;
        let smallest = 1.0 / (reference_rows as f64 + 1.0);
        // Benjamini and Hochberg flag f of m rows only if p-values go down to f * q / m.
        let fewest = (outcome.rows as f64 * smallest / q).ceil();
        let flagged = outcome.flagged.as_ref()?;
        let silent: Vec<&str> = self
            .bundle
            .names()
            .zip(flagged)
            .filter_map(|(name, &flagged)| (flagged == 0).then_some(name))
            .collect();
        (fewest > 1.0 && !silent.is_empty()).then(|| {
            format!(
                "no row is flagged by {}: with {reference_rows} reference rows no p-value is below \
                 {smallest:.2e}, so of {} rows at least {fewest} must get there before any is \
                 flagged; take more reference rows or a larger rate than {q}",
                silent.join(", "),
                outcome.rows
            )
        })
    }
}

/// The largest p-value that is flagged, or 0, which no p-value is.
fn discovery_cut(tiles: &[Decided], detector: usize, q: f64) -> f64 {
    let p_values: Vec<f64> = tiles
        .iter()
        .filter_map(|tile| tile.p_values(detector))
        .flatten()
        .copied()
        .collect();
    let flags = benjamini_hochberg(&p_values, q);
    let flagged = p_values.iter().zip(flags).filter(|(_, flag)| *flag);
    flagged.map(|(&p, _)| p).fold(0.0, f64::max)
}

impl Outcome {
    fn add(&mut self, tile: &Decided) {
        self.rows += tile.rows() as u64;
        for (detector, total) in self.flagged.iter_mut().flatten().enumerate() {
            let flags = tile.flags(detector).unwrap_or_default();
            *total += flags.iter().filter(|&&flag| flag).count() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::{Head, KeyColumn, MemorySet};

    use super::*;
    use crate::decide::testing::{calibrated, uncalibrated};
    use crate::decide::{DecideOptions, Decision};
    use crate::{Bundle, FitInput, FitOptions, Recipe, fit};

    /// Rows whose outlier scores by `maxlogit` are the negatives of these.
    fn rows(largest_logits: &[f32]) -> MemorySet {
        MemorySet::new("new")
            .with_logits(largest_logits.to_vec(), 1)
            .unwrap()
    }

    fn run(decider: &Decider<'_>, set: &MemorySet) -> (Vec<Decision>, Outcome) {
        let mut decisions = Vec::new();
        let outcome = decider
            .run(set, &mut |tile| {
                assert_eq!(tile.first_row(), decisions.len() as u64);
                decisions.extend((0..tile.rows()).map(|row| tile.decision(row, 0).unwrap()));
                Ok(())
            })
            .unwrap();
        (decisions, outcome)
    }

    fn flags(decisions: &[Decision]) -> Vec<bool> {
        let flag = |decision: &Decision| decision.verdict.unwrap().flagged;
        decisions.iter().map(flag).collect()
    }

    /// Nine reference rows with outlier scores from -9 to -1.
    fn nine() -> Bundle {
        let logits: Vec<f32> = (1..=9u8).map(f32::from).collect();
        calibrated("maxlogit", &logits, 1)
    }

    #[test]
    fn each_row_alone_worked_by_hand() {
        let bundle = nine();
        let options = DecideOptions {
            rule: Rule::FalseAlarms(0.2),
            per_class: false,
        };
        let decider = Decider::new(&bundle, options).unwrap();
        let (decisions, outcome) = run(&decider, &rows(&[0.5, 1.0, 1.5, 9.5]));
        let p_values: Vec<f64> = decisions
            .iter()
            .map(|d| d.verdict.unwrap().p_value)
            .collect();
        assert_eq!(p_values, [0.1, 0.2, 0.2, 1.0]);
        assert_eq!(flags(&decisions), [true, true, true, false]);
        assert_eq!(outcome.flagged, Some(vec![3]));
        let threshold = decider.thresholds(0, 0.2)[0].value;
        assert!(
            decisions
                .iter()
                .all(|d| d.verdict.unwrap().flagged == (d.score > threshold))
        );
    }

    #[test]
    fn a_batch_is_decided_as_a_whole_and_in_order() {
        let bundle = nine();
        let options = DecideOptions {
            rule: Rule::FalseDiscovery(0.2),
            per_class: false,
        };
        let decider = Decider::new(&bundle, options).unwrap();
        // p-values .1, .1, .2, 1: .1 <= 2 * .2 / 4, but .2 > 3 * .2 / 4.
        let (decisions, outcome) = run(&decider, &rows(&[0.5, 1.5, 9.5, 0.1]));
        assert_eq!(flags(&decisions), [true, false, false, true]);
        assert_eq!((outcome.rows, outcome.flagged), (4, Some(vec![2])));
        assert!(outcome.warnings.is_empty());

        // One of 4,000 rows in the last tile of several changes nothing for the others.
        let mut many = vec![9.5; 4_000];
        many[3_999] = 0.5;
        let (decisions, outcome) = run(&decider, &rows(&many));
        assert_eq!(decisions.len(), 4_000);
        assert_eq!(outcome.flagged, Some(vec![0]));
        assert_eq!(outcome.warnings.len(), 1);
        assert!(
            outcome.warnings[0].contains("of 4000 rows at least 2000 must"),
            "{:?}",
            outcome.warnings
        );
        many[..2_000].fill(0.5);
        assert_eq!(run(&decider, &rows(&many)).1.flagged, Some(vec![2_001]));
    }

    #[test]
    fn scores_alone_have_no_verdict() {
        let bundle = uncalibrated("maxlogit", 1);
        let (decisions, outcome) = run(&Decider::scores_alone(&bundle), &rows(&[3.0]));
        let alone = Decision {
            score: -3.0,
            verdict: None,
        };
        assert_eq!(decisions, [alone]);
        assert_eq!(outcome.flagged, None);
    }

    #[test]
    fn ids_stay_with_their_rows() {
        let bundle = nine();
        let decider = Decider::new(&bundle, DecideOptions::default()).unwrap();
        let ids = KeyColumn::Text(vec!["a".into(), "b".into()]);
        let set = rows(&[1.0, 2.0]).with_ids(ids.clone()).unwrap();
        decider
            .run(&set, &mut |tile| {
                assert_eq!(tile.ids(), &ids);
                assert_eq!((tile.decision(2, 0), tile.decision(0, 1)), (None, None));
                assert_eq!((tile.scores(1), tile.flags(1)), (&[][..], None));
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_score_that_is_not_a_number_is_refused_with_its_row() {
        let head = Head::new(vec![2.0, -2.0], vec![0.0, 0.0], 1).unwrap();
        let features = |values: &[f32]| {
            MemorySet::new("new.npz")
                .with_features(values.to_vec(), 1)
                .unwrap()
        };
        let input = FitInput {
            train: &features(&[1.0, 2.0]),
            head: Some(&head),
        };
        let recipes = Recipe::parse_list("msp,energy").unwrap();
        let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
            .unwrap()
            .bundle;
        // The logits are infinite, and the difference of infinities is not a number.
        let error = Decider::scores_alone(&bundle)
            .run(&features(&[1.0, 3e38]), &mut |_| Ok(()))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("new.npz: row 1: its score by msp"),
            "{error}"
        );
    }
}
