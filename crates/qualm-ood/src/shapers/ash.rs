//! ASH: the small activations of a row removed, the rest adjusted.

use super::{kept, percentile};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing, Value};
use crate::method::Needs;
use crate::recipe::Arguments;
use crate::shaping::{Change, ShapeRow, Shaper, largest_of};
use crate::tensors::{TensorReader, TensorWriter};

const PAPER: &str = "Djurisic et al., ICLR 2023";
const INPUTS: &str = "features after a ReLU, and a head; nothing is fitted";

pub(crate) const PRUNE: Entry = Entry {
    word: "ash-p",
    formula: "score of W x' + b, x' the largest (100-p) % of x, 0 elsewhere",
    paper: PAPER,
    inputs: INPUTS,
    parameters: "p=90",
    parse: Parse::Shaper(|arguments| ash(arguments, Form::Prune)),
};

pub(crate) const BINARISE: Entry = Entry {
    word: "ash-b",
    formula: "score of W x' + b, x' = sum(x) / k at the k largest of x, 0 elsewhere",
    paper: PAPER,
    inputs: INPUTS,
    parameters: "p=90",
    parse: Parse::Shaper(|arguments| ash(arguments, Form::Binarise)),
};

pub(crate) const SCALE: Entry = Entry {
    word: "ash-s",
    formula: "score of W x' + b, x' = x exp(sum(x) / sum(kept)) where kept, 0 elsewhere",
    paper: PAPER,
    inputs: INPUTS,
    parameters: "p=90",
    parse: Parse::Shaper(|arguments| ash(arguments, Form::Scale)),
};

fn ash(arguments: &mut Arguments<'_>, form: Form) -> Result<Box<dyn Shaper>, OodError> {
    let p = percentile(arguments, "p", 90.0)?;
    Ok(Box::new(Ash { p, form }))
}

/// Shaper that keeps the `k = D - round(D p / 100)` largest activations of a row (Djurisic et al.
/// 2023, section 3): as they are (P), as `s1 / k` (B) or times `exp(s1 / s2)` (S), with `s1` the sum
/// of the row and `s2` that of what is kept. The paper's percentiles are 60 to 90 by network;
/// OpenOOD runs B at 90, pytorch-ood 0.4.0 S at 65 on feature maps. Where features may be
/// negative, `s2` may be next to zero and `exp` explodes: the paper assumes a ReLU.
#[derive(Debug, Clone, Copy)]
struct Ash {
    p: f64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Prune,
    Binarise,
    Scale,
}

impl Shaper for Ash {
    fn needs(&self) -> Needs {
        Needs {
            activations: true,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Change, OodError> {
        context.expect_rectified("sums of activations may vanish and scores explode")?;
        Ok(Change::Features(Box::new(*self)))
    }

    fn load(&self, _: &TensorReader<'_>) -> Result<Change, OodError> {
        Ok(Change::Features(Box::new(*self)))
    }
}

impl ShapeRow for Ash {
    fn shape(&self, row: &mut [f32], scratch: &mut Vec<f32>) {
        let count = kept(row.len(), self.p);
        let (smallest, mut equals) = largest_of(row, count, scratch);
        let mut is_kept = |x: f32| {
            let equal = x == smallest && equals > 0;
            equals -= usize::from(equal);
            equal || x > smallest
        };
        let all: f64 = row.iter().map(|&x| f64::from(x)).sum();
        let mut sum = 0.0;
        for x in row.iter_mut() {
            *x = match (is_kept(*x), self.form) {
                (false, _) => 0.0,
                (true, Form::Binarise) => (all / count as f64) as f32,
                (true, _) => *x,
            };
            sum += f64::from(*x);
        }
        if self.form == Form::Scale {
            let factor = bounded_exp(all / sum);
            row.iter_mut().for_each(|x| *x *= factor);
        }
    }

    fn save(&self, _: &mut TensorWriter) {}

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let features = graph.features();
        let count = kept(graph.width(features), self.p);
        let among = graph.among_largest(features, count);
        let pruned = graph.pair(features, Pairing::Mul, among);
        if self.form == Form::Prune {
            return Ok(pruned);
        }
        let all = graph.fold(Folding::Sum, features);
        if self.form == Form::Binarise {
            let mean = graph.times(all, (count as f64).recip());
            return Ok(graph.pair(among, Pairing::Mul, mean));
        }
        let sum = graph.fold(Folding::Sum, pruned);
        let ratio = graph.ratio(all, sum);
        let factor = lower_bounded_exp(graph, ratio);
        Ok(graph.pair(pruned, Pairing::Mul, factor))
    }
}

/// Beyond this the exponential of a ratio is no factor that `f32` logits survive.
const LARGEST_EXPONENT: f64 = 50.0;

/// `exp(ratio)`, held in a range in which logits stay finite; a row of zeros has no ratio and is
/// left as it is.
pub(super) fn bounded_exp(ratio: f64) -> f32 {
    if ratio.is_nan() {
        return 1.0;
    }
    ratio.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT).exp() as f32
}

/// The same in operations of a graph, for a ratio that is zero where it is none.
pub(super) fn lower_bounded_exp(graph: &mut Graph, ratio: Value) -> Value {
    let (low, high) = (
        graph.number(-LARGEST_EXPONENT),
        graph.number(LARGEST_EXPONENT),
    );
    let ratio = graph.pair(ratio, Pairing::Max, low);
    let ratio = graph.pair(ratio, Pairing::Min, high);
    graph.each(Function::Exp, ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(form: Form, p: f64, row: &[f32]) -> Vec<f32> {
        let mut row = row.to_vec();
        Ash { p, form }.shape(&mut row, &mut Vec::new());
        row
    }

    #[test]
    fn by_hand() {
        // Half of four: 4 and 3 are kept. The row adds up to 10, what is kept to 7.
        let row = [1.0, 4.0, 2.0, 3.0];
        assert_eq!(shaped(Form::Prune, 50.0, &row), [0.0, 4.0, 0.0, 3.0]);
        assert_eq!(shaped(Form::Binarise, 50.0, &row), [0.0, 5.0, 0.0, 5.0]);
        let factor = (10f64 / 7.0).exp() as f32;
        assert_eq!(
            shaped(Form::Scale, 50.0, &row),
            [0.0, 4.0 * factor, 0.0, 3.0 * factor]
        );
    }

    #[test]
    fn as_many_are_kept_as_there_should_be_among_equals() {
        assert_eq!(
            shaped(Form::Prune, 50.0, &[2.0, 2.0, 2.0, 5.0]),
            [2.0, 0.0, 0.0, 5.0]
        );
    }

    #[test]
    fn zeros_and_cancelling_sums_stay_finite() {
        assert_eq!(shaped(Form::Scale, 50.0, &[0.0; 4]), [0.0; 4]);
        let wild = shaped(Form::Scale, 50.0, &[1.0, -1.0, -1e-30, 1e4]);
        assert!(wild.iter().all(|x| x.is_finite()), "{wild:?}");
    }
}
