use qualm_data::KeyColumn;

/// What one detector says of one row.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{Decider, Decision, FitInput, FitOptions, fit};
/// let rows = MemorySet::new("rows").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &rows, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// Decider::scores_alone(&bundle).run(&rows, &mut |tile| {
///     assert_eq!(tile.decision(0, 0), Some(Decision { score: -2.0, verdict: None }));
///     Ok(())
/// })?;
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Outlier score: higher = less like the training data.
    pub score: f64,
    /// What the reference makes of it; nothing where scores stand alone.
    pub verdict: Option<Verdict>,
}

/// What the reference makes of a score.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{DecideOptions, Decider, FitInput, FitOptions, Verdict, calibrate, fit};
/// let rows = |largest: &[f32]| MemorySet::new("rows").with_logits(largest.to_vec(), 1);
/// let (train, fresh) = (rows(&[10.0])?, rows(&[9.0; 19])?);
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// Decider::new(&bundle, DecideOptions::default())?.run(&rows(&[0.5])?, &mut |tile| {
///     let verdict = tile.decision(0, 0).and_then(|decision| decision.verdict);
///     assert_eq!(verdict, Some(Verdict { p_value: 1.0 / 20.0, flagged: true }));
///     Ok(())
/// })?;
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Conformal p-value, from above 0 to 1.
    pub p_value: f64,
    /// Whether the rule flags the row.
    pub flagged: bool,
}

/// Consecutive rows with all that was decided about them, by columns.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{Decider, FitInput, FitOptions, fit};
/// let rows = MemorySet::new("rows").with_logits(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let input = FitInput { train: &rows, head: None };
/// let bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// Decider::scores_alone(&bundle).run(&rows, &mut |tile| {
///     assert_eq!((tile.first_row(), tile.rows()), (0, 2));
///     assert_eq!(tile.scores(0), [-2.0, -1.0]);
///     assert_eq!(tile.flags(0), None, "nothing to compare scores with");
///     Ok(())
/// })?;
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug)]
pub struct Decided {
    pub(super) first_row: u64,
    pub(super) ids: KeyColumn,
    /// One a detector.
    pub(super) columns: Vec<Column>,
}

/// What one detector says of all rows of a tile.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) scores: Vec<f64>,
    pub(super) verdicts: Option<Verdicts>,
}

#[derive(Debug)]
pub(super) struct Verdicts {
    pub(super) p_values: Vec<f64>,
    pub(super) flags: Vec<bool>,
}

impl Decided {
    /// Number of the first row, counted from 0 over the whole feature set.
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.scores.len())
    }

    /// The names of the rows; empty where they have none.
    pub fn ids(&self) -> &KeyColumn {
        &self.ids
    }

    /// The outlier scores of one detector, one a row; empty where there is no such detector.
    pub fn scores(&self, detector: usize) -> &[f64] {
        self.columns
            .get(detector)
            .map_or(&[], |column| &column.scores)
    }

    /// The p-values of one detector, one a row; nothing where scores stand alone.
    pub fn p_values(&self, detector: usize) -> Option<&[f64]> {
        Some(&self.verdicts(detector)?.p_values)
    }

    /// Whether each row is flagged by one detector; nothing where scores stand alone.
    pub fn flags(&self, detector: usize) -> Option<&[bool]> {
        Some(&self.verdicts(detector)?.flags)
    }

    /// All that one detector says of one of the rows, counted from 0; nothing beyond the last.
    pub fn decision(&self, row: usize, detector: usize) -> Option<Decision> {
        let score = *self.scores(detector).get(row)?;
        let verdict = self.verdicts(detector).and_then(|verdicts| {
            Some(Verdict {
                p_value: *verdicts.p_values.get(row)?,
                flagged: *verdicts.flags.get(row)?,
            })
        });
        Some(Decision { score, verdict })
    }

    fn verdicts(&self, detector: usize) -> Option<&Verdicts> {
        self.columns.get(detector)?.verdicts.as_ref()
    }

    /// Flags p-values up to the cut of each detector.
    pub(super) fn flag(&mut self, cuts: &[f64]) {
        for (column, &cut) in self.columns.iter_mut().zip(cuts) {
            if let Some(Verdicts { p_values, flags }) = &mut column.verdicts {
                for (flag, &p_value) in flags.iter_mut().zip(&*p_values) {
                    *flag = p_value <= cut;
                }
            }
        }
    }
}
