use qualm_data::Source;
use qualm_linalg::Smooth;
use rayon::prelude::*;

use crate::HeadError;
use crate::blocks::Blocks;
use crate::part::Part;
use crate::survey::Survey;

/// Vectors as long as the parameters that [`SoftmaxLoss`] holds.
pub(crate) const VECTORS: usize = PARTS + 2;

/// Parts of a block that run beside each other, each with sums of its own. Fixed, so that the
/// bytes do not depend on the number of threads; a product sums over few of them at once where
/// classes and features are few, and would leave all threads but one without work.
const PARTS: usize = 4;

/// No second derivative counts as smaller than this share of what it is at `W = 0`. Far from the
/// minimum every row may be certain of its class by chance, and units made for that would throw
/// the next steps off: without a bound 3000 x 384 embeddings of 150 classes at C = 1000 do not
/// arrive in 1000 steps.
const LEAST_CURVATURE: f64 = 0.01;

/// The mean objective of multinomial logistic regression and its gradient, one pass a time.
///
/// Over the n labelled rows, with `penalty = 1 / (c n)`:
/// `L(W, b) = 1/n sum_i -log softmax(W x_i + b)[y_i] + penalty/2 |W|^2`.
///
/// Its variables are not W and b but `W' = W / S` and `b' = (b + W m) / s`, entry by entry, where m
/// is the mean of the features: then `W x + b = W z + s b'` with `z = x - m`. The objective is the
/// same number; what changes is its shape: weights and bias pull apart, and the units S and s make
/// second derivatives 1. Those are, with p the probabilities of a row,
/// `h_cj = 1/n sum_i p_c (1 - p_c) z_j^2 + penalty`, and 1 in place of `z_j^2` for a bias; the unit
/// is `h^(-1/2)`. At `W = 0` (balanced classes) `p_c (1 - p_c) = (1 - 1/C) / C`; on the way they are
/// measured anew. A class that is told apart early has weights of little curvature beside those of
/// a class that is not, and no units of the features alone could make them alike.
///
/// A constant feature has z = 0 exactly and keeps its weight 0, which is where the penalty wants
/// it, since the bias can do its work for free.
pub(crate) struct SoftmaxLoss<'a> {
    source: &'a dyn Source,
    survey: &'a Survey,
    penalty: f64,
    passes: u64,
    /// S (`C x D`), then s.
    scale: Vec<f64>,
    /// W (`C x D`), then s b', at the point of this pass.
    layer: Vec<f64>,
    parts: Vec<Part>,
}

impl<'a> SoftmaxLoss<'a> {
    pub(crate) fn new(source: &'a dyn Source, survey: &'a Survey, c: f64) -> Self {
        let penalty = 1.0 / (c * survey.rows as f64);
        let scale = curvature_at_zero(survey, penalty)
            .map(|h| h.sqrt().recip())
            .collect();
        Self {
            source,
            survey,
            penalty,
            passes: 0,
            scale,
            layer: Vec::new(),
            parts: (0..PARTS).map(|_| Part::default()).collect(),
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

    /// How many of the parameters are weights.
    fn weights(&self) -> usize {
        self.survey.class_rows.len() * self.survey.mean.len()
    }

    /// W' = 0 and `s b'` = log of the share of each class: the best there is without features.
    pub(crate) fn start(&self) -> Vec<f64> {
        let mut start = vec![0.0; self.scale.len()];
        let weights = self.weights();
        let biases = start[weights..].iter_mut().zip(&self.scale[weights..]);
        for ((bias, scale), &rows) in biases.zip(&self.survey.class_rows) {
            *bias = (rows as f64 / self.survey.rows as f64).ln() / scale;
        }
        start
    }

    /// W (`C x D`) and b from W' and b'. The objective does not change when all biases move
    /// together; theirs is mean 0, where scikit-learn's stay, too.
    pub(crate) fn head(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut weight: Vec<f64> = at.iter().zip(&self.scale).map(|(x, s)| x * s).collect();
        let mut bias = weight.split_off(self.weights());
        for (bias, row) in bias
            .iter_mut()
            .zip(weight.chunks_exact(self.survey.mean.len()))
        {
            let products = row.iter().zip(&self.survey.mean).map(|(w, m)| w * m);
            *bias -= products.sum::<f64>();
        }
        let mean = bias.iter().sum::<f64>() / bias.len() as f64;
        bias.iter_mut().for_each(|b| *b -= mean);
        (weight, bias)
    }

    /// Passes over the rows: sets `sums` to what `add` adds up over them, the parts of every block
    /// in turn, and gives the sum of what it returns.
    fn pass(
        &mut self,
        at: &[f64],
        sums: &mut [f64],
        add: impl Fn(&mut Part) -> f64 + Sync,
    ) -> Result<f64, HeadError> {
        self.layer.clear();
        self.layer
            .extend(at.iter().zip(&self.scale).map(|(x, s)| x * s));
        for part in &mut self.parts {
            part.sums.clear();
            part.sums.resize(at.len(), 0.0);
            part.total = 0.0;
        }
        let (mean, layer) = (&self.survey.mean, &self.layer);
        let mut blocks = Blocks::of(self.source)?;
        while let Some(block) = blocks.next()? {
            let rows = block.rows.div_ceil(PARTS);
            let features = block.features.par_chunks(rows * mean.len());
            let labels = block.labels.par_chunks(rows);
            let parts = self.parts.par_iter_mut();
            parts
                .zip(features.zip(labels))
                .for_each(|(part, (features, labels))| {
                    part.take(features, labels, mean);
                    part.multiply(layer);
                    part.total += add(part);
                });
        }
        self.passes += 1;
        sums.fill(0.0);
        for part in &self.parts {
            sums.iter_mut()
                .zip(&part.sums)
                .for_each(|(sum, x)| *sum += x);
        }
        Ok(self.parts.iter().map(|part| part.total).sum())
    }
}

/// The second derivatives at `W = 0` with balanced classes, those of the weights first.
fn curvature_at_zero(survey: &Survey, penalty: f64) -> impl Iterator<Item = f64> {
    let classes = survey.class_rows.len();
    let curvature = (1.0 - 1.0 / classes as f64) / classes as f64;
    let of_weights = std::iter::repeat_n(&survey.variance, classes).flatten();
    of_weights
        .map(move |variance| curvature * variance + penalty)
        .chain(std::iter::repeat_n(curvature, classes))
}

impl Smooth for SoftmaxLoss<'_> {
    type Error = HeadError;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, HeadError> {
        let loss = self.pass(at, gradient, Part::add_gradient)?;
        let rows = self.survey.rows as f64;
        gradient.iter_mut().for_each(|g| *g /= rows);
        let weights = self.weights();
        let mut squares = 0.0;
        for (w, g) in self.layer[..weights].iter().zip(&mut *gradient) {
            squares += w * w;
            *g += self.penalty * w;
        }
        for (g, s) in gradient.iter_mut().zip(&self.scale) {
            *g *= s;
        }
        Ok(loss / rows + 0.5 * self.penalty * squares)
    }

    /// The Euclidean norm of the gradient with respect to W and b.
    fn norm(&self, gradient: &[f64]) -> f64 {
        let dim = self.survey.mean.len();
        let plain: Vec<f64> = gradient
            .iter()
            .zip(&self.scale)
            .map(|(g, s)| g / s)
            .collect();
        let (weight, bias) = plain.split_at(self.weights());
        let mut squares = 0.0;
        for (row, residual) in weight.chunks_exact(dim).zip(bias) {
            for (g, mean) in row.iter().zip(&self.survey.mean) {
                let g = g + residual * mean;
                squares += g * g;
            }
            squares += residual * residual;
        }
        squares.sqrt()
    }

    fn rescale(&mut self, at: &[f64], factors: &mut [f64]) -> Result<(), HeadError> {
        self.pass(at, factors, |part| {
            part.add_curvature();
            0.0
        })?;
        let rows = self.survey.rows as f64;
        let weights = self.weights();
        let at_zero = curvature_at_zero(self.survey, self.penalty);
        let variables = factors.iter_mut().zip(&mut self.scale).zip(at_zero);
        for (i, ((factor, scale), at_zero)) in variables.enumerate() {
            let penalty = if i < weights { self.penalty } else { 0.0 };
            let second_derivative = (*factor / rows + penalty).max(LEAST_CURVATURE * at_zero);
            let new = second_derivative.sqrt().recip();
            *factor = new / *scale;
            *scale = new;
        }
        Ok(())
    }
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

    /// In new units the same point has the same value and norm, and second derivatives of 1.
    #[test]
    fn units_follow_the_second_derivatives() {
        let set = awkward();
        let (survey, _) = Survey::of(&set, &ROOM).unwrap();
        let mut loss = SoftmaxLoss::new(&set, &survey, 0.3);
        let mut at: Vec<f64> = (0..10).map(|i| ((i * 3) % 7) as f64 / 9.0 - 0.4).collect();
        let mut gradient = vec![0.0; 10];
        let value = loss.evaluate(&at, &mut gradient).unwrap();
        let norm = loss.norm(&gradient);
        let mut factors = vec![0.0; 10];
        loss.rescale(&at, &mut factors).unwrap();
        at.iter_mut().zip(&factors).for_each(|(x, f)| *x /= f);
        let again = loss.evaluate(&at, &mut gradient).unwrap();
        assert!((value - again).abs() < 1e-14);
        assert!((norm / loss.norm(&gradient) - 1.0).abs() < 1e-12);

        let mut moved = vec![0.0; 10];
        for i in 0..10 {
            let h = 1e-4;
            at[i] += h;
            loss.evaluate(&at, &mut moved).unwrap();
            at[i] -= h;
            let second = (moved[i] - gradient[i]) / h;
            assert!((second - 1.0).abs() < 1e-3, "{i}: {second}");
        }
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
