//! The mean of the fitting rows, and distances from it.

use qualm_linalg::distance;

use crate::OodError;
use crate::fit::FitContext;
use crate::lower::{Graph, Pairing, Value};
use crate::statistics::{SumBy, SumOf, SumSet};
use crate::tensors::{TensorReader, TensorWriter, all_finite};

/// The sums that [`Centre::of`] needs.
pub(super) const CENTRE: SumSet = SumSet::only(SumOf::Raw, SumBy::All);

/// Rows are no nearer to the centre than this, so that quotients stay finite.
const NEAREST: f64 = 1e-8;

/// Mean of the features over all fitting rows.
#[derive(Debug)]
pub(super) struct Centre(pub(super) Vec<f32>);

impl Centre {
    /// The mean of the fitting rows.
    ///
    /// # Errors
    /// When there is no fitting row.
    pub(super) fn of(context: &FitContext<'_>) -> Result<Self, OodError> {
        Ok(Self(context.mean()?.iter().map(|&m| m as f32).collect()))
    }

    /// Euclidean distance of a row, at least 1e-8.
    pub(super) fn distance(&self, row: &[f32]) -> f64 {
        distance(row, &self.0).max(NEAREST)
    }

    /// The distance in operations of a graph.
    pub(super) fn lower(&self, graph: &mut Graph) -> Value {
        let features = graph.features();
        let centre = graph.row(self.0.iter().map(|&x| f64::from(x)));
        let difference = graph.pair(features, Pairing::Sub, centre);
        let distance = graph.norm(difference);
        let least = graph.number(NEAREST);
        graph.pair(distance, Pairing::Max, least)
    }

    pub(super) fn save(&self, tensors: &mut TensorWriter) {
        tensors.vector("centre", &self.0);
    }

    pub(super) fn load(tensors: &TensorReader<'_>) -> Result<Self, OodError> {
        Ok(Self(load_finite("centre", tensors.dim(), tensors)?))
    }
}

/// An array of `len` finite numbers.
pub(super) fn load_finite(
    name: &str,
    len: usize,
    tensors: &TensorReader<'_>,
) -> Result<Vec<f32>, OodError> {
    let values = tensors.vector::<f32>(name, len)?;
    if !all_finite(&values) {
        return Err(tensors.wrong(name, "is not finite"));
    }
    Ok(values)
}
