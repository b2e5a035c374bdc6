//! NCI: alignment with the weights of the predicted class.

use std::borrow::Cow;

use qualm_linalg::sum_of;

use super::centre::{CENTRE, Centre};
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::detector::{Detector, Inputs, LogitInput};
use crate::fit::FitContext;
use crate::lower::{Folding, Function, Graph, Lowering, Pairing};
use crate::method::{Method, Needs};
use crate::score::Row;
use crate::tensors::{TensorReader, TensorWriter};

pub(crate) const ENTRY: Entry = Entry {
    word: "nci",
    formula: "-<w_p, x - mu> / ||x - mu|| - alpha ||x||_1, p predicted",
    paper: "Liu & Qin, CVPR 2025",
    inputs: "features and a head",
    parameters: "alpha=0.0001, preset=pytorch-ood (alpha=0)",
    parse: Parse::Method(|arguments| {
        let default = match arguments.take("preset") {
            None => AUTHORS_ALPHA,
            Some("pytorch-ood") => 0.0,
            Some(other) => return Err(arguments.wrong("preset", other, "`pytorch-ood`")),
        };
        let at_least_zero = |alpha: &f64| alpha.is_finite() && *alpha >= 0.0;
        let alpha = arguments.take_or("alpha", default, "a number from 0", at_least_zero)?;
        Ok(Box::new(Nci { alpha }))
    }),
};

/// The setting that the authors gave to OpenOOD.
const AUTHORS_ALPHA: f64 = 1e-4;

/// Outlier score `-<w_p, x - mu> / ||x - mu|| - alpha ||x||_1` with `p` the predicted class, `w_p`
/// its weights and `mu` the mean of the fitting rows (Liu & Qin 2025, "Detecting
/// out-of-distribution through the lens of neural collapse"): features of known classes
/// gather about the weights, and far from the origin. The authors choose `alpha` from 0.0001 to 0.1
/// by validation data; pytorch-ood 0.4.0 takes 0.
///
/// The inner product follows from the logit: `<w_p, x - mu> = l_p - (b_p + <w_p, mu>)`.
#[derive(Debug, Clone, Copy)]
struct Nci {
    alpha: f64,
}

impl Method for Nci {
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
        let mean = context.mean()?;
        let logit_of_mean = |(weight, &bias): (&[f32], &f32)| {
            let product = weight.iter().zip(&mean).map(|(&w, m)| f64::from(w) * m);
            f64::from(bias) + product.sum::<f64>()
        };
        let weights = head.weight().chunks_exact(head.dim());
        Ok(Box::new(NciDetector {
            alpha: self.alpha,
            centre: Centre::of(context)?,
            centre_logits: weights.zip(head.bias()).map(logit_of_mean).collect(),
        }))
    }

    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError> {
        let centre_logits = tensors.vector::<f64>("centre_logits", tensors.classes())?;
        if centre_logits.iter().any(|logit| !logit.is_finite()) {
            return Err(tensors.wrong("centre_logits", "is not finite"));
        }
        Ok(Box::new(NciDetector {
            alpha: self.alpha,
            centre: Centre::load(tensors)?,
            centre_logits,
        }))
    }
}

#[derive(Debug)]
struct NciDetector {
    alpha: f64,
    centre: Centre,
    /// Logits of the centre.
    centre_logits: Vec<f64>,
}

const ALIGNMENT: usize = 0;
const NORM: usize = 1;

impl Detector for NciDetector {
    fn inputs(&self) -> Inputs {
        Inputs {
            logits: Some(LogitInput::Plain),
            features: true,
            ..Inputs::default()
        }
    }

    fn parts(&self) -> Vec<&'static str> {
        vec!["alignment with the predicted class", "sum of magnitudes"]
    }

    fn measure(&self, row: &Row<'_>, parts: &mut [f64]) {
        let (logits, features) = (row.logits(), row.features());
        let product = f64::from(logits.max) - self.centre_logits[logits.predicted];
        parts[ALIGNMENT] = product / self.centre.distance(features);
        parts[NORM] = sum_of(features, f32::abs);
    }

    fn score(&self, parts: &[f64]) -> f64 {
        -parts[ALIGNMENT] - self.alpha * parts[NORM]
    }

    fn terms(&self, parts: &[f64]) -> Vec<(Cow<'static, str>, f64)> {
        vec![
            (
                "minus alignment with the predicted class".into(),
                -parts[ALIGNMENT],
            ),
            (
                "minus size of the feature".into(),
                -self.alpha * parts[NORM],
            ),
        ]
    }

    fn save(&self, tensors: &mut TensorWriter) {
        self.centre.save(tensors);
        tensors.vector("centre_logits", &self.centre_logits);
    }

    fn lower(&self, graph: &mut Graph) -> Lowering {
        let logits = graph.logits();
        let max = graph.fold(Folding::Max, logits);
        let table = self.centre_logits.iter().map(|&logit| logit as f32);
        let of_mean = graph.row_at_largest(logits, table.collect());
        // Minus the product with the weights of the predicted class.
        let product = graph.pair(of_mean, Pairing::Sub, max);
        let distance = self.centre.lower(graph);
        let alignment = graph.pair(product, Pairing::Div, distance);
        let features = graph.features();
        let sizes = graph.each(Function::Abs, features);
        let size = graph.fold(Folding::Sum, sizes);
        let size = graph.times(size, self.alpha);
        Ok(graph.pair(alignment, Pairing::Sub, size))
    }
}

#[cfg(test)]
mod tests {
    use qualm_data::Head;

    use crate::testing::fit_scores;

    #[test]
    fn by_hand() {
        // Mean (1, -1). Row (4, 3) has logits 9 and 3 and is class 0 with weights (2, 0); it lies
        // (3, 4) from the mean. Row (1, -1) is the mean itself.
        let head = || Head::new(vec![2.0, 0.0, 0.0, 1.0], vec![1.0, 0.0], 2).unwrap();
        let (train, rows) = ([0.0, -2.0, 2.0, 0.0], [4.0, 3.0, 1.0, -1.0]);
        let score = |recipe: &str| fit_scores(recipe, &train, 2, Some(head()), &rows);
        assert_eq!(score("nci(preset=pytorch-ood)"), [-1.2, 0.0]);
        let sized = score("nci(alpha=0.5)");
        assert!((sized[0] + 1.2 + 3.5).abs() < 1e-12 && (sized[1] + 1.0).abs() < 1e-12);
    }
}
