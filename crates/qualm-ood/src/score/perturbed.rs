use qualm_data::Head;
use qualm_linalg::{Rows, add, largest, log_sum_exp, product_nt};
use rayon::prelude::*;

use crate::detector::PerturbedInput;

/// Rows that one task takes.
const TASK: usize = 32;

/// How the logits of many perturbed heads lie in bins, row by row. The logits are kept for one head
/// at a time: those of all would be an array of `rows x heads x C`.
#[derive(Debug, Default)]
pub(super) struct Perturbed {
    /// Row after row, a number for each bin.
    counts: Vec<u32>,
    /// Of each row, the sum over heads of the largest probability.
    certainties: Vec<f64>,
    /// Logits of one head.
    logits: Vec<f32>,
    bins: usize,
    heads: usize,
}

/// What the perturbed heads make of one row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PerturbedRow<'a> {
    /// Logits of all heads in each bin.
    pub(crate) counts: &'a [u32],
    /// Mean over the heads of the largest softmax probability.
    pub(crate) certainty: f64,
}

impl Perturbed {
    /// Takes in the rows of a tile.
    pub(super) fn compute(&mut self, input: &PerturbedInput, head: &Head, rows: Rows<'_, f32>) {
        let weight = input.heads.weight(head);
        let (bins, classes) = (&input.bins, head.classes());
        self.bins = bins.count;
        self.heads = input.heads.perturbation.heads;
        self.counts.clear();
        self.counts.resize(rows.len() * self.bins, 0);
        self.certainties.clear();
        self.certainties.resize(rows.len(), 0.0);
        self.logits.resize(rows.len() * classes, 0.0);
        for matrix in weight.chunks_exact(head.weight().len()) {
            product_nt(&mut self.logits, rows, Rows::new(matrix, rows.width()));
            self.logits
                .par_chunks_exact_mut(classes)
                .zip(self.counts.par_chunks_exact_mut(self.bins))
                .zip(&mut self.certainties)
                .with_min_len(TASK)
                .for_each(|((logits, counts), certainty)| {
                    add(logits, head.bias());
                    for &logit in logits.iter() {
                        if let Some(bin) = bins.place(logit) {
                            counts[bin] += 1;
                        }
                    }
                    let max = largest(logits).map_or(f32::NAN, |(_, max)| max);
                    *certainty += (f64::from(max) - log_sum_exp(logits, max)).exp();
                });
        }
    }

    /// What was made of row `row` of the last tile.
    pub(super) fn of(&self, row: usize) -> PerturbedRow<'_> {
        PerturbedRow {
            counts: &self.counts[row * self.bins..(row + 1) * self.bins],
            certainty: self.certainties[row] / self.heads as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bins::Bins;
    use crate::perturbation::{Perturbation, PerturbedHeads};
    use crate::statistics::Extremes;

    #[test]
    fn is_what_each_head_makes_of_each_row() {
        let head = Head::new(vec![1.0, 0.0, 0.0, 2.0], vec![0.5, -0.5], 2).unwrap();
        let heads = PerturbedHeads::new(Perturbation {
            heads: 3,
            delta: 0.8,
            seed: 5,
        });
        let range = Extremes {
            low: -1.0,
            high: 2.0,
        };
        let input = PerturbedInput {
            heads: Arc::new(heads),
            bins: Bins::between(range, 6).unwrap(),
        };
        let rows = [1.0, 0.3, -0.7, 2.0];
        let mut perturbed = Perturbed::default();
        // The second time over what the first left.
        for _ in 0..2 {
            perturbed.compute(&input, &head, Rows::new(&rows, 2));
        }
        for (row, x) in rows.chunks(2).enumerate() {
            let (mut counts, mut certainty) = ([0; 6], 0.0);
            for weight in input.heads.weight(&head).chunks(4) {
                let a = f64::from(weight[0] * x[0] + weight[1] * x[1] + 0.5);
                let b = f64::from(weight[2] * x[0] + weight[3] * x[1] - 0.5);
                for logit in [a, b] {
                    if (-1.0..=2.0).contains(&logit) {
                        counts[((logit + 1.0) / 0.5) as usize] += 1;
                    }
                }
                certainty += 1.0 / (1.0 + (-(a - b).abs()).exp()) / 3.0;
            }
            assert_eq!(perturbed.of(row).counts, counts);
            assert!((perturbed.of(row).certainty - certainty).abs() < 1e-6);
        }
    }
}
