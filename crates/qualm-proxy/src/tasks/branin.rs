use std::f64::consts::PI;

use super::Entry;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

/// Designs drawn for the data.
const ROWS: usize = 5_000;

pub(super) const ENTRY: Entry = Entry {
    word: "branin",
    what: "Branin's function of two variables, the worse half of 5,000 draws visible",
    parameters: "",
    parse: |_, _| Ok(Box::new(Branin::default())),
};

/// Branin's function, negated so that its three minima are maxima of -0.397887.
///
/// f(x, y) = -((y - 5.1/(4 pi^2) x^2 + 5/pi x - 6)^2 + 10 (1 - 1/(8 pi)) cos x + 10) for x in
/// [-5, 10] and y in [0, 15] (Branin 1972).
#[derive(Debug)]
pub struct Branin {
    space: Space,
}

impl Default for Branin {
    fn default() -> Self {
        Self {
            space: Space::continuous(&[(-5.0, 10.0), (0.0, 15.0)]),
        }
    }
}

impl Task for Branin {
    fn name(&self) -> &str {
        "branin"
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        super::drawn(self.name(), &self.space, ROWS, seed, value)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|x| Truth::of(value(x))).collect())
    }
}

fn value(x: &[f64]) -> f64 {
    let bowl = x[1] - 5.1 / (4.0 * PI * PI) * x[0] * x[0] + 5.0 / PI * x[0] - 6.0;
    -(bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x[0].cos() + 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_maxima_are_known() {
        for x in [[-PI, 12.275], [PI, 2.275], [9.424_777_96, 2.475]] {
            assert!((value(&x) + 0.397_887).abs() < 1e-6, "{x:?}");
        }
    }
}
