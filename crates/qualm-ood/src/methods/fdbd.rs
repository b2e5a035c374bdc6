//! fDBD: distance to the decision boundaries.

use qualm_linalg::{Rows, product_nt, sum_of_pairs};

use super::centre::{CENTRE, Centre};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter, all_finite};

pub(crate) const ENTRY: Entry = Entry {
    word: "fdbd",
    formula: "-mean_(c != p) (l_p - l_c) / ||w_p - w_c|| / ||x - mu||",
    paper: "Liu & Qin, ICML 2024",
    inputs: "features and a head",
    parameters: "",
    parse: Parse::Method(|_| Ok(Box::new(Fdbd))),
};

/// Outlier score: minus the mean distance of a feature to the boundaries between its predicted
/// class `p` and each other class, in units of its distance from the mean of the fitting rows (Liu
/// & Qin 2024, "Fast decision boundary based out-of-distribution detector").
/// The distance to the boundary with class c is `(l_p - l_c) / ||w_p - w_c||`.
///
/// All `||w_a - w_b||` follow from one product `W W^T`; pytorch-ood 0.4.0 builds `C x C x D`
/// numbers. OpenOOD sums over the classes where the paper takes the mean, which ranks alike. Two
/// classes with the same weights have no boundary and count as distance zero.
#[derive(Debug, Clone, Copy)]
struct Fdbd;

/// Squared differences of weights below this share of their squared norms are rounding.
const EQUAL: f64 = 1e-12;

/// `1 / ||w_a - w_b||`, row-major `C x C`; zero where two classes have the same weights.
fn inverse_gaps(weight: &[f32], dim: usize) -> Vec<f32> {
    let weight: Vec<f64> = weight.iter().map(|&w| f64::from(w)).collect();
    let weight = Rows::new(&weight, dim);
    let classes = weight.len();
    let mut gram = vec![0.0; classes * classes];
    product_nt(&mut gram, weight, weight);
    let square = |class: usize| gram[class * classes + class];
    let inverse = |at: usize| {
        let squares = square(at / classes) + square(at % classes);
        let gap = squares - 2.0 * gram[at];
        if gap > EQUAL * squares {
            gap.sqrt().recip() as f32
        } else {
            0.0
        }
    };
    (0..classes * classes).map(inverse).collect()
}

impl Method for Fdbd {
    fn needs(&self) -> Needs {
        Needs {
            features: true,
            logits: true,
            head: true,
            sums: CENTRE,
            ..Needs::default()
        }
    }

    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError> {
        let head = context.required_head()?;
        if head.classes() < 2 {
            return Err(context.error("a head with one class has no decision boundary"));
        }
        let inverse_gaps = inverse_gaps(head.weight(), head.dim());
        if !all_finite(&inverse_gaps) {
            return Err(context.error(
                "the head's weights are too small to tell classes apart; scale weights and bias up",
            ));
        }
        Ok(Box::new(FdbdDetector {
            centre: Centre::of(context)?,
            inverse_gaps,
            classes: head.classes(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let classes = tensors.classes();
        let inverse_gaps = tensors.matrix::<f32>("inverse_gaps", classes)?;
        if classes < 2 || inverse_gaps.len() != classes * classes || !all_finite(&inverse_gaps) {
            return Err(tensors.wrong("inverse_gaps", "is not finite or belongs to other classes"));
        }
        Ok(Box::new(FdbdDetector {
            centre: Centre::load(tensors)?,
            inverse_gaps,
            classes,
        }))
    }
}

#[derive(Debug)]
struct FdbdDetector {
    centre: Centre,
    inverse_gaps: Vec<f32>,
    classes: usize,
}

const BOUNDARIES: usize = 0;
const CENTRE_DISTANCE: usize = 1;

impl Detector for FdbdDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec![
            "mean distance to the decision boundaries",
            "distance from the mean",
        ]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let logits = row.logits();
        let gaps = &self.inverse_gaps[logits.predicted * self.classes..][..self.classes];
        let max = f64::from(logits.max);
        let sum = sum_of_pairs(logits.values, gaps, |l: f64, gap| (max - l) * gap);
        parts[BOUNDARIES] = sum / (self.classes - 1) as f64;
        parts[CENTRE_DISTANCE] = self.centre.distance(row.features());
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[BOUNDARIES] / parts[CENTRE_DISTANCE]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.centre.save(tensors);
        tensors.matrix("inverse_gaps", &self.inverse_gaps, self.classes);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let logits = graph.logits();
        let gaps = graph.row_at_largest(logits, self.inverse_gaps.clone());
        let below = graph.below_largest(1.0);
        let distances = graph.pair(below, Pairing::Mul, gaps);
        let sum = graph.fold(Folding::Sum, distances);
        let mean = graph.times(sum, 1.0 / (self.classes - 1) as f64);
        let distance = self.centre.lower(graph);
        Ok(graph.pair(mean, Pairing::Div, distance))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use super::inverse_gaps;
    use crate::testing::{fit_error, fit_scores};

    #[test]
    fn by_hand() {
        // Weights (3, 0), (0, 4) and (0, 4) again; gaps 5, 5 and none.
        let weight = [3.0, 0.0, 0.0, 4.0, 0.0, 4.0];
        let gaps = [0.0, 0.2, 0.2, 0.2, 0.0, 0.0, 0.2, 0.0, 0.0];
        assert_eq!(inverse_gaps(&weight, 2), gaps);
        // Mean (1, 1). Row (4, 1): logits 12, 4, 4: distances 8/5 twice, 3 from the mean. Row
        // (1, 3): logits 3, 12, 12: distances 9/5 and none, 2 from the mean.
        let head = || Head::new(weight.to_vec(), vec![0.0; 3], 2).unwrap();
        let (train, rows) = ([0.0, 0.0, 2.0, 2.0], [4.0, 1.0, 1.0, 3.0]);
        let scores = fit_scores("fdbd", &train, 2, Some(head()), &rows);
        assert!((scores[0] + 1.6 / 3.0).abs() < 1e-6, "{scores:?}");
        assert!((scores[1] + 0.9 / 2.0).abs() < 1e-6, "{scores:?}");
        let one = Head::new(vec![1.0, 0.0], vec![0.0], 2).unwrap();
        assert!(fit_error("fdbd", &train, 2, Some(one)).contains("no decision boundary"));
    }
}
