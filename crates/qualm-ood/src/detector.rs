use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use qualm_linalg::NeighbourGraph;

use crate::OodError;
use crate::bins::Bins;
use crate::lower::{Graph, Lowering};
use crate::perturbation::PerturbedHeads;
use crate::score::Row;
use crate::shaping::{Change, Shaping};
use crate::statistics::{Bank, Tails};
use crate::tensors::{TensorReader, TensorWriter, all_finite};
use crate::view::View;

/// A fitted scorer. Outlier score: higher = less like the training data.
///
/// Scoring has two steps, so that what is dear is planned for all detectors at once and what
/// follows from few numbers can be recomputed from them: [`measure`](Detector::measure) reduces a
/// row to a few parts, [`score`](Detector::score) turns parts into the score. Shards exchange
/// parts, explanations show them.
pub(crate) trait Detector: Debug + Send + Sync {
    /// What scoring a row needs; equal inputs of several detectors are computed once.
    fn inputs(&self) -> Inputs;

    /// Names of the numbers that [`measure`](Detector::measure) gives.
    fn parts(&self) -> Vec<&'static str>;

    /// Reduces a row to its parts; `parts` has as many places as [`parts`](Detector::parts) names.
    fn measure(&self, row: &Row<'_>, parts: &mut [f64]);

    /// The outlier score.
    fn score(&self, parts: &[f64]) -> f64;

    /// Terms that add up to the score, with their names.
    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        vec![("score".into(), self.score(parts))]
    }

    /// The detectors that this one combines, where it does: rows are measured for them, the parts
    /// of this one are theirs one after the other, and its own [`inputs`](Detector::inputs) and
    /// [`measure`](Detector::measure) are never asked for.
    fn components(&self) -> &[Box<dyn Detector>] {
        &[]
    }

    /// The same, to complete them.
    fn components_mut(&mut self) -> &mut [Box<dyn Detector>] {
        &mut []
    }

    /// How the components see a row, where there are any.
    fn compared(&self, _parts: &[f64]) -> Vec<Compared> {
        Vec::new()
    }

    /// What a person should know about this detector, a clause.
    fn note(&self) -> Option<String> {
        None
    }

    /// Completes the detector with the mean of each part over the fitting rows; called once, and
    /// only where [`Needs::part_means`](crate::method::Needs::part_means) is set.
    ///
    /// # Errors
    /// One clause that says why these rows cannot give a detector, and the way out.
    fn set_part_means(&mut self, _means: &[f64]) -> Result<(), String> {
        Ok(())
    }

    /// Completes the detector with the largest numbers of each class; called once, and only where
    /// [`Needs::tail`](crate::method::Needs::tail) is set.
    ///
    /// # Errors
    /// As for [`set_part_means`](Detector::set_part_means).
    fn set_tails(&mut self, _tails: &Tails) -> Result<(), String> {
        Ok(())
    }

    /// Whether scores of held-back rows are still missing that this one measures its components
    /// against.
    fn lacks_ruler(&self) -> bool {
        false
    }

    /// Completes the detector with rows that it is not fitted on, as parts row after row; called
    /// where it [lacks a ruler](Detector::lacks_ruler) and all else is complete.
    ///
    /// # Errors
    /// As for [`set_part_means`](Detector::set_part_means).
    fn set_ruler(&mut self, _rows: &[f64]) -> Result<(), String> {
        Ok(())
    }

    /// Writes what [`Method::load`](crate::method::Method::load) needs.
    fn save(&self, tensors: &mut TensorWriter);

    /// The outlier score, less [`origin`](Detector::origin), in operations of a graph.
    ///
    /// # Errors
    /// Why they cannot say it: a clause that goes after "since".
    fn lower(&self, graph: &mut Graph) -> Lowering;

    /// What scores are counted from in a graph: where they crowd beside a bound, `f32` tells them
    /// apart only by their distance from it.
    fn origin(&self) -> f64 {
        0.0
    }
}

/// The detectors that are measured for `detector`: its components, or itself.
pub(crate) fn leaves(detector: &dyn Detector) -> Vec<&dyn Detector> {
    match detector.components() {
        [] => vec![detector],
        components => components.iter().map(|component| &**component).collect(),
    }
}

/// How one component of a detector sees a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compared {
    /// The component's name.
    pub(crate) name: String,
    /// Its outlier score.
    pub(crate) score: f64,
    /// The share of the ruler's rows that look at least as unlike, counting the row itself.
    pub(crate) p_value: f64,
}

/// What scoring a row needs of it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inputs {
    /// Logits with their maximum and log-sum-exp.
    pub(crate) logits: Option<LogitInput>,
    /// The features themselves.
    pub(crate) features: bool,
    /// Linear maps of the features, in the order in which [`Row::map`] numbers them.
    pub(crate) maps: Vec<Arc<AffineMap>>,
    /// A row-major `K x C` matrix, with whose rows the classifier's probabilities are multiplied;
    /// only where logits are asked for.
    pub(crate) probability_map: Option<Arc<[f32]>>,
    /// The relation to the rows of a bank; only where logits are asked for.
    pub(crate) relation: Option<RelationInput>,
    /// Squared norms of linear maps of the features.
    pub(crate) norms: Option<NormInput>,
    /// Bins of the logits of perturbed heads.
    pub(crate) perturbed: Option<PerturbedInput>,
    /// The nearest rows of a bank, by inner product of unit rows.
    pub(crate) neighbours: Option<NeighbourInput>,
}

impl Inputs {
    /// Whether the classifier's own logits are needed: where a shaper changes features or weights,
    /// they are not.
    pub(crate) fn classifiers_logits(&self) -> bool {
        match &self.logits {
            None => false,
            Some(LogitInput::Plain) => true,
            Some(LogitInput::Shaped(shaping)) => matches!(shaping.change, Change::Logits(_)),
        }
    }
}

/// Which logits a detector looks at.
#[derive(Debug, Clone)]
pub(crate) enum LogitInput {
    /// Those of the classifier.
    Plain,
    /// Those of the classifier after features, weights or logits were reshaped.
    Shaped(Arc<Shaping>),
}

/// Several linear maps with `size` outputs each, stacked; of each only the squared norm of its
/// outputs is looked at, so that the outputs themselves need not be kept for all maps at once.
#[derive(Debug, Clone)]
pub(crate) struct NormInput {
    /// The maps, one below the other.
    pub(crate) map: Arc<AffineMap>,
    /// Outputs of each.
    pub(crate) size: usize,
}

/// How the logits of perturbed heads lie in bins, and how certain their softmax is; equal ones are
/// computed once.
#[derive(Debug, Clone)]
pub(crate) struct PerturbedInput {
    /// The heads.
    pub(crate) heads: Arc<PerturbedHeads>,
    /// The bins.
    pub(crate) bins: Bins,
}

/// The sum of `(<u, u_i> <p, p_i>)^power` over the rows of a bank where the product is above `cut`,
/// for unit features `u` and probabilities `p`.
#[derive(Debug, Clone)]
pub(crate) struct RelationInput {
    /// The bank.
    pub(crate) bank: Arc<Bank>,
    /// Probabilities of its rows, row-major.
    pub(crate) probabilities: Arc<[f32]>,
    /// Above zero.
    pub(crate) power: f64,
    /// At least zero.
    pub(crate) cut: f32,
}

/// The `k` nearest rows of a bank.
#[derive(Debug, Clone)]
pub(crate) struct NeighbourInput {
    /// The bank.
    pub(crate) bank: Arc<Bank>,
    /// How many.
    pub(crate) k: usize,
    /// What inner products are multiplied with, a number for each row of the bank; one where
    /// nothing is said.
    pub(crate) weights: Option<Arc<[f32]>>,
    /// The graph that is searched instead of all rows; only without weights.
    pub(crate) graph: Option<GraphInput>,
}

/// How a graph over the rows of a bank is searched.
#[derive(Debug, Clone)]
pub(crate) struct GraphInput {
    /// The graph.
    pub(crate) graph: Arc<NeighbourGraph>,
    /// Rows kept on the way.
    pub(crate) breadth: usize,
}

/// `y = A x + c` of a view of the features.
#[derive(Debug, PartialEq)]
pub(crate) struct AffineMap {
    /// What is mapped.
    pub(crate) view: View,
    /// `A`, row-major `outputs x D`.
    pub(crate) matrix: Vec<f32>,
    /// `c`, one number an output.
    pub(crate) offset: Vec<f32>,
}

impl AffineMap {
    /// The map `x -> A (x - origin)`; `matrix` is row-major `outputs x D` in `f64` and rounded
    /// once.
    pub(crate) fn about(view: View, matrix: &[f64], origin: &[f64]) -> Self {
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

    /// Writes the map under `name`.
    pub(crate) fn save(&self, name: &str, tensors: &mut TensorWriter) {
        let width = self.matrix.len() / self.outputs().max(1);
        tensors.weights(&format!("{name}_matrix"), &self.matrix, width);
        tensors.vector(&format!("{name}_offset"), &self.offset);
    }

    /// The map that was written under `name`; maps of several detectors that are equal are one.
    ///
    /// # Errors
    /// When it is missing, empty, not finite or does not map features of this width.
    pub(crate) fn load(
        name: &str,
        view: View,
        tensors: &TensorReader<'_>,
    ) -> Result<Arc<Self>, OodError> {
        let dim = tensors.dim();
        let matrix = tensors.weights(&format!("{name}_matrix"), dim)?;
        let offset = tensors.vector::<f32>(&format!("{name}_offset"), matrix.len() / dim)?;
        if offset.is_empty() || !all_finite(&matrix) || !all_finite(&offset) {
            return Err(tensors.wrong(&format!("{name}_matrix"), "is empty or not finite"));
        }
        Ok(tensors.shared(Self {
            view,
            matrix,
            offset,
        }))
    }

    /// Number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        self.offset.len()
    }
}
