use qualm_linalg::{Rows, exp, product_nt, product_tn};

/// A part of the rows of each block.
#[derive(Default)]
pub(crate) struct Part {
    /// z of its labelled rows.
    inputs: Vec<f64>,
    /// Their logits, and what is made of them.
    outputs: Vec<f64>,
    labels: Vec<usize>,
    /// As long as the parameters, over all blocks.
    pub(crate) sums: Vec<f64>,
    pub(crate) total: f64,
}

impl Part {
    /// Takes the rows that have a class.
    pub(crate) fn take(&mut self, features: &[f32], labels: &[i64], mean: &[f64]) {
        self.inputs.clear();
        self.labels.clear();
        for (row, &label) in features.chunks_exact(mean.len()).zip(labels) {
            if let Ok(label) = usize::try_from(label) {
                self.labels.push(label);
                let centred = row.iter().zip(mean).map(|(&x, mean)| f64::from(x) - mean);
                self.inputs.extend(centred);
            }
        }
    }

    /// Sets `outputs` to the logits of the rows taken.
    pub(crate) fn multiply(&mut self, layer: &[f64]) {
        let dim = self.inputs.len() / self.labels.len().max(1);
        self.outputs.clear();
        if dim == 0 {
            return;
        }
        let classes = layer.len() / (dim + 1);
        let (weight, bias) = layer.split_at(classes * dim);
        self.outputs.resize(self.labels.len() * classes, 0.0);
        let inputs = Rows::new(&self.inputs, dim);
        product_nt(&mut self.outputs, inputs, Rows::new(weight, dim));
        for row in self.outputs.chunks_exact_mut(classes) {
            row.iter_mut().zip(bias).for_each(|(l, b)| *l += b);
        }
    }

    /// Adds `outputs^T inputs` to the sums of the weights and the columns of `outputs` to those of
    /// the biases.
    fn gather(&mut self) {
        let Some(dim) = self.inputs.len().checked_div(self.labels.len()) else {
            return;
        };
        let classes = self.outputs.len() / self.labels.len();
        let (of_weights, of_biases) = self.sums.split_at_mut(classes * dim);
        for row in self.outputs.chunks_exact(classes) {
            of_biases.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        let outputs = Rows::new(&self.outputs, classes);
        product_tn(of_weights, outputs, Rows::new(&self.inputs, dim));
    }

    /// Adds the gradient of the rows taken; returns the sum of their losses.
    pub(crate) fn add_gradient(&mut self) -> f64 {
        let classes = self.outputs.len() / self.labels.len().max(1);
        let rows = self.outputs.chunks_exact_mut(classes.max(1));
        let losses = rows
            .zip(&self.labels)
            .map(|(row, &label)| loss_and_residual(row, label))
            .sum();
        self.gather();
        losses
    }

    /// Adds the second derivatives of the rows taken.
    pub(crate) fn add_curvature(&mut self) {
        let classes = self.outputs.len() / self.labels.len().max(1);
        for row in self.outputs.chunks_exact_mut(classes.max(1)) {
            probabilities(row);
            row.iter_mut().for_each(|p| *p *= 1.0 - *p);
        }
        self.inputs.iter_mut().for_each(|z| *z *= *z);
        self.gather();
    }
}

/// Turns the logits of a row into `softmax - onehot(label)` and gives its loss
/// `logsumexp(logits) - logits[label]`, both safe for logits of any size.
fn loss_and_residual(logits: &mut [f64], label: usize) -> f64 {
    let of_label = logits[label];
    let (max, sum) = probabilities(logits);
    logits[label] -= 1.0;
    (max - of_label) + sum.ln()
}

/// Turns the logits of a row into probabilities; gives the largest logit and the sum of the
/// exponentials of their distances from it.
fn probabilities(logits: &mut [f64]) -> (f64, f64) {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|l| *l = exp(*l - max));
    let sum: f64 = logits.iter().sum();
    logits.iter_mut().for_each(|p| *p /= sum);
    (max, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_residual_by_hand() {
        let mut logits = [0.0, 3f64.ln()];
        assert!((loss_and_residual(&mut logits, 0) - 4f64.ln()).abs() < 1e-15);
        assert!((logits[0] + 0.75).abs() < 4e-15 && (logits[1] - 0.75).abs() < 4e-15);
        let mut large = [1e300, -1e300];
        assert_eq!(loss_and_residual(&mut large, 1), 2e300);
        assert_eq!(large, [1.0, -1.0]);
    }
}
