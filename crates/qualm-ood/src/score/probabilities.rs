use std::sync::Arc;

use qualm_linalg::{Rows, add, product_nt};
use rayon::prelude::*;

use super::plan::{LogitPlan, Plan, columns};
use super::scorer::TileRows;
use crate::softmax::softmax;

/// The softmax probabilities of a tile of rows, and their products with the plan's matrices.
#[derive(Debug, Default)]
pub(super) struct Probabilities {
    /// Row-major `N x C`.
    rows: Vec<f32>,
    /// For each matrix of the plan `N x K`, row-major, with K.
    products: Vec<(Vec<f32>, usize)>,
}

impl Probabilities {
    /// Computes what the plan asks for; `raw` are the products of the tile's features with the raw
    /// stack, without their offsets.
    pub(super) fn compute(&mut self, plan: &Plan, tile: TileRows<'_>, raw: &[f32]) {
        let classes = match plan.logits {
            LogitPlan::Head { classes } => {
                let stack = &plan.stacks.raw;
                self.rows.resize(tile.rows * classes, 0.0);
                self.rows
                    .par_chunks_exact_mut(classes)
                    .zip(raw.par_chunks_exact(columns(stack)))
                    .for_each(|(to, mapped)| {
                        to.copy_from_slice(&mapped[..classes]);
                        add(to, &stack.offset[..classes]);
                    });
                classes
            }
            LogitPlan::Stored { classes } => {
                self.rows.clear();
                self.rows.extend_from_slice(tile.logits);
                classes
            }
            LogitPlan::None => return,
        };
        self.rows.par_chunks_exact_mut(classes).for_each(softmax);
        let rows = Rows::new(&self.rows, classes);
        self.products
            .resize_with(plan.probability_maps.len(), Default::default);
        for ((products, width), matrix) in self.products.iter_mut().zip(&plan.probability_maps) {
            let matrix = Rows::new(matrix, classes);
            *width = matrix.len();
            products.resize(tile.rows * matrix.len(), 0.0);
            product_nt(products, rows, matrix);
        }
    }

    /// The probabilities of the last tile, for `classes` classes.
    pub(super) fn rows(&self, classes: usize) -> Rows<'_, f32> {
        Rows::new(&self.rows, classes)
    }

    /// The products of row `row` with matrix `matrix` of the plan.
    pub(super) fn products(&self, row: usize, matrix: usize) -> &[f32] {
        let (products, width) = &self.products[matrix];
        &products[row * width..(row + 1) * width]
    }
}

/// The place of `matrix` among the plan's, each of which is multiplied once.
pub(super) fn slot(matrices: &mut Vec<Arc<[f32]>>, matrix: Arc<[f32]>) -> usize {
    let found = matrices
        .iter()
        .position(|other| Arc::ptr_eq(other, &matrix));
    found.unwrap_or_else(|| {
        matrices.push(matrix);
        matrices.len() - 1
    })
}
