use std::fmt::Debug;

use qualm_linalg::Rows;

use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::Proxy;

/// Designs that a search proposes, and that its truth is measured over (Trabucco et al., ICML
/// 2022).
pub const PROPOSALS: usize = 128;

/// How designs are searched for that a proxy likes.
///
/// It is handed the visible data and the proxy. There is no way from these to the truth.
pub trait Optimiser: Debug + Send + Sync {
    /// The recipe as text, in its shortest form that means the same: `sgd(steps=200)`.
    fn text(&self) -> String;

    /// Whether it climbs gradients.
    fn needs_gradient(&self) -> bool {
        false
    }

    /// Searches. The same data, proxy and seed give the same bytes.
    ///
    /// # Errors
    /// When the proxy lacks what this needs: a gradient.
    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError>;
}

/// The way of a search: what stood at each of its steps, the first and the last included.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    width: usize,
    steps: Vec<Step>,
}

/// Where a search stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Steps taken before this.
    pub number: usize,
    /// Coordinates in standard units, row by row.
    pub x: Vec<f64>,
    /// What the proxy says of each row, in standard units.
    pub values: Vec<f64>,
}

impl Trajectory {
    /// An empty way through rows of `width` coordinates.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            steps: Vec::new(),
        }
    }

    /// Adds a step.
    ///
    /// # Panics
    /// When there is not one value a row.
    pub fn push(&mut self, number: usize, x: &[f64], values: &[f64]) {
        assert_eq!(x.len(), values.len() * self.width, "each row has a value");
        self.steps.push(Step {
            number,
            x: x.to_vec(),
            values: values.to_vec(),
        });
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The first step with a coordinate or a value that is no number, or so large that its square
    /// may be none: nothing can be judged there.
    ///
    /// ```
    /// # use qualm_proxy::Trajectory;
    /// let mut way = Trajectory::new(1);
    /// way.push(0, &[1.0], &[2.0]);
    /// assert_eq!(way.beyond(), None);
    /// way.push(7, &[1e200], &[2.0]);
    /// assert_eq!(way.beyond(), Some(7));
    /// ```
    pub fn beyond(&self) -> Option<usize> {
        let within = |number: &f64| number.abs() < 1e100;
        let mut steps = self.steps.iter();
        let first = steps.find(|step| !step.x.iter().chain(&step.values).all(within));
        first.map(|step| step.number)
    }

    /// With so many steps at most, evenly spread, the first and the last among them.
    pub fn thinned(mut self, most: usize) -> Self {
        let last = self.steps.len().saturating_sub(1);
        if last >= most {
            let keep: Vec<usize> = (0..most).map(|at| at * last / (most - 1).max(1)).collect();
            let mut at = 0;
            self.steps.retain(|_| {
                at += 1;
                keep.contains(&(at - 1))
            });
        }
        self
    }

    /// The rows of a step.
    pub fn rows<'a>(&self, step: &'a Step) -> Rows<'a, f64> {
        Rows::new(&step.x, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let mut way = Trajectory::new(1);
        (0..=200).for_each(|number| way.push(number, &[0.0], &[0.0]));
        let numbers: Vec<usize> = way
            .thinned(5)
            .steps()
            .iter()
            .map(|step| step.number)
            .collect();
        assert_eq!(numbers, [0, 50, 100, 150, 200]);
    }
}
