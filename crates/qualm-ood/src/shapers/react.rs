//! ReAct: activations clipped from above.

use super::clip::Clip;
use super::percentile;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::fit::FitContext;
use crate::method::Needs;
use crate::shaping::{Change, Shaper};
use crate::tensors::TensorReader;

pub(crate) const ENTRY: Entry = Entry {
    word: "react",
    formula: "score of W min(x, c) + b, c the p-th percentile of all activations",
    paper: "Sun et al., NeurIPS 2021",
    inputs: "features and a head",
    parameters: "p=90",
    parse: Parse::Shaper(|arguments| {
        let p = percentile(arguments, "p", 90.0)?;
        Ok(Box::new(React { p }))
    }),
};

/// Shaper `x -> min(x, c)` with `c` the `p`-th percentile of the activations of all fitting rows
/// and columns (Sun et al. 2021, equation 4; 90 in the paper). ViM's authors take 99, OpenOOD takes
/// the percentile over validation rows. Bounded below by nothing, so that signed features stay
/// what they are.
#[derive(Debug, Clone, Copy)]
struct React {
    p: f64,
}

impl Shaper for React {
    fn needs(&self) -> Needs {
        Needs {
            activations: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError> {
        let bound = context.activations()?.quantile(self.p / 100.0);
        let bound = bound.ok_or_else(|| context.error("there is no row to fit on"))?;
        Ok(Change::Features(Box::new(Clip {
            low: vec![f32::NEG_INFINITY],
            high: vec![bound as f32],
        })))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Change, OodError> {
        Clip::load(tensors)
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Activations 0..=100: the 90th percentile is 90. Logit x0 + x1 of (95, 10) becomes 90 + 10.
        let train: Vec<f32> = (0..=100).chain([45]).map(|x| x as f32).collect();
        let head = || Some(Head::new(vec![1.0, 1.0], vec![0.0], 2).unwrap());
        let scores = fit_scores("react(p=90)+maxlogit", &train, 2, head(), &[95.0, 10.0]);
        assert!((scores[0] + 100.0).abs() < 0.1, "{scores:?}");
        // With one class the energy is the logit; alone a shaper stands before it.
        assert_eq!(
            fit_scores("react", &train, 2, head(), &[95.0, 10.0]),
            scores
        );
    }
}
