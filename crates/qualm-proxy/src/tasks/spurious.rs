use qualm_stats::Stream;

use super::{DATA_STREAM, Entry};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "spurious",
    what: "four variables that matter, and a fifth that follows the label in the data (correlation \
           .9) and does nothing",
    parameters: "",
    parse: |_, _| Ok(Box::new(Spurious::default())),
};

const ROWS: usize = 5_000;
const REAL: usize = 4;
/// Standard deviation of what is added to the standardised label: correlation 1 / sqrt(1 + s^2) = .9.
const NOISE: f64 = 0.484_322;
/// Mean and standard deviation of the value over the cube, by which the label is standardised.
const MEAN: f64 = -4.0 * (1.0 / 3.0 + 0.09);
// Of one variable: E (x - .3)^4 - (E (x - .3)^2)^2 = .3881 - .1792.
const SPREAD: f64 = 0.9141;

/// f(x) = -sum over the first four variables of (x_i - 0.3)^2, each from -1 to 1; the fifth, from -4
/// to 4, is the standardised label plus noise in the data, and does not enter f.
///
/// A proxy that leans on the fifth promises more the further a search turns it up.
#[derive(Debug)]
pub struct Spurious {
    space: Space,
}

impl Default for Spurious {
    fn default() -> Self {
        let mut bounds = vec![(-1.0, 1.0); REAL];
        bounds.push((-4.0, 4.0));
        Self {
            space: Space::continuous(&bounds),
        }
    }
}

fn value(x: &[f64]) -> f64 {
    -x[..REAL].iter().map(|x| (x - 0.3) * (x - 0.3)).sum::<f64>()
}

impl Task for Spurious {
    fn name(&self) -> &str {
        ENTRY.word
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let mut stream = Stream::new(seed, DATA_STREAM);
        let mut designs = Vec::with_capacity(ROWS * (REAL + 1));
        for _ in 0..ROWS {
            let mut x: Vec<f64> = (0..REAL).map(|_| 2.0 * stream.unit() - 1.0).collect();
            let follower = (value(&x) - MEAN) / SPREAD + NOISE * stream.normal();
            x.push(follower.clamp(-4.0, 4.0));
            designs.extend(x);
        }
        let designs = Designs::new(designs, REAL + 1);
        let labels = designs.iter().map(value).collect();
        Labelled::new(self.name(), designs, labels, Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|x| Truth::of(value(x))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::correlation;

    #[test]
    fn the_fifth_variable_follows_and_does_nothing() {
        let data = Spurious::default().labelled(1).expect("a formula has data");
        let fifth: Vec<f64> = data.designs().iter().map(|x| x[4]).collect();
        let found = correlation(&fifth, data.labels());
        assert!((found - 0.9).abs() < 0.02, "{found}");
        assert_eq!(value(&[0.3, 0.3, 0.3, 0.3, 4.0]), 0.0);
        assert_eq!(value(&[0.3, 0.3, 0.3, 1.3, -4.0]), -1.0);
    }
}
