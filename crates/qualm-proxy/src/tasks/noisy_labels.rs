use qualm_stats::Stream;

use super::Entry;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "noisy-labels",
    what: "hills of 6 variables whose labels carry normal noise; the truth does not",
    parameters: "noise=0.5",
    parse: |words, _| NoisyLabels::take(words).map(|task| Box::new(task) as _),
};

const ROWS: usize = 5_000;
const DIM: usize = 6;
const NOISE: f64 = 0.5;
/// The stream of a seed that draws the noise.
const NOISE_STREAM: u64 = 3;

/// f(x) = sum of sin(2 x_i) - x_i^2 / 4 for x in \[-3, 3\]^6; labels are f plus noise.
///
/// Normalised scores are of the noisy labels, whose best the truth does not reach.
#[derive(Debug)]
pub struct NoisyLabels {
    name: String,
    space: Space,
    noise: f64,
}

impl NoisyLabels {
    fn take(words: &mut Words<'_>) -> Result<Self, ProxyError> {
        let noise = words.positive("noise", NOISE)?;
        let name = recipe(ENTRY.word, &changed(&[("noise", noise, NOISE)]));
        Ok(Self {
            name,
            space: Space::continuous(&[(-3.0, 3.0); DIM]),
            noise,
        })
    }
}

fn value(x: &[f64]) -> f64 {
    x.iter().map(|x| (2.0 * x).sin() - x * x / 4.0).sum()
}

impl Task for NoisyLabels {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let clean = super::drawn(&self.name, &self.space, ROWS, seed, value)?;
        let mut noise = Stream::new(seed, NOISE_STREAM);
        let labels = clean
            .labels()
            .iter()
            .map(|label| label + self.noise * noise.normal())
            .collect();
        Labelled::new(&self.name, clean.designs().clone(), labels, Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|x| Truth::of(value(x))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_noisy_and_the_truth_is_not() {
        let task = &super::super::parse_list("noisy-labels(noise=2)", None).expect("a recipe")[0];
        let data = task.labelled(1).expect("a formula has data");
        let truth = task
            .evaluate(data.designs())
            .expect("a formula does not fail");
        let errors = data
            .labels()
            .iter()
            .zip(truth)
            .map(|(label, truth)| match truth {
                Truth::Value(value) => (label - value).powi(2),
                Truth::Infeasible => f64::NAN,
            });
        let spread = (errors.sum::<f64>() / ROWS as f64).sqrt();
        assert!((spread - 2.0).abs() < 0.06, "{spread}");
    }
}
