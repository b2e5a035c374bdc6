use qualm_data::Source;
use qualm_linalg::{Rows, Smooth, product_nt, product_tn};
use rayon::prelude::*;

use crate::HeadError;
use crate::blocks::{Block, Blocks};
use crate::survey::Survey;

/// The mean objective of multinomial logistic regression and its gradient, one pass a time.
///
/// Over the n labelled rows, with `penalty = 1 / (c n)`:
/// `L(W, b) = 1/n sum_i -log softmax(W x_i + b)[y_i] + penalty/2 |W|^2`.
///
/// Its variables are not W and b but `W' = W / s` and `b' = b + W m`, where m is the mean of the
/// features and `1 / s_j^2 = k variance_j + penalty` with `k = (1 - 1/C) / C`: then
/// `W x + b = W' z + b'` with `z = (x - m) s`. The objective is the same number; what changes is
/// its shape: weights and bias pull apart, and the second derivatives for the weights at `W = 0`
/// (balanced classes) all become 1. A constant feature has z = 0 exactly and keeps its weight 0,
/// which is where the penalty wants it, since the bias can do its work for free.
pub(crate) struct SoftmaxLoss<'a> {
    source: &'a dyn Source,
    survey: &'a Survey,
    /// s, length D.
    scale: Vec<f64>,
    penalty: f64,
    passes: u64,
    /// z of a block, and its logits, then probabilities, then residuals.
    inputs: Vec<f64>,
    outputs: Vec<f64>,
    labels: Vec<usize>,
    losses: Vec<f64>,
}

impl<'a> SoftmaxLoss<'a> {
    pub(crate) fn new(source: &'a dyn Source, survey: &'a Survey, c: f64) -> Self {
        let classes = survey.class_rows.len() as f64;
        let curvature = (1.0 - 1.0 / classes) / classes;
        let penalty = 1.0 / (c * survey.rows as f64);
        let second_derivative = |variance: &f64| curvature * variance + penalty;
        Self {
            source,
            survey,
            scale: survey
                .variance
                .iter()
                .map(|variance| second_derivative(variance).sqrt().recip())
                .collect(),
            penalty,
            passes: 0,
            inputs: Vec::new(),
            outputs: Vec::new(),
            labels: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// Passes over the rows so far.
    pub(crate) fn passes(&self) -> u64 {
        self.passes
    }

    /// What one unit of the mean objective is in units of scikit-learn's.
    pub(crate) fn unit(&self) -> f64 {
        1.0 / self.penalty
    }

    /// W' = 0 and b' = log of the share of each class: the best there is without features.
    pub(crate) fn start(&self) -> Vec<f64> {
        let classes = self.survey.class_rows.len();
        let mut start = vec![0.0; classes * (self.survey.mean.len() + 1)];
        let bias = start.iter_mut().rev().take(classes).rev();
        for (bias, &rows) in bias.zip(&self.survey.class_rows) {
            *bias = (rows as f64 / self.survey.rows as f64).ln();
        }
        start
    }

    /// W (`C x D`) and b from W' and b'. The objective does not change when all biases move
    /// together; theirs is mean 0, where scikit-learn's stay, too.
    pub(crate) fn head(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let dim = self.survey.mean.len();
        let (weight, bias) = at.split_at(self.survey.class_rows.len() * dim);
        let weight: Vec<f64> = weight
            .chunks_exact(dim)
            .flat_map(|row| row.iter().zip(&self.scale).map(|(w, s)| w * s))
            .collect();
        let mut bias: Vec<f64> = weight
            .chunks_exact(dim)
            .zip(bias)
            .map(|(row, bias)| {
                let shift: f64 = row.iter().zip(&self.survey.mean).map(|(w, m)| w * m).sum();
                bias - shift
            })
            .collect();
        let mean = bias.iter().sum::<f64>() / bias.len() as f64;
        bias.iter_mut().for_each(|b| *b -= mean);
        (weight, bias)
    }

    /// Sets `inputs` to z and `labels` for the rows of `block` that have a class.
    fn take(&mut self, block: &Block) {
        let dim = self.survey.mean.len();
        self.labels.clear();
        self.labels.extend(
            block
                .labels
                .iter()
                .filter_map(|&label| usize::try_from(label).ok()),
        );
        self.inputs.resize(self.labels.len() * dim, 0.0);
        let rows: Vec<&[f32]> = block
            .features
            .chunks_exact(dim)
            .zip(&block.labels)
            .filter(|(_, label)| **label >= 0)
            .map(|(row, _)| row)
            .collect();
        let (mean, scale) = (&self.survey.mean, &self.scale);
        self.inputs
            .par_chunks_exact_mut(dim)
            .zip(rows)
            .for_each(|(inputs, row)| {
                let moments = mean.iter().zip(scale);
                for ((z, &x), (mean, scale)) in inputs.iter_mut().zip(row).zip(moments) {
                    *z = (f64::from(x) - mean) * scale;
                }
            });
    }

    /// Adds the rows taken to the sums; returns the sum of their losses.
    fn add(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let (dim, classes) = (self.survey.mean.len(), self.survey.class_rows.len());
        let (weight, bias) = at.split_at(classes * dim);
        let inputs = Rows::new(&self.inputs, dim);
        self.outputs.resize(self.labels.len() * classes, 0.0);
        product_nt(&mut self.outputs, inputs, Rows::new(weight, dim));
        self.outputs
            .par_chunks_exact_mut(classes)
            .zip(&self.labels)
            .map(|(outputs, &label)| {
                outputs.iter_mut().zip(bias).for_each(|(l, b)| *l += b);
                loss_and_residual(outputs, label)
            })
            .collect_into_vec(&mut self.losses);
        let (weight_gradient, bias_gradient) = gradient.split_at_mut(classes * dim);
        for residual in self.outputs.chunks_exact(classes) {
            for (sum, r) in bias_gradient.iter_mut().zip(residual) {
                *sum += r;
            }
        }
        product_tn(weight_gradient, Rows::new(&self.outputs, classes), inputs);
        self.losses.iter().sum()
    }
}

impl Smooth for SoftmaxLoss<'_> {
    type Error = HeadError;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, HeadError> {
        gradient.fill(0.0);
        let mut loss = 0.0;
        let mut blocks = Blocks::of(self.source)?;
        while let Some(block) = blocks.next()? {
            self.take(block);
            if !self.labels.is_empty() {
                loss += self.add(at, gradient);
            }
        }
        self.passes += 1;

        let rows = self.survey.rows as f64;
        gradient.iter_mut().for_each(|g| *g /= rows);
        let mut squares = 0.0;
        let dim = self.scale.len();
        let weights = at.len() - self.survey.class_rows.len();
        let rows_of_weights = at[..weights].chunks_exact(dim);
        for (row, slope) in rows_of_weights.zip(gradient.chunks_exact_mut(dim)) {
            for ((w, g), s) in row.iter().zip(slope).zip(&self.scale) {
                let w = w * s;
                squares += w * w;
                *g += self.penalty * w * s;
            }
        }
        Ok(loss / rows + 0.5 * self.penalty * squares)
    }

    /// The Euclidean norm of the gradient with respect to W and b.
    fn norm(&self, gradient: &[f64]) -> f64 {
        let dim = self.scale.len();
        let weights = gradient.len() - self.survey.class_rows.len();
        let (weight, bias) = gradient.split_at(weights);
        let mut squares = 0.0;
        for (row, residual) in weight.chunks_exact(dim).zip(bias) {
            let moments = self.scale.iter().zip(&self.survey.mean);
            for (g, (scale, mean)) in row.iter().zip(moments) {
                let g = g / scale + residual * mean;
                squares += g * g;
            }
            squares += residual * residual;
        }
        squares.sqrt()
    }
}

/// Turns the logits of a row into `softmax - onehot(label)` and gives its loss
/// `logsumexp(logits) - logits[label]`, both safe for logits of any size.
fn loss_and_residual(logits: &mut [f64], label: usize) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let of_label = logits[label];
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - max).exp();
        sum += *logit;
    }
    for p in logits.iter_mut() {
        *p /= sum;
    }
    logits[label] -= 1.0;
    (max - of_label) + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Room;
    use qualm_data::MemorySet;

    const ROOM: Room = Room {
        allowed: 1 << 20,
        per_class: 1,
    };

    /// Rows with a large mean, unequal scales, a constant column and one row out of distribution.
    fn awkward() -> MemorySet {
        let rows = 40i64;
        let features = (0..rows)
            .flat_map(|i| {
                let x = ((i * 37) % 101) as f32 / 101.0;
                let y = ((i * 53) % 89) as f32 / 89.0;
                [1000.0 + x, 0.01 * y, 5.0, x * y]
            })
            .collect();
        let labels = (0..rows).map(|i| if i == 7 { -1 } else { (i * i) % 3 }); // squares: 0 or 1
        MemorySet::new("awkward")
            .with_features(features, 4)
            .and_then(|set| set.with_labels(labels.collect()))
            .unwrap()
    }

    #[test]
    fn loss_and_residual_by_hand() {
        let mut logits = [0.0, 3f64.ln()];
        assert!((loss_and_residual(&mut logits, 0) - 4f64.ln()).abs() < 1e-15);
        assert!((logits[0] + 0.75).abs() < 1e-15 && (logits[1] - 0.75).abs() < 1e-15);
        let mut large = [1e300, -1e300];
        assert_eq!(loss_and_residual(&mut large, 1), 2e300);
        assert_eq!(large, [1.0, -1.0]);
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let set = awkward();
        let (survey, _) = Survey::of(&set, &ROOM).unwrap();
        assert_eq!(survey.class_rows.len(), 2);
        let mut loss = SoftmaxLoss::new(&set, &survey, 0.3);
        let at: Vec<f64> = (0..10).map(|i| ((i * 7) % 5) as f64 / 3.0 - 0.7).collect();
        let mut gradient = vec![0.0; 10];
        let mut unused = vec![0.0; 10];
        loss.evaluate(&at, &mut gradient).unwrap();
        for i in 0..10 {
            let h = 1e-5;
            let mut moved = at.clone();
            moved[i] += h;
            let above = loss.evaluate(&moved, &mut unused).unwrap();
            moved[i] -= 2.0 * h;
            let below = loss.evaluate(&moved, &mut unused).unwrap();
            let slope = (above - below) / (2.0 * h);
            assert!(
                (slope - gradient[i]).abs() < 1e-8,
                "{i}: {slope} {gradient:?}"
            );
        }
        assert_eq!(loss.passes(), 21);
    }

    /// Value and norm in the changed variables against the definition in W and b.
    #[test]
    fn the_change_of_variables_changes_no_number() {
        let set = awkward();
        let (survey, _) = Survey::of(&set, &ROOM).unwrap();
        let mut loss = SoftmaxLoss::new(&set, &survey, 0.3);
        let at: Vec<f64> = (0..10).map(|i| ((i * 3) % 7) as f64 / 9.0 - 0.4).collect();
        let mut gradient = vec![0.0; 10];
        let value = loss.evaluate(&at, &mut gradient).unwrap();
        let (weight, bias) = loss.head(&at);

        let labelled = survey.rows as f64;
        let (mut want, mut slope) = (0.0, [0.0; 10]);
        for (row, &label) in set.rows().features.chunks(4).zip(&set.rows().labels) {
            let Ok(label) = usize::try_from(label) else {
                continue;
            };
            let logits: Vec<f64> = (0..2)
                .map(|c| {
                    (0..4)
                        .map(|d| weight[c * 4 + d] * f64::from(row[d]))
                        .sum::<f64>()
                        + bias[c]
                })
                .collect();
            let p1 = 1.0 / (1.0 + (logits[0] - logits[1]).exp());
            let p = [1.0 - p1, p1];
            want -= p[label].ln() / labelled;
            for c in 0..2 {
                let residual = (p[c] - f64::from(u8::from(c == label))) / labelled;
                slope[8 + c] += residual;
                for d in 0..4 {
                    slope[c * 4 + d] += residual * f64::from(row[d]);
                }
            }
        }
        let penalty = 1.0 / (0.3 * labelled);
        for (slope, w) in slope.iter_mut().zip(&weight) {
            want += 0.5 * penalty * w * w;
            *slope += penalty * w;
        }
        assert!((value - want).abs() < 1e-12, "{value} {want}");
        let norm = slope.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((loss.norm(&gradient) / norm - 1.0).abs() < 1e-9);
        assert!((bias[0] + bias[1]).abs() < 1e-12);
    }
}
