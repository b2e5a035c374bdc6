use qualm_linalg::{Rows, product_nt};
use rayon::prelude::*;

use crate::detector::RelationInput;

/// Bank rows multiplied at once.
const BANK_BLOCK: usize = 2048;

/// Rows that one task takes.
const TASK: usize = 16;

/// Sums of a tile's relations over all rows of a bank. Two products of a block of the bank are kept
/// at a time, so that memory does not grow with the bank.
#[derive(Debug, Default)]
pub(super) struct Relations {
    sums: Vec<f64>,
    similarities: Vec<f32>,
    agreements: Vec<f32>,
}

impl Relations {
    /// Takes in the rows of a tile: unit features and probabilities.
    pub(super) fn compute(
        &mut self,
        input: &RelationInput,
        unit: Rows<'_, f32>,
        probabilities: Rows<'_, f32>,
    ) {
        let features = Rows::new(&input.bank.rows, unit.width());
        let classes = Rows::new(&input.probabilities, probabilities.width());
        self.sums.clear();
        self.sums.resize(unit.len(), 0.0);
        for start in (0..features.len()).step_by(BANK_BLOCK) {
            let end = (start + BANK_BLOCK).min(features.len());
            let size = unit.len() * (end - start);
            self.similarities.resize(size, 0.0);
            self.agreements.resize(size, 0.0);
            product_nt(&mut self.similarities, unit, features.range(start, end));
            product_nt(
                &mut self.agreements,
                probabilities,
                classes.range(start, end),
            );
            self.sums
                .par_iter_mut()
                .zip(self.similarities.par_chunks_exact(end - start))
                .zip(self.agreements.par_chunks_exact(end - start))
                .with_min_len(TASK)
                .for_each(|((sum, similarities), agreements)| {
                    let relations = similarities.iter().zip(agreements).map(|(s, a)| s * a);
                    *sum += relations
                        .filter(|&relation| relation > input.cut)
                        .map(|relation| f64::from(relation).powf(input.power))
                        .sum::<f64>();
                });
        }
    }

    /// The sum of row `row` of the last tile.
    pub(super) fn of(&self, row: usize) -> f64 {
        self.sums[row]
    }
}
