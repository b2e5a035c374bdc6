//! Logistic regression on one or two numbers, for Platt and beta scaling.

use std::convert::Infallible;

use qualm_linalg::{Limits, Smooth, minimise};

use super::data::sigmoid;

const LIMITS: Limits = Limits {
    iterations: 1000,
    gradient_norm: 1e-10,
};

/// Weights and bias, last, of least mean cross-entropy of `sigmoid(w . x + b)` and `targets`,
/// which lie between 0 and 1; each row counts as often as `counts` says. `columns` hold the
/// numbers, one slice each.
///
/// Columns are standardised first, which changes the speed and not the result; a constant one
/// gets weight 0. On separable data, where the weights would grow for ever, the search ends
/// when the gradient is at rounding: at finite weights.
pub(crate) fn logistic(columns: &[&[f64]], targets: &[f64], counts: &[f64]) -> Vec<f64> {
    let rows: f64 = counts.iter().sum();
    let moments: Vec<(f64, f64)> = columns
        .iter()
        .map(|column| {
            let average = |of: &dyn Fn(f64) -> f64| -> f64 {
                let all = column.iter().zip(counts);
                all.map(|(&x, count)| of(x) * count).sum::<f64>() / rows
            };
            let mean = average(&|x| x);
            let variance = average(&|x| (x - mean).powi(2));
            // What rounding leaves of a constant column is no variance.
            let constant = variance.sqrt() <= 1e-12 * mean.abs();
            (
                mean,
                if constant {
                    0.0
                } else {
                    variance.sqrt().recip()
                },
            )
        })
        .collect();
    let inputs = columns.iter().zip(&moments).map(|(column, (mean, scale))| {
        let standard = column.iter().map(|x| (x - mean) * scale);
        standard.collect::<Vec<f64>>()
    });
    let mut loss = CrossEntropy {
        inputs: inputs.collect(),
        targets,
        counts,
        rows,
    };
    let start = vec![0.0; columns.len() + 1];
    let Ok(found) = minimise(&mut loss, start, LIMITS, &mut |_, _, _| {});
    let mut at = found.at;
    let bias = columns.len();
    for (i, (mean, scale)) in moments.into_iter().enumerate() {
        at[i] *= scale;
        at[bias] -= at[i] * mean;
    }
    at
}

struct CrossEntropy<'a> {
    inputs: Vec<Vec<f64>>,
    targets: &'a [f64],
    counts: &'a [f64],
    /// The sum of counts.
    rows: f64,
}

impl Smooth for CrossEntropy<'_> {
    type Error = Infallible;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        gradient.fill(0.0);
        let bias = self.inputs.len();
        let mut loss = 0.0;
        let rows = self.targets.iter().zip(self.counts).enumerate();
        for (row, (&target, &count)) in rows {
            let products = self.inputs.iter().zip(at).map(|(x, w)| x[row] * w);
            let z = at[bias] + products.sum::<f64>();
            // -t ln sigmoid(z) - (1 - t) ln(1 - sigmoid(z)), without overflow.
            loss += count * (z.max(0.0) - target * z + (-z.abs()).exp().ln_1p());
            let residual = count * (sigmoid(z) - target);
            for (g, x) in gradient.iter_mut().zip(&self.inputs) {
                *g += residual * x[row];
            }
            gradient[bias] += residual;
        }
        gradient.iter_mut().for_each(|g| *g /= self.rows);
        Ok(loss / self.rows)
    }

    fn norm(&self, gradient: &[f64]) -> f64 {
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_points_by_hand() {
        // At x = 0 a quarter, at x = 1000 three quarters: w = 2 ln 3 / 1000, b = -ln 3.
        let found = logistic(&[&[0.0, 1000.0]], &[0.25, 0.75], &[1.0, 3.0]);
        assert!((found[0] - 2.0 * 3f64.ln() / 1000.0).abs() < 1e-11);
        assert!((found[1] + 3f64.ln()).abs() < 1e-8);
    }

    #[test]
    fn a_constant_column_is_left_to_the_bias() {
        let found = logistic(&[&[0.1, 0.1]], &[1.0, 0.0], &[3.0, 1.0]);
        assert_eq!(found[0], 0.0);
        assert!((found[1] - 3f64.ln()).abs() < 1e-8);
    }

    #[test]
    fn separable_rows_end_at_finite_weights() {
        let found = logistic(&[&[-1.0, -0.5, 0.5, 1.0]], &[0.0, 0.0, 1.0, 1.0], &[1.0; 4]);
        assert!(found.iter().all(|x| x.is_finite()));
        assert!(sigmoid(0.5 * found[0] + found[1]) > 0.999_999);
    }
}
