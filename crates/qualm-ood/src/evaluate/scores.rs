use qualm_data::{Chunk, Source};

use crate::{Bundle, OodError, score};

/// The scores that metrics and plots are made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AllScores {
    pub(super) test: Scores,
    pub(super) sets: Vec<Scores>,
}

/// The scores of one set of rows: a column a detector, each in the order of the rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scores {
    columns: Vec<Vec<f64>>,
    /// The number of each row in its source.
    numbers: Vec<u64>,
}

impl Scores {
    /// Scores the rows of `source` that `keep` takes, `name` being what errors call the source.
    ///
    /// # Errors
    /// Those of scoring and of `keep`, a score that is not a number, and a set without rows.
    pub(super) fn gather(
        bundle: &Bundle,
        name: &str,
        source: &dyn Source,
        mut keep: impl FnMut(&Chunk, usize) -> Result<bool, OodError>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, OodError> {
        let mut columns = vec![Vec::new(); bundle.detectors().len()];
        let mut numbers = Vec::new();
        score(bundle, source, &mut |scored| {
            let chunk = scored.chunk;
            for row in 0..chunk.rows {
                if !keep(chunk, row)? {
                    continue;
                }
                numbers.push(chunk.first_row + row as u64);
                for (detector, column) in columns.iter_mut().enumerate() {
                    column.push(scored.scores(detector)[row]);
                    if scored.scores(detector)[row].is_nan() {
                        return Err(not_a_number(bundle, name, chunk, row, detector));
                    }
                }
            }
            progress(chunk.rows as u64);
            Ok(())
        })?;
        let scores = Self { columns, numbers };
        if scores.rows() == 0 {
            return Err(OodError::rows(
                name,
                "holds no row to evaluate on; give at least one",
            ));
        }
        Ok(scores)
    }

    /// The scores of one detector.
    pub(super) fn of(&self, detector: usize) -> Option<&[f64]> {
        self.columns.get(detector).map(Vec::as_slice)
    }

    /// The number of each row in its source.
    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// One column a detector.
    pub(super) fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.columns.first().map_or(0, |column| column.len() as u64)
    }
}

fn not_a_number(
    bundle: &Bundle,
    name: &str,
    chunk: &Chunk,
    row: usize,
    detector: usize,
) -> OodError {
    OodError::rows(
        name,
        format!(
            "row {}: detector `{}` gives no number; leave out the row or the detector",
            chunk.first_row + row as u64,
            bundle.names().nth(detector).unwrap_or_default(),
        ),
    )
}
