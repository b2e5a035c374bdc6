use qualm_data::{Head, Source};
use qualm_linalg::{Rows, product_nt};

use crate::HeadError;
use crate::blocks::Blocks;

/// A head in `f64`, where no product of two `f32` overflows and rounding is out of the way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    /// `classes x dim`.
    weight: Vec<f64>,
    bias: Vec<f64>,
    dim: usize,
}

impl Layer {
    pub(crate) fn of(head: &Head) -> Self {
        Self {
            weight: widened(head.weight()),
            bias: widened(head.bias()),
            dim: head.dim(),
        }
    }

    /// The layer whose weight's numbers, taken row after row, are a `dim x classes` matrix.
    pub(crate) fn transposed(weight: &[f32], bias: Vec<f64>, dim: usize) -> Self {
        let classes = bias.len();
        let numbers = (0..classes).flat_map(|class| weight.iter().skip(class).step_by(classes));
        Self {
            weight: numbers.copied().map(f64::from).collect(),
            bias,
            dim,
        }
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    pub(crate) fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Replaces `out` by the logits of `features` (`rows x dim`).
    pub(crate) fn logits(&self, features: &[f64], out: &mut Vec<f64>) {
        let features = Rows::new(features, self.dim);
        out.resize(features.len() * self.classes(), 0.0);
        product_nt(out, features, Rows::new(&self.weight, self.dim));
        for row in out.chunks_exact_mut(self.classes()) {
            row.iter_mut().zip(&self.bias).for_each(|(l, b)| *l += b);
        }
    }
}

pub(crate) fn widened(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

/// The first of the largest logits.
pub(crate) fn predicted<T: PartialOrd + Copy>(logits: &[T]) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (class, &logit) in logits.iter().enumerate() {
        if best.is_none_or(|(_, largest)| logit > largest) {
            best = Some((class, logit));
        }
    }
    best.map(|(class, _)| class)
}

/// Share of the rows with a label of 0 or above for which `head` predicts that label; the source
/// has features and labels, and such rows.
pub(crate) fn accuracy(source: &dyn Source, head: &Head) -> Result<f64, HeadError> {
    let layer = Layer::of(head);
    let (mut right, mut labelled) = (0u64, 0u64);
    let mut logits = Vec::new();
    let mut blocks = Blocks::of(source)?;
    while let Some(block) = blocks.next()? {
        layer.logits(&widened(&block.features), &mut logits);
        for (row, &label) in logits.chunks_exact(head.classes()).zip(&block.labels) {
            if let Ok(label) = usize::try_from(label) {
                labelled += 1;
                right += u64::from(predicted(row) == Some(label));
            }
        }
    }
    Ok(right as f64 / labelled as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_by_hand() {
        let head = Head::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![0.0, 1.0, 2.0], 2).unwrap();
        let mut logits = Vec::new();
        Layer::of(&head).logits(&[1.0, -1.0, 0.0, 1.0], &mut logits);
        assert_eq!(logits, [-1.0, 0.0, 1.0, 2.0, 5.0, 8.0]);
        let transposed = Layer::transposed(head.weight(), vec![0.0; 3], 2);
        assert_eq!(transposed.weight, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn the_first_of_equal_logits_is_predicted() {
        assert_eq!(predicted(&[1.0, 3.0, 3.0]), Some(1));
        assert_eq!(predicted::<f32>(&[]), None);
    }
}
