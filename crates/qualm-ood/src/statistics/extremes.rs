use rayon::prelude::*;

use super::Merge;
use crate::perturbation::Perturbation;

/// Numbers that one task looks at.
const TASK: usize = 1 << 16;

/// The smallest and the largest of many numbers; merges exactly, in any order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extremes {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

/// Of which numbers of the fitting rows extremes are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ExtremesOf {
    /// All features.
    Features,
    /// All logits of all perturbed heads.
    Perturbed(Perturbation),
}

impl Default for Extremes {
    /// Those of no number.
    fn default() -> Self {
        Self {
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
        }
    }
}

impl Extremes {
    /// Takes in one number; NaN is passed over.
    pub(crate) fn add(&mut self, x: f32) {
        // A negative zero would tell the order in which numbers came.
        let x = x + 0.0;
        if x < self.low {
            self.low = x;
        }
        if x > self.high {
            self.high = x;
        }
    }

    /// Those of many numbers.
    pub(crate) fn of(numbers: &[f32]) -> Self {
        let of_task = |numbers: &[f32]| {
            let mut extremes = Self::default();
            numbers.iter().for_each(|&x| extremes.add(x));
            extremes
        };
        let tasks = numbers.par_chunks(TASK).map(of_task);
        tasks.reduce(Self::default, |mut all, task| {
            all.merge(task);
            all
        })
    }
}

impl Merge for Extremes {
    fn merge(&mut self, later: Self) {
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let mut extremes = Extremes::of(&[2.0, -1.0, 0.5]);
        extremes.merge(Extremes::default());
        extremes.merge(Extremes::of(&[3.0]));
        let want = Extremes {
            low: -1.0,
            high: 3.0,
        };
        assert_eq!(extremes, want);
        assert_eq!(Extremes::of(&[f32::NAN]), Extremes::default());
        assert_eq!(Extremes::of(&[-0.0]).low.to_bits(), 0);
    }
}
