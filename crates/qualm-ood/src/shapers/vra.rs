//! VRA: activations clipped from both sides.

use super::clip::Clip;
use super::percentile;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::fit::FitContext;
use crate::method::Needs;
use crate::shaping::{Change, Shaper};
use crate::tensors::TensorReader;

pub(crate) const ENTRY: Entry = Entry {
    word: "vra",
    formula: "score of W clip(x, low, high) + b, percentiles of all activations",
    paper: "Xu et al., NeurIPS 2023",
    inputs: "features and a head",
    parameters: "low=10, high=90",
    parse: Parse::Shaper(|arguments| {
        let low = percentile(arguments, "low", 10.0)?;
        let high = percentile(arguments, "high", 90.0)?;
        if low > high {
            return Err(arguments.wrong("low", &low.to_string(), "a percentile below `high`"));
        }
        Ok(Box::new(Vra { low, high }))
    }),
};

/// Shaper `x -> min(max(x, a), b)` with `a` and `b` the `low`-th and `high`-th percentile of the
/// activations of all fitting rows and columns, as OpenOOD has it. The paper (Xu et al. 2023,
/// "VRA: variational rectified activation", section 3) sets what is below `a` to zero; after a ReLU
/// and with `low` in the zeros both are ReAct. pytorch-ood 0.4.0 takes percentiles 1 and 99 of each
/// column, which is another method.
#[derive(Debug, Clone, Copy)]
struct Vra {
    low: f64,
    high: f64,
}

impl Shaper for Vra {
    fn needs(&self) -> Needs {
        Needs {
            activations: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError> {
        let activations = context.activations()?;
        let bound = |percentile: f64| {
            let bound = activations.quantile(percentile / 100.0);
            bound.ok_or_else(|| context.error("there is no row to fit on"))
        };
        Ok(Change::Features(Box::new(Clip {
            low: vec![bound(self.low)? as f32],
            high: vec![bound(self.high)? as f32],
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
        // Activations 0..=100: (95, 3) becomes (90, 10).
        let train: Vec<f32> = (0..=100).chain([45]).map(|x| x as f32).collect();
        let head = Head::new(vec![1.0, 1.0], vec![0.0], 2).unwrap();
        let scores = fit_scores("vra+maxlogit", &train, 2, Some(head), &[95.0, 3.0]);
        assert!((scores[0] + 99.8).abs() < 0.5, "{scores:?}");
    }
}
