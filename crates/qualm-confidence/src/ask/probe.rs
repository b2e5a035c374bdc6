//! P(I know): a logistic probe from a hidden state to whether the answer will be right.

use std::convert::Infallible;

use qualm_linalg::{Limits, Smooth, minimise};

/// Steps at most; well-conditioned problems of this size take some dozens.
const LIMITS: Limits = Limits {
    iterations: 500,
    gradient_norm: 1e-6,
};

/// The penalty on squared weights, for inputs of unit variance, beside the mean loss. Fixed
/// beforehand: with more hidden numbers than questions a probe without it is certain of all it has
/// seen.
const PENALTY: f64 = 0.1;

/// `sigmoid(w (x - mean) / deviation + b)`, fitted by maximum likelihood with an L2 penalty on `w`
/// (Kadavath et al. 2022 train such a head; Lin, Hilton, Evans 2022 probe embeddings linearly).
#[derive(Debug, Clone)]
pub struct Probe {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// One weight a hidden number, then the intercept.
    weights: Vec<f64>,
}

impl Probe {
    /// Fits the probe; `None` without rows of both kinds, of which nothing can be learned.
    #[must_use]
    pub fn fit(hidden: &[&[f32]], correct: &[bool]) -> Option<Probe> {
        let width = hidden.first()?.len();
        if correct.iter().all(|right| *right) || !correct.iter().any(|right| *right) {
            return None;
        }
        let rows = hidden.len() as f64;
        let column = |of: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
            (0..width)
                .map(|at| {
                    hidden
                        .iter()
                        .map(|row| of(at, f64::from(row[at])))
                        .sum::<f64>()
                        / rows
                })
                .collect()
        };
        let mean = column(&|_, value| value);
        let variance = column(&|at, value| (value - mean[at]).powi(2));
        // What never changes says nothing: any divisor will do.
        let deviation = variance
            .iter()
            .map(|v| if *v > 0.0 { v.sqrt() } else { 1.0 })
            .collect();
        let mut probe = Probe {
            mean,
            deviation,
            weights: vec![0.0; width + 1],
        };
        let inputs: Vec<Vec<f64>> = hidden.iter().map(|row| probe.standardised(row)).collect();
        let mut loss = Loss {
            inputs: &inputs,
            correct,
        };
        let found = minimise(&mut loss, probe.weights, LIMITS, &mut |_, _, _| {});
        let Ok(found) = found;
        probe.weights = found.at;
        Some(probe)
    }

    /// The probability that an answer will be right.
    #[must_use]
    pub fn probability(&self, hidden: &[f32]) -> f64 {
        sigmoid(margin(&self.standardised(hidden), &self.weights))
    }

    fn standardised(&self, hidden: &[f32]) -> Vec<f64> {
        let scales = self.mean.iter().zip(&self.deviation);
        let one = |(value, (mean, deviation)): (&f32, (&f64, &f64))| {
            (f64::from(*value) - mean) / deviation
        };
        hidden.iter().zip(scales).map(one).collect()
    }
}

/// Probabilities for rows that the probe has not seen: `folds` probes, each fitted to what is not
/// in its fold. A row's fold is its place modulo the number of folds. `None` where a probe cannot
/// be fitted.
#[must_use]
pub fn held_out(hidden: &[&[f32]], correct: &[bool], folds: usize) -> Option<Vec<f64>> {
    let mut probabilities = vec![0.0; hidden.len()];
    for fold in 0..folds {
        let others: Vec<usize> = (0..hidden.len())
            .filter(|row| row % folds != fold)
            .collect();
        let rows: Vec<&[f32]> = others.iter().map(|&row| hidden[row]).collect();
        let right: Vec<bool> = others.iter().map(|&row| correct[row]).collect();
        let probe = Probe::fit(&rows, &right)?;
        for row in (fold..hidden.len()).step_by(folds) {
            probabilities[row] = probe.probability(hidden[row]);
        }
    }
    Some(probabilities)
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn margin(input: &[f64], weights: &[f64]) -> f64 {
    let product: f64 = input.iter().zip(weights).map(|(x, w)| x * w).sum();
    product + weights[input.len()]
}

struct Loss<'a> {
    inputs: &'a [Vec<f64>],
    correct: &'a [bool],
}

impl Smooth for Loss<'_> {
    type Error = Infallible;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        gradient.fill(0.0);
        let rows = self.inputs.len() as f64;
        let mut loss = 0.0;
        let intercept = at.len() - 1;
        for (input, &right) in self.inputs.iter().zip(self.correct) {
            let z = margin(input, at);
            let signed = if right { -z } else { z };
            loss += signed.max(0.0) + (-signed.abs()).exp().ln_1p();
            let slope = (sigmoid(z) - f64::from(u8::from(right))) / rows;
            for (sum, x) in gradient.iter_mut().zip(input) {
                *sum += slope * x;
            }
            gradient[intercept] += slope;
        }
        let mut penalty = 0.0;
        for (sum, w) in gradient.iter_mut().zip(&at[..intercept]) {
            *sum += PENALTY * w;
            penalty += w * w;
        }
        Ok(loss / rows + PENALTY * penalty / 2.0)
    }

    fn norm(&self, gradient: &[f64]) -> f64 {
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use qualm_stats::Stream;

    use super::*;

    #[test]
    fn a_planted_direction_is_found_and_noise_is_not() {
        let mut stream = Stream::new(5, 0);
        let mut hidden = Vec::new();
        let mut correct = Vec::new();
        for _ in 0..400 {
            let row: Vec<f32> = (0..30).map(|_| stream.normal() as f32).collect();
            correct.push(stream.unit() < sigmoid(3.0 * f64::from(row[4])));
            hidden.push(row);
        }
        let rows: Vec<&[f32]> = hidden.iter().map(Vec::as_slice).collect();
        let auroc = |correct: &[bool]| {
            let probabilities = held_out(&rows, correct, 5).unwrap();
            let levels = crate::measures::Levels::new(&probabilities, correct).unwrap();
            crate::measures::auroc(&levels).unwrap()
        };
        assert!(auroc(&correct) > 0.85);
        let coin: Vec<bool> = (0..400).map(|_| stream.unit() < 0.5).collect();
        assert!((auroc(&coin) - 0.5).abs() < 0.12);
    }

    #[test]
    fn one_kind_of_answer_teaches_nothing() {
        let row = [1.0_f32, 2.0];
        assert!(Probe::fit(&[&row, &row], &[true, true]).is_none());
        assert!(Probe::fit(&[], &[]).is_none());
    }
}
