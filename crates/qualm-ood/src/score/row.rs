use std::ops::Range;

use qualm_linalg::{Neighbour, exp, sum_of};

use super::perturbed::PerturbedRow;
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
    pub(super) norms: &'a [f64],
    pub(super) perturbed: PerturbedRow<'a>,
    pub(super) neighbours: &'a [Neighbour],
    pub(super) probability_products: &'a [f32],
    pub(super) relation: f64,
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
    /// That less the largest logit, to the digits of `f32` however small it is.
    pub(crate) excess: f64,
}

impl LogitRow<'_> {
    /// `sum_c exp(l_c - max l)` over all classes but the predicted one: what the predicted class
    /// lacks to be certain, to the digits of `f32` however small it is.
    pub(crate) fn rest(&self) -> f64 {
        self.excess.exp_m1()
    }

    /// The logits of the classes that are not predicted.
    pub(crate) fn others(&self) -> [&[f32]; 2] {
        let (before, after) = self.values.split_at(self.predicted);
        [before, after.get(1..).unwrap_or_default()]
    }

    /// `sum_c exp((l_c - max l) / temperature)`.
    pub(crate) fn partition(&self, temperature: f64) -> f64 {
        let (max, inverse) = (f64::from(self.max), temperature.recip());
        sum_of(self.values, |l: f64| exp((l - max) * inverse))
    }
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

    /// The products of the probabilities with the rows of the detector's matrix.
    pub(crate) fn probability_products(&self) -> &'a [f32] {
        self.probability_products
    }

    /// The sum that the detector asked for over all rows of a bank.
    pub(crate) fn relation(&self) -> f64 {
        self.relation
    }

    /// The squared norms that the detector asked for, one a map.
    pub(crate) fn squared_norms(&self) -> &'a [f64] {
        self.norms
    }

    /// What the perturbed heads that the detector asked for make of the row.
    pub(crate) fn perturbed(&self) -> PerturbedRow<'a> {
        self.perturbed
    }

    /// The neighbours that the detector asked for, nearest first.
    pub(crate) fn neighbours(&self) -> &'a [Neighbour] {
        self.neighbours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_certainty_is_known_however_little() {
        let row = LogitRow::new(&[-30.0, 0.0, -30.0]);
        let rest = row.rest();
        assert!((rest / (2.0 * (-30f64).exp()) - 1.0).abs() < 1e-6, "{rest}");
        assert_eq!(LogitRow::new(&[7.0]).rest(), 0.0);
        // With temperature 2: 1 / (1 + 2 exp(-1)).
        let partition = LogitRow::new(&[0.0, 2.0, 0.0]).partition(2.0);
        assert!((partition - (1.0 + 2.0 * (-1f64).exp())).abs() < 1e-14);
    }
}
