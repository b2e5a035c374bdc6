use std::fmt::Debug;
use std::sync::Arc;

use crate::score::Row;
use crate::statistics::Bank;
use crate::tensors::TensorWriter;
use crate::view::View;

/// A fitted scorer. Outlier score: higher = less like the training data.
///
/// Scoring has two steps, so that what is dear is planned for all detectors at once and what
/// follows from few numbers can be recomputed from them: [`measure`](Detector::measure) reduces a
/// row to a few parts, [`score`](Detector::score) turns parts into the score. Shards exchange
/// parts, explanations show them.
pub trait Detector: Debug + Send + Sync {
    /// What scoring a row needs; equal inputs of several detectors are computed once.
    fn inputs(&self) -> Inputs;

    /// Names of the numbers that [`measure`](Detector::measure) gives.
    fn parts(&self) -> &'static [&'static str];

    /// Reduces a row to its parts; `parts` has as many places as [`parts`](Detector::parts) names.
    fn measure(&self, row: &Row<'_>, parts: &mut [f64]);

    /// The outlier score.
    fn score(&self, parts: &[f64]) -> f64;

    /// Terms that add up to the score, with their names.
    fn terms(&self, parts: &[f64]) -> Vec<(&'static str, f64)> {
        vec![("score", self.score(parts))]
    }

    /// Completes the detector with the mean of each part over the fitting rows; called once, and
    /// only where [`Needs::part_means`](crate::Needs::part_means) is set.
    ///
    /// # Errors
    /// One clause that says why these rows cannot give a detector, and the way out.
    fn set_part_means(&mut self, _means: &[f64]) -> Result<(), String> {
        Ok(())
    }

    /// Writes what [`Method::load`](crate::Method::load) needs.
    fn save(&self, tensors: &mut TensorWriter);
}

/// What scoring a row needs of it.
#[derive(Debug, Default, Clone)]
pub struct Inputs {
    /// Logits with their maximum and log-sum-exp.
    pub logits: bool,
    /// Linear maps of the features, in the order in which [`Row::map`] numbers them.
    pub maps: Vec<Arc<AffineMap>>,
    /// The nearest rows of a bank, by inner product of unit rows.
    pub neighbours: Option<NeighbourInput>,
}

/// The `k` nearest rows of a bank.
#[derive(Debug, Clone)]
pub struct NeighbourInput {
    /// The bank.
    pub bank: Arc<Bank>,
    /// How many.
    pub k: usize,
}

/// `y = A x + c` of a view of the features.
#[derive(Debug, PartialEq)]
pub struct AffineMap {
    /// What is mapped.
    pub view: View,
    /// `A`, row-major `outputs x D`.
    pub matrix: Vec<f32>,
    /// `c`, one number an output.
    pub offset: Vec<f32>,
}

impl AffineMap {
    /// The map `x -> A (x - origin)`; `matrix` is row-major `outputs x D` in `f64` and rounded
    /// once.
    pub fn about(view: View, matrix: &[f64], origin: &[f64]) -> Self {
        let offset = matrix
            .chunks_exact(origin.len())
            .map(|row| -row.iter().zip(origin).map(|(a, o)| a * o).sum::<f64>() as f32)
            .collect();
        Self {
            view,
            matrix: matrix.iter().map(|&a| a as f32).collect(),
            offset,
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.offset.len()
    }
}
