use std::sync::Arc;

use qualm_data::{Chunk, Head};
use qualm_linalg::{Rows, add, largest, product_nt};
use rayon::prelude::*;

use super::blocks::{BLOCK_ROWS, Sorted, select_rows};
use super::pass1::{Moments, Pass1};
use super::ranges::Ranges;
use crate::method::Needs;
use crate::perturbation::PerturbedHeads;
use crate::softmax::softmax;
use crate::statistics::{
    ClassScatters, ClassSums, MomentScratch, NewRows, SecondMoment, SumBy, SumKind, SumOf,
    TemperatureSums,
};
use crate::view::{View, normalise_rows};

/// Gathers the statistics of the first pass, block by block, with buffers that are kept.
pub(super) struct Gatherer<'a> {
    needs: &'a Needs,
    dim: usize,
    head: Option<&'a Head>,
    classes: Option<usize>,
    scratch: Option<MomentScratch>,
    kept: Vec<f32>,
    unit: Vec<f32>,
    logits: Vec<f32>,
    probabilities: Vec<f32>,
    ranges: Ranges,
}

/// The fitting rows of a block, each matrix row-major; empty where nothing asks for it.
struct Block<'a> {
    raw: &'a [f32],
    unit: &'a [f32],
    logits: &'a [f32],
    probabilities: &'a [f32],
    /// Row by row; `None` for rows without a label.
    labels: Vec<Option<usize>>,
    predicted: Vec<usize>,
    rows: usize,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(
        needs: &'a Needs,
        dim: usize,
        head: Option<&'a Head>,
        classes: Option<usize>,
    ) -> Self {
        let scatters = needs.moments.any() || needs.class_scatters.any();
        Self {
            needs,
            dim,
            head,
            classes,
            scratch: scatters.then(|| MomentScratch::new(dim)),
            kept: Vec::new(),
            unit: Vec::new(),
            logits: Vec::new(),
            probabilities: Vec::new(),
            ranges: Ranges::new(&needs.extremes),
        }
    }

    /// The perturbed heads that were drawn.
    pub(super) fn into_heads(self) -> Vec<Arc<PerturbedHeads>> {
        self.ranges.into_heads()
    }

    /// Takes the statistics of a block's fitting rows into `pass`.
    pub(super) fn gather(&mut self, chunk: &Chunk, sorted: &Sorted, pass: &mut Pass1) {
        let Self {
            needs,
            dim,
            head,
            classes,
            scratch,
            kept,
            unit,
            logits,
            probabilities,
            ranges,
        } = self;
        let raw = select_rows(&chunk.features, chunk.rows, &sorted.fit, kept);
        if needs.unit_when_gathering() {
            pass.tally.zero_rows += normalise_rows(raw, (*dim).max(1), unit) as u64;
        }
        let rows = sorted.fit.len();
        let label = |&row: &usize| chunk.labels.get(row).map(|&label| label as usize);
        let mut block = Block {
            raw,
            unit,
            logits: &[],
            probabilities: &[],
            labels: sorted.fit.iter().map(label).collect(),
            predicted: Vec::new(),
            rows,
        };
        if needs.logits_when_gathering() && rows > 0 {
            let width = classes.unwrap_or(1);
            block.logits = match head {
                Some(head) if *dim > 0 => logits_of_head(head, raw, logits),
                _ => select_rows(&chunk.logits, chunk.rows, &sorted.fit, logits),
            };
            block.predicted = block
                .logits
                .par_chunks_exact(width)
                .map(|row| largest(row).map_or(0, |(class, _)| class))
                .collect();
            if needs.probabilities_when_gathering() {
                probabilities.clear();
                probabilities.extend_from_slice(block.logits);
                probabilities.par_chunks_exact_mut(width).for_each(softmax);
                block.probabilities = probabilities;
            }
        }
        let mut moments = Moments::default();
        for view in [View::Raw, View::Unit] {
            let rows = || match view {
                View::Raw => Rows::new(block.raw, *dim),
                View::Unit => Rows::new(block.unit, *dim),
            };
            let Some(scratch) = scratch.as_mut() else {
                break;
            };
            if *needs.moments.get(view) {
                let moment = SecondMoment::of_block(rows(), scratch);
                *moments.moments.get_mut(view) = Some(moment);
            }
            if *needs.class_scatters.get(view) {
                let scatters = ClassScatters::of_block(rows(), &block.labels, scratch);
                *moments.scatters.get_mut(view) = Some(scatters);
            }
        }
        if rows > 0 {
            for kind in needs.sums.iter() {
                moments.sums.insert(kind, block.sums(kind, *dim, *classes));
            }
        }
        if needs.temperature {
            let width = classes.unwrap_or(1);
            let sums = TemperatureSums::of_block(block.logits, width, &block.labels);
            moments.temperature = Some(sums);
        }
        pass.forest
            .insert_block(chunk.first_row / BLOCK_ROWS, moments);
        if let Some(activations) = &mut pass.activations {
            activations.add(block.raw);
        }
        ranges.gather(block.raw, *head, &mut pass.extremes);
        if let Some(need) = needs.bank {
            let global = |&row: &usize| chunk.first_row + row as u64;
            let row_numbers: Vec<u64> = sorted.fit.iter().map(global).collect();
            let labels = sorted.fit.iter().filter_map(|&row| chunk.labels.get(row));
            let new = NewRows {
                rows: block.unit,
                row_numbers: &row_numbers,
                labels: &labels.copied().collect::<Vec<i64>>(),
                logits: if need.logits { block.logits } else { &[] },
            };
            pass.bank.add(new, need.rows);
        }
    }
}

impl Block<'_> {
    fn sums(&self, kind: SumKind, dim: usize, classes: Option<usize>) -> ClassSums {
        let (numbers, width) = match kind.of {
            SumOf::Raw => (self.raw, dim),
            SumOf::Unit => (self.unit, dim),
            SumOf::Logits => (self.logits, classes.unwrap_or(1)),
            SumOf::Probabilities => (self.probabilities, classes.unwrap_or(1)),
        };
        let predicted = self.predicted.iter().map(|&class| Some(class));
        let of_row: Vec<Option<usize>> = match kind.by {
            SumBy::All => vec![Some(0); self.rows],
            SumBy::Label => self.labels.clone(),
            SumBy::Predicted => predicted.collect(),
            SumBy::Correct => {
                let both = self.labels.iter().zip(predicted);
                both.map(|(&label, predicted)| label.filter(|_| label == predicted))
                    .collect()
            }
        };
        let seen = of_row.iter().flatten().max().map_or(0, |&class| class + 1);
        let classes = match kind.by {
            SumBy::All => 1,
            _ => classes.unwrap_or(seen),
        };
        ClassSums::of_block(numbers, width, &of_row, classes)
    }
}

/// The logits of rows, row-major.
fn logits_of_head<'a>(head: &Head, rows: &[f32], to: &'a mut Vec<f32>) -> &'a [f32] {
    let rows = Rows::new(rows, head.dim());
    to.resize(rows.len() * head.classes(), 0.0);
    product_nt(to, rows, Rows::new(head.weight(), head.dim()));
    to.par_chunks_exact_mut(head.classes())
        .for_each(|row| add(row, head.bias()));
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_by_hand() {
        let head = Head::new(vec![1.0, 0.0, 0.0, 2.0], vec![0.5, 0.0], 2).unwrap();
        let mut logits = Vec::new();
        assert_eq!(logits_of_head(&head, &[1.0, 3.0], &mut logits), [1.5, 6.0]);
    }

    #[test]
    fn a_wrong_prediction_is_left_out_of_the_correct_rows() {
        let block = Block {
            raw: &[1.0, 2.0, 4.0],
            unit: &[],
            logits: &[],
            probabilities: &[],
            labels: vec![Some(0), Some(1), None],
            predicted: vec![0, 0, 0],
            rows: 3,
        };
        let sums = |by| {
            let kind = SumKind { of: SumOf::Raw, by };
            block.sums(kind, 1, Some(2)).sums
        };
        assert_eq!(sums(SumBy::Correct), [1.0, 0.0]);
        assert_eq!(sums(SumBy::Label), [1.0, 2.0]);
        assert_eq!(sums(SumBy::Predicted), [7.0, 0.0]);
        assert_eq!(sums(SumBy::All), [7.0]);
    }
}
