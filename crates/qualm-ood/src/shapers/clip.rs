use crate::OodError;
use crate::lower::{Graph, Lowering, Pairing};
use crate::shaping::{Change, ShapeRow};
use crate::tensors::{TensorReader, TensorWriter};

/// Activations outside of two bounds are set to the bound: one pair for all columns, or one each.
#[derive(Debug)]
pub(super) struct Clip {
    /// One number, or D.
    pub(super) low: Vec<f32>,
    /// As many.
    pub(super) high: Vec<f32>,
}

impl Clip {
    pub(super) fn load(tensors: &TensorReader<'_>) -> Result<Change, OodError> {
        let low = tensors.any_vector::<f32>("clip_low")?;
        let high = tensors.vector::<f32>("clip_high", low.len())?;
        let ordered = low.iter().zip(&high).all(|(low, high)| low <= high);
        if !ordered || (low.len() != 1 && low.len() != tensors.dim()) {
            return Err(tensors.wrong("clip_low", "holds no bounds of these features"));
        }
        Ok(Change::Features(Box::new(Self { low, high })))
    }
}

impl ShapeRow for Clip {
    fn shape(&self, row: &mut [f32], _: &mut Vec<f32>) {
        match (&self.low[..], &self.high[..]) {
            (&[low], &[high]) => row.iter_mut().for_each(|x| *x = x.clamp(low, high)),
            (low, high) => {
                let bounds = low.iter().zip(high);
                for (x, (&low, &high)) in row.iter_mut().zip(bounds) {
                    *x = x.clamp(low, high);
                }
            }
        }
    }

    fn save(&self, tensors: &mut TensorWriter) {
        tensors.vector("clip_low", &self.low);
        tensors.vector("clip_high", &self.high);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let mut shaped = graph.features();
        for (bounds, pairing) in [(&self.low, Pairing::Max), (&self.high, Pairing::Min)] {
            if bounds.iter().any(|bound| bound.is_finite()) {
                let bounds = graph.row(bounds.iter().map(|&bound| bound.into()));
                shaped = graph.pair(shaped, pairing, bounds);
            }
        }
        Ok(shaped)
    }
}
