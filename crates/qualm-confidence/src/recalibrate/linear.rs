//! Linear maps of scores, fitted as deviations from a temperature.

use std::convert::Infallible;

use qualm_linalg::{Limits, Rows, Smooth, Stop, VECTORS_HELD, minimise, product_nt, product_tn};
use rayon::prelude::*;

use super::data::{Fitted, Scores, softmax};
use super::temperature::{Temperature, scale};
use crate::ConfidenceError;

/// Bytes that a fit may hold beside the scores.
const MEMORY: usize = 4 << 30;

const LIMITS: Limits = Limits {
    iterations: 2000,
    gradient_norm: 1e-7,
};

/// Which weights may deviate from those of a temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One a class.
    Diagonal,
    /// One for each pair of classes.
    Full,
}

/// Weights, `classes` or `classes x classes` of them, and one bias a class.
pub(crate) struct Weights {
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Vec<f64>,
}

/// Weights and biases of least NLL with a penalty on what they are beyond temperature scaling:
/// with u = z / s, s the scale of the scores, and the fitted temperature T,
/// `sum_i -log softmax((s / T) u_i + D u_i + b)[y_i] + l2 / 2 (m |D|^2 + |b|^2)`, where m entries
/// stand in a row of D; the result is `W = 1 / T + D / s`.
///
/// The penalty is that of independent normal priors under which D and b each add a number of
/// variance about 1 / l2 to a logit, however many classes there are. The minimum is unique and
/// finite for any rows, goes with the scale of the scores, never has a higher NLL on the fitted
/// rows than temperature scaling, and turns into temperature scaling as l2 grows. A penalty on W
/// itself pulls confidence towards uniform instead, one on its off-diagonal alone (Kull et al.,
/// "Beyond temperature scaling" (2019)) leaves separable rows without a minimum, and the strength
/// of both depends on the unit of the scores.
pub(crate) fn fit(
    scores: &Scores,
    labels: &[usize],
    shape: Shape,
    l2: f64,
) -> Result<Fitted<Weights>, ConfidenceError> {
    if !(l2 > 0.0 && l2.is_finite()) {
        return Err(ConfidenceError::Values(format!(
            "l2 is {l2}, but the penalty must be above 0 to keep the fit finite; try 5"
        )));
    }
    let classes = scores.classes();
    let size = match shape {
        Shape::Diagonal => classes,
        Shape::Full => classes.saturating_mul(classes),
    };
    let needed = size.saturating_mul(VECTORS_HELD * size_of::<f64>());
    if needed > MEMORY {
        return Err(ConfidenceError::Values(format!(
            "a matrix of {classes} x {classes} weights takes {} GB to fit, more than {} GB; use \
             vector or temperature scaling",
            needed / 1_000_000_000,
            MEMORY / 1_000_000_000
        )));
    }
    let Fitted {
        recalibrator: temperature,
        mut notes,
    } = Temperature::fit(scores, labels)?;
    let scale = scale(scores);
    let mut loss = Loss {
        inputs: scores.logits().iter().map(|z| z / scale).collect(),
        labels,
        classes,
        shape,
        base: scale / temperature.temperature(),
        penalty: penalty(shape, classes, l2),
        weights: Vec::new(),
        outputs: vec![0.0; scores.logits().len()],
    };
    let start = vec![0.0; size + classes];
    let Ok(found) = minimise(&mut loss, start, LIMITS, &mut |_, _, _| {});
    if found.stop == Stop::Iterations {
        notes.push(format!(
            "the fit was not done after {} steps; a larger l2 needs fewer",
            found.iterations
        ));
    }
    let (deviations, bias) = found.at.split_at(size);
    let mut weight: Vec<f64> = deviations.iter().map(|d| d / scale).collect();
    diagonal(&mut weight, shape, classes).for_each(|w| *w += temperature.temperature().recip());
    Ok(Fitted {
        recalibrator: Weights {
            weight,
            bias: bias.to_vec(),
        },
        notes,
    })
}

/// The weights of each class's own score.
fn diagonal(weight: &mut [f64], shape: Shape, classes: usize) -> impl Iterator<Item = &mut f64> {
    weight.iter_mut().step_by(match shape {
        Shape::Diagonal => 1,
        Shape::Full => classes + 1,
    })
}

/// What the squares of weights and of biases are multiplied by.
fn penalty(shape: Shape, classes: usize, l2: f64) -> [f64; 2] {
    match shape {
        Shape::Diagonal => [l2, l2],
        Shape::Full => [l2 * classes as f64, l2],
    }
}

/// The mean of the objective over the rows.
struct Loss<'a> {
    /// u.
    inputs: Vec<f64>,
    labels: &'a [usize],
    classes: usize,
    shape: Shape,
    /// s / T.
    base: f64,
    /// Of weights and of biases.
    penalty: [f64; 2],
    /// `s / T + D`, in the shape of D.
    weights: Vec<f64>,
    /// Logits, then residuals.
    outputs: Vec<f64>,
}

impl Loss<'_> {
    fn rows(&self) -> f64 {
        self.labels.len() as f64
    }
}

impl Smooth for Loss<'_> {
    type Error = Infallible;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        gradient.fill(0.0);
        let classes = self.classes;
        let (deviations, bias) = at.split_at(at.len() - classes);
        let (of_weights, of_bias) = gradient.split_at_mut(deviations.len());
        self.weights.clear();
        self.weights.extend_from_slice(deviations);
        diagonal(&mut self.weights, self.shape, classes).for_each(|w| *w += self.base);
        match self.shape {
            Shape::Full => product_nt(
                &mut self.outputs,
                Rows::new(&self.inputs, classes),
                Rows::new(&self.weights, classes),
            ),
            Shape::Diagonal => {
                let rows = self.outputs.chunks_exact_mut(classes);
                for (out, inputs) in rows.zip(self.inputs.chunks_exact(classes)) {
                    for ((out, u), w) in out.iter_mut().zip(inputs).zip(&self.weights) {
                        *out = u * w;
                    }
                }
            }
        }
        let losses: Vec<f64> = self
            .outputs
            .par_chunks_exact_mut(classes)
            .zip(self.labels)
            .with_min_len(64)
            .map(|(row, &label)| {
                row.iter_mut().zip(bias).for_each(|(z, b)| *z += b);
                let of_label = row[label];
                let normaliser = softmax(row);
                row[label] -= 1.0;
                normaliser - of_label
            })
            .collect();
        for residual in self.outputs.chunks_exact(classes) {
            of_bias.iter_mut().zip(residual).for_each(|(g, r)| *g += r);
        }
        match self.shape {
            Shape::Full => product_tn(
                of_weights,
                Rows::new(&self.outputs, classes),
                Rows::new(&self.inputs, classes),
            ),
            Shape::Diagonal => {
                let rows = self.outputs.chunks_exact(classes);
                for (residual, inputs) in rows.zip(self.inputs.chunks_exact(classes)) {
                    for ((g, r), u) in of_weights.iter_mut().zip(residual).zip(inputs) {
                        *g += r * u;
                    }
                }
            }
        }
        let mut squares = 0.0;
        let weights = deviations.len();
        for (i, (g, x)) in gradient.iter_mut().zip(at).enumerate() {
            let penalty = self.penalty[usize::from(i >= weights)];
            *g = (*g + penalty * x) / self.rows();
            squares += penalty * x * x;
        }
        Ok((losses.iter().sum::<f64>() + 0.5 * squares) / self.rows())
    }

    fn norm(&self, gradient: &[f64]) -> f64 {
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
}

/// Checks weights and biases that a file brings.
pub(crate) fn check(weight: &[f64], bias: &[f64], shape: Shape) -> Result<(), String> {
    let classes = bias.len();
    let size = match shape {
        Shape::Diagonal => Some(classes),
        Shape::Full => classes.checked_mul(classes),
    };
    if classes < 2 || size != Some(weight.len()) {
        return Err(format!(
            "{} weights do not go with {classes} biases, one for each of two or more classes",
            weight.len()
        ));
    }
    if weight.iter().chain(bias).all(|x| x.is_finite()) {
        Ok(())
    } else {
        Err("weights and biases must be finite".to_owned())
    }
}

/// Scores with the mean of each row taken off: logits are known but for a constant a row, which
/// must not change what is fitted to them.
pub(crate) fn centre(row: &mut [f64]) {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    row.iter_mut().for_each(|z| *z -= mean);
}

/// Scores as logarithms of probabilities.
pub(crate) fn log_softmax(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = row.iter().map(|z| (z - max).exp()).sum();
    let normaliser = sum.ln();
    row.iter_mut().for_each(|z| *z = (*z - max) - normaliser);
}

/// All rows of `scores` with `change` made to each.
pub(crate) fn changed(
    scores: &Scores,
    change: impl Fn(&mut [f64]),
) -> Result<Scores, ConfidenceError> {
    let mut logits = scores.logits().to_vec();
    logits.chunks_exact_mut(scores.classes()).for_each(change);
    Scores::from_logits(logits, scores.classes())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::recalibrate::data::sigmoid;
    use qualm_stats::Stream;

    /// Rows of `classes` scores that a softmax of `truth` of them made the labels of.
    pub(crate) fn made(
        rows: usize,
        classes: usize,
        seed: u64,
        truth: impl Fn(&[f64]) -> Vec<f64>,
    ) -> (Scores, Vec<usize>) {
        let mut stream = Stream::new(seed, 0);
        let (mut all, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let logits: Vec<f64> = (0..classes).map(|_| 3.0 * stream.normal()).collect();
            let mut p = truth(&logits);
            softmax(&mut p);
            let (draw, mut below) = (stream.unit(), 0.0);
            let drawn = p.iter().position(|p| {
                below += p;
                draw < below
            });
            labels.push(drawn.unwrap_or(classes - 1));
            all.extend(logits);
        }
        (Scores::from_logits(all, classes).unwrap(), labels)
    }

    /// Mean NLL of the labels under the probabilities that `apply` puts in the place of logits.
    pub(crate) fn nll(scores: &Scores, labels: &[usize], apply: impl Fn(&mut [f64])) -> f64 {
        let rows = scores.logits().chunks_exact(scores.classes()).zip(labels);
        let losses = rows.map(|(row, &label)| {
            let mut row = row.to_vec();
            apply(&mut row);
            -row[label].ln()
        });
        losses.sum::<f64>() / labels.len() as f64
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let (scores, labels) = made(30, 3, 1, |z| z.to_vec());
        for shape in [Shape::Diagonal, Shape::Full] {
            let size = if shape == Shape::Full { 9 } else { 3 };
            let mut loss = Loss {
                inputs: scores.logits().to_vec(),
                labels: &labels,
                classes: 3,
                shape,
                base: 0.3,
                penalty: penalty(shape, 3, 2.0),
                weights: Vec::new(),
                outputs: vec![0.0; 90],
            };
            let at: Vec<f64> = (0..size + 3)
                .map(|i| ((i * 7) % 5) as f64 / 9.0 - 0.2)
                .collect();
            let mut gradient = vec![0.0; at.len()];
            let mut unused = gradient.clone();
            loss.evaluate(&at, &mut gradient).unwrap();
            for i in 0..at.len() {
                let mut moved = at.clone();
                moved[i] += 1e-5;
                let above = loss.evaluate(&moved, &mut unused).unwrap();
                moved[i] -= 2e-5;
                let below = loss.evaluate(&moved, &mut unused).unwrap();
                assert!(((above - below) / 2e-5 - gradient[i]).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn a_strong_penalty_leaves_temperature_scaling_and_a_weak_one_does_not() {
        let (scores, labels) = made(3_000, 3, 2, |z| vec![0.2 * z[0], 0.5 * z[1], z[2] + 1.0]);
        let temperature = Temperature::fit(&scores, &labels).unwrap().recalibrator;
        let strong = fit(&scores, &labels, Shape::Diagonal, 1e12)
            .unwrap()
            .recalibrator;
        for (w, b) in strong.weight.iter().zip(&strong.bias) {
            assert!((w - 1.0 / temperature.temperature()).abs() < 1e-6);
            assert!(b.abs() < 1e-6);
        }
        let weak = fit(&scores, &labels, Shape::Diagonal, 1.0)
            .unwrap()
            .recalibrator;
        assert!((weak.weight[0] - 0.2).abs() < 0.05, "{:?}", weak.weight);
        assert!(
            (weak.bias[2] - weak.bias[0] - 1.0).abs() < 0.2,
            "{:?}",
            weak.bias
        );
    }

    #[test]
    fn separable_rows_have_a_finite_fit_and_bad_penalties_are_refused() {
        let scores = Scores::from_logits(vec![0.0, 1.0, 2.0, 0.0, 0.0, 3.0], 2).unwrap();
        let fitted = fit(&scores, &[1, 0, 1], Shape::Full, 1.0).unwrap();
        assert!(fitted.recalibrator.weight.iter().all(|w| w.is_finite()));
        for l2 in [0.0, -1.0, f64::NAN] {
            assert!(fit(&scores, &[1, 0, 1], Shape::Full, l2).is_err());
        }
        // b of two classes with equal scores: sum_i -log sigmoid(2b) + b^2 over three of four rows.
        let scores = Scores::from_logits([0.0, 1e-3, 1e-3, 0.0].repeat(2), 2).unwrap();
        let fitted = fit(&scores, &[1, 1, 1, 0], Shape::Diagonal, 1.0).unwrap();
        let b = fitted.recalibrator.bias[1];
        assert!((fitted.recalibrator.bias[0] + b).abs() < 1e-6);
        assert!(b > 0.0 && b < 0.5 * 3f64.ln() && sigmoid(2.0 * b) < 0.75);
    }
}
