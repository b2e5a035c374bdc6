use std::fmt::Debug;

use qualm_data::Head;
use qualm_linalg::{Rows, add, product_nt};
use rayon::prelude::*;

use crate::OodError;
use crate::detector::AffineMap;
use crate::fit::FitContext;
use crate::lower::{Graph, Lowering, Pairing};
use crate::method::Needs;
use crate::tensors::{TensorReader, TensorWriter};

/// Rows that one task takes.
const TASK: usize = 32;

/// A fitted way to reshape a classifier's logits before a score looks at them. Two are equal when
/// their texts are: a bundle has one fit.
#[derive(Debug)]
pub(crate) struct Shaping {
    /// The shaper with its parameters, as in the recipe.
    pub(crate) text: String,
    pub(crate) change: Change,
}

/// What a shaper changes.
#[derive(Debug)]
pub(crate) enum Change {
    /// The head.
    Head(AffineMap),
    /// Each row of features, which then pass through the head.
    Features(Box<dyn ShapeRow>),
    /// Each row of logits, by a factor that depends on the row's features.
    Logits(Box<dyn ScaleRow>),
}

/// Changes one row of features.
pub(crate) trait ShapeRow: Debug + Send + Sync {
    /// Changes `row` in place; `scratch` is kept from row to row.
    fn shape(&self, row: &mut [f32], scratch: &mut Vec<f32>);
    /// Writes what [`Shaper::load`] needs.
    fn save(&self, tensors: &mut TensorWriter);

    /// The reshaped features in operations of a graph.
    ///
    /// # Errors
    /// As for [`Detector::lower`](crate::detector::Detector::lower).
    fn lower(&self, graph: &mut Graph) -> Lowering;
}

/// Scales the logits of one row.
pub(crate) trait ScaleRow: Debug + Send + Sync {
    /// The factor for the row of these features; `scratch` is kept from row to row.
    fn factor(&self, features: &[f32], scratch: &mut Vec<f32>) -> f32;
    /// Whether the factor belongs to the whole logits; else to the features, and so not to the
    /// bias.
    fn scales_bias(&self) -> bool;

    /// The factor in operations of a graph.
    ///
    /// # Errors
    /// As for [`Detector::lower`](crate::detector::Detector::lower).
    fn lower_factor(&self, graph: &mut Graph) -> Lowering;
}

/// The recipe of a shaper.
pub(crate) trait Shaper: Debug + Send + Sync {
    /// What fitting must gather.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The change that follows from the first pass.
    ///
    /// # Errors
    /// When it cannot be fitted to these rows; the message says why and the way out.
    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError>;

    /// The change that was written to a file.
    ///
    /// # Errors
    /// When arrays are missing or have the wrong shape.
    fn load(&self, tensors: &TensorReader<'_>) -> Result<Change, OodError>;
}

impl Shaping {
    /// The reshaped logits in operations of a graph.
    ///
    /// # Errors
    /// As for [`Detector::lower`](crate::detector::Detector::lower).
    pub(crate) fn lower(&self, graph: &mut Graph) -> Lowering {
        match &self.change {
            Change::Head(map) => Ok(graph.map(map)),
            Change::Features(shape) => {
                let shaped = shape.lower(graph)?;
                let (products, bias) = (graph.weigh(shaped)?, graph.bias()?);
                Ok(graph.pair(products, Pairing::Add, bias))
            }
            Change::Logits(scale) => {
                let factor = scale.lower_factor(graph)?;
                let features = graph.features();
                let (products, mut bias) = (graph.weigh(features)?, graph.bias()?);
                let products = graph.pair(products, Pairing::Mul, factor);
                if scale.scales_bias() {
                    bias = graph.pair(bias, Pairing::Mul, factor);
                }
                Ok(graph.pair(products, Pairing::Add, bias))
            }
        }
    }

    /// Writes what [`Shaper::load`] needs.
    pub(crate) fn save(&self, tensors: &mut TensorWriter) {
        match &self.change {
            Change::Head(map) => {
                let dim = map.matrix.len() / map.outputs();
                tensors.matrix("shaped_weight", &map.matrix, dim);
                tensors.vector("shaped_bias", &map.offset);
            }
            Change::Features(shape) => shape.save(tensors),
            // What scales has parameters, which stand in the recipe.
            Change::Logits(_) => {}
        }
    }

    /// The reshaped logits of `features`, row-major, where `products` are those of each row with
    /// the head's weights, `stride` numbers from one row to the next. `shaped` is scratch.
    pub(crate) fn logits(
        &self,
        features: Rows<'_, f32>,
        head: &Head,
        (products, stride): (&[f32], usize),
        shaped: &mut Vec<f32>,
        to: &mut Vec<f32>,
    ) {
        let (dim, classes) = (head.dim(), head.classes());
        to.resize(features.len() * classes, 0.0);
        match &self.change {
            Change::Head(map) => {
                product_nt(to, features, Rows::new(&map.matrix, dim));
                to.par_chunks_exact_mut(classes)
                    .with_min_len(TASK)
                    .for_each(|row| add(row, &map.offset));
            }
            Change::Features(shape) => {
                shaped.resize(features.data().len(), 0.0);
                shaped
                    .par_chunks_exact_mut(dim)
                    .zip(features.data().par_chunks_exact(dim))
                    .with_min_len(TASK)
                    .for_each_init(Vec::new, |scratch, (to, from)| {
                        to.copy_from_slice(from);
                        shape.shape(to, scratch);
                    });
                product_nt(to, Rows::new(shaped, dim), Rows::new(head.weight(), dim));
                to.par_chunks_exact_mut(classes)
                    .with_min_len(TASK)
                    .for_each(|row| add(row, head.bias()));
            }
            Change::Logits(scale) => {
                let inside = if scale.scales_bias() { 1.0 } else { 0.0 };
                to.par_chunks_exact_mut(classes)
                    .zip(products.par_chunks_exact(stride))
                    .zip(features.data().par_chunks_exact(dim))
                    .with_min_len(TASK)
                    .for_each_init(Vec::new, |scratch, ((to, products), features)| {
                        let factor = scale.factor(features, scratch);
                        let bias = factor * inside + (1.0 - inside);
                        for ((to, product), b) in to.iter_mut().zip(products).zip(head.bias()) {
                            *to = factor * product + bias * b;
                        }
                    });
            }
        }
    }
}

/// The `count` largest numbers of a row: the smallest of them, and how many of its equals belong
/// to them. `scratch` is overwritten; `count` is at least one and at most the row's length.
pub(crate) fn largest_of(row: &[f32], count: usize, scratch: &mut Vec<f32>) -> (f32, usize) {
    scratch.clear();
    scratch.extend_from_slice(row);
    let (above, &mut smallest, _) =
        scratch.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    let equals = above.iter().filter(|&&x| x == smallest).count() + 1;
    (smallest, equals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_and_their_equals() {
        let mut scratch = Vec::new();
        assert_eq!(
            largest_of(&[1.0, 5.0, 2.0, 2.0, 2.0], 3, &mut scratch),
            (2.0, 2)
        );
        assert_eq!(largest_of(&[1.0, 5.0], 2, &mut scratch), (1.0, 1));
    }
}
