use qualm_data::KeyColumn;

/// What one detector says of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Outlier score: higher = less like the training data.
    pub score: f64,
    /// What the reference makes of it; nothing where scores stand alone.
    pub verdict: Option<Verdict>,
}

/// What the reference makes of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Conformal p-value, from above 0 to 1.
    pub p_value: f64,
    /// Whether the rule flags the row.
    pub flagged: bool,
}

/// Consecutive rows with all that was decided about them, by columns.
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
