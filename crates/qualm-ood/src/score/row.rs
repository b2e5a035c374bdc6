use std::ops::Range;

use qualm_linalg::Neighbour;

use super::plan::MapSlot;
use crate::view::PerView;

/// Everything that was computed of one row, as one detector sees it.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    pub(super) mapped: PerView<&'a [f32]>,
    pub(super) slots: &'a [MapSlot],
    pub(super) unit: &'a [f32],
    pub(super) features: &'a [f32],
    pub(super) logits: Option<LogitRow<'a>>,
    pub(super) neighbours: &'a [Neighbour],
}

/// The logits of one row and what every logit score starts from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogitRow<'a> {
    /// All C logits.
    pub(crate) values: &'a [f32],
    /// The largest.
    pub(crate) max: f32,
    /// Its class, the lowest of equals: the classifier's prediction.
    pub(crate) predicted: usize,
    /// `log(sum exp)` of all, with temperature one.
    pub(crate) log_sum_exp: f64,
}

impl<'a> Row<'a> {
    /// The outputs of the detector's map `index`, numbered as in
    /// [`Inputs::maps`](crate::detector::Inputs::maps).
    pub(crate) fn map(&self, index: usize) -> &'a [f32] {
        let MapSlot {
            view,
            range: Range { start, end },
        } = self.slots[index].clone();
        &self.mapped.get(view)[start..end]
    }

    /// The logits, for detectors whose [`Inputs::logits`](crate::detector::Inputs::logits) is set.
    ///
    /// # Panics
    /// When the detector did not ask for logits.
    pub(crate) fn logits(&self) -> LogitRow<'a> {
        self.logits.expect("the detector asked for logits")
    }

    /// The features, for detectors whose [`Inputs::features`](crate::detector::Inputs::features) is
    /// set.
    pub(crate) fn features(&self) -> &'a [f32] {
        self.features
    }

    /// The features divided by their norm, for detectors that asked for neighbours.
    pub(crate) fn unit(&self) -> &'a [f32] {
        self.unit
    }

    /// The neighbours that the detector asked for, nearest first.
    pub(crate) fn neighbours(&self) -> &'a [Neighbour] {
        self.neighbours
    }
}
