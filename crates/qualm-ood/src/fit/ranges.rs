use std::sync::Arc;

use qualm_data::Head;
use qualm_linalg::{Rows, add, product_nt};
use rayon::prelude::*;

use crate::perturbation::PerturbedHeads;
use crate::statistics::{Extremes, ExtremesOf, Merge};

/// Gathers extremes, block by block, with a buffer that is kept.
pub(super) struct Ranges {
    /// For each of the extremes that are asked for, where they are of such heads.
    heads: Vec<Option<Arc<PerturbedHeads>>>,
    /// Logits of one head: those of all would be an array of `rows x heads x C`.
    logits: Vec<f32>,
}

impl Ranges {
    pub(super) fn new(of: &[ExtremesOf]) -> Self {
        let heads = |of: &ExtremesOf| match of {
            ExtremesOf::Features => None,
            ExtremesOf::Perturbed(perturbation) => {
                Some(Arc::new(PerturbedHeads::new(*perturbation)))
            }
        };
        Self {
            heads: of.iter().map(heads).collect(),
            logits: Vec::new(),
        }
    }

    /// The heads that were drawn.
    pub(super) fn into_heads(self) -> Vec<Arc<PerturbedHeads>> {
        self.heads.into_iter().flatten().collect()
    }

    /// Takes the extremes of rows of features into `to`, in the order in which they were asked for.
    pub(super) fn gather(&mut self, rows: &[f32], head: Option<&Head>, to: &mut [Extremes]) {
        let Self { heads, logits } = self;
        for (extremes, heads) in to.iter_mut().zip(heads) {
            extremes.merge(match (heads, head) {
                (Some(heads), Some(head)) => of_heads(heads, head, rows, logits),
                _ => Extremes::of(rows),
            });
        }
    }
}

/// The extremes of the logits of all perturbed heads.
fn of_heads(heads: &PerturbedHeads, head: &Head, rows: &[f32], logits: &mut Vec<f32>) -> Extremes {
    let rows = Rows::new(rows, head.dim());
    logits.resize(rows.len() * head.classes(), 0.0);
    let mut all = Extremes::default();
    for matrix in heads.weight(head).chunks_exact(head.weight().len()) {
        product_nt(logits, rows, Rows::new(matrix, head.dim()));
        logits
            .par_chunks_exact_mut(head.classes())
            .for_each(|row| add(row, head.bias()));
        all.merge(Extremes::of(logits));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perturbation::Perturbation;

    #[test]
    fn in_the_order_in_which_they_were_asked_for() {
        // One class and one feature: noise of half the weight's length goes up or down, to 3 or 1.
        let head = Head::new(vec![2.0], vec![10.0], 1).unwrap();
        let perturbation = Perturbation {
            heads: 20,
            delta: 0.5,
            seed: 1,
        };
        let mut ranges = Ranges::new(&[ExtremesOf::Perturbed(perturbation), ExtremesOf::Features]);
        let mut to = [Extremes::default(); 2];
        for rows in [[-1.0, 2.0], [0.0, 1.0]] {
            ranges.gather(&rows, Some(&head), &mut to);
        }
        let range = |low, high| Extremes { low, high };
        assert_eq!(to, [range(7.0, 16.0), range(-1.0, 2.0)]);
    }
}
