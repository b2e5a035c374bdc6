//! What distances from the nearest of several Gaussians with one covariance have in common.

use std::sync::Arc;

use crate::OodError;
use crate::detector::{AffineMap, Detector, Inputs};
use crate::lower::{Folding, Graph, Lowering, Pairing};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};
use crate::view::View;

/// Outlier score `||A x + a||^2 + min_k (s_k - (B x + b)_k)`.
#[derive(Debug)]
pub(super) struct NearestClass {
    /// `A, a`.
    pub(super) common: Arc<AffineMap>,
    /// `B, b`, one output a class.
    pub(super) classes: Arc<AffineMap>,
    /// `s`.
    pub(super) squares: Vec<f64>,
    /// What the score is called.
    pub(super) part: &'static [&'static str; 1],
}

impl NearestClass {
    /// The detector that was saved.
    pub(super) fn load(
        view: View,
        part: &'static [&'static str; 1],
        tensors: &TensorReader<'_>,
    ) -> Result<Self, OodError> {
        let common = AffineMap::load("common", view, tensors)?;
        let classes = AffineMap::load("classes", view, tensors)?;
        let squares = tensors.vector::<f64>("squares", classes.outputs())?;
        if squares.iter().any(|square| !square.is_finite()) {
            return Err(tensors.wrong("squares", "is not finite"));
        }
        Ok(Self {
            common,
            classes,
            squares,
            part,
        })
    }
}

impl Detector for NearestClass {
    fn inputs(&self) -> Inputs {
        Inputs {
            maps: vec![Arc::clone(&self.common), Arc::clone(&self.classes)],
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        self.part.to_vec()
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let terms = row.map(1).iter().zip(&self.squares);
        let nearest = terms
            .map(|(&term, square)| square - f64::from(term))
            .fold(f64::INFINITY, f64::min);
        parts[0] = qualm_linalg::squared_norm(row.map(0)) + nearest;
    }

    fn score(&self, parts: &[f64]) -> f64 {
        parts[0]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.common.save("common", tensors);
        self.classes.save("classes", tensors);
        tensors.vector("squares", &self.squares);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let common = graph.map(&self.common);
        let common = graph.squared_norm(common);
        let terms = graph.map(&self.classes);
        let squares = graph.row(self.squares.iter().copied());
        let distances = graph.pair(squares, Pairing::Sub, terms);
        let nearest = graph.fold(Folding::Min, distances);
        Ok(graph.pair(common, Pairing::Add, nearest))
    }
}
