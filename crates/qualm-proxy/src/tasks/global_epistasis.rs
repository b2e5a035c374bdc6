use std::convert::Infallible;

use qualm_linalg::{Limits, Smooth, minimise};

/// y = a + b sigmoid(c + sum of the weights of what a design has): effects that add up, seen through
/// a curve that saturates (global epistasis; Otwinowski, McCandlish and Plotkin, PNAS 2018,
/// equation 1, with a logistic curve).
#[derive(Debug, Clone)]
pub(super) struct GlobalEpistasis {
    /// a, b, c, then the weights.
    parameters: Vec<f64>,
}

/// Penalty on squared weights, over the squared error of a row: right for labels that deviate by .3
/// from such a curve (measured, .24 on proteins that were held back) and for weights of about 1.
const PENALTY: f64 = 0.1;
const CURVE: usize = 3;
const LIMITS: Limits = Limits {
    iterations: 500,
    gradient_norm: 1e-6,
};

impl GlobalEpistasis {
    /// Fits the curve and `weights` weights by penalised least squares; `rows` name the weights
    /// that each design has.
    pub(super) fn fit(weights: usize, rows: &[Vec<usize>], labels: &[f64]) -> Self {
        let low = labels.iter().copied().fold(f64::INFINITY, f64::min);
        let high = labels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // What has nothing is near the top, on the curve's upper bend.
        let mut start = vec![0.0; CURVE + weights];
        start[..CURVE].copy_from_slice(&[low, high - low, 2.0]);
        let Ok(found) = minimise(&mut Loss { rows, labels }, start, LIMITS, &mut |_, _, _| {});
        Self {
            parameters: found.at,
        }
    }

    /// The value of a design that has these weights.
    pub(super) fn value(&self, has: impl Iterator<Item = usize>) -> f64 {
        let [low, height, _] = curve(&self.parameters);
        low + height * sigmoid(sum(&self.parameters, has))
    }
}

fn curve(parameters: &[f64]) -> [f64; CURVE] {
    [parameters[0], parameters[1], parameters[2]]
}

fn sum(parameters: &[f64], has: impl Iterator<Item = usize>) -> f64 {
    parameters[2] + has.map(|at| parameters[CURVE + at]).sum::<f64>()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// (sum of squared errors + penalty * |w|^2) / n.
struct Loss<'a> {
    rows: &'a [Vec<usize>],
    labels: &'a [f64],
}

impl Smooth for Loss<'_> {
    type Error = Infallible;

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        let [low, height, _] = curve(at);
        let n = self.rows.len() as f64;
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (row, label) in self.rows.iter().zip(self.labels) {
            let share = sigmoid(sum(at, row.iter().copied()));
            let error = low + height * share - label;
            loss += error * error / n;
            let slope = 2.0 * error / n;
            gradient[0] += slope;
            gradient[1] += slope * share;
            let slope = slope * height * share * (1.0 - share);
            gradient[2] += slope;
            row.iter()
                .for_each(|&place| gradient[CURVE + place] += slope);
        }
        for (weight, gradient) in at[CURVE..].iter().zip(&mut gradient[CURVE..]) {
            loss += PENALTY * weight * weight / n;
            *gradient += 2.0 * PENALTY * weight / n;
        }
        Ok(loss)
    }

    fn norm(&self, gradient: &[f64]) -> f64 {
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let rows = [vec![], vec![0], vec![0, 1]];
        let mut loss = Loss {
            rows: &rows,
            labels: &[1.0, 0.5, 0.2],
        };
        let at = [0.1, 0.8, 0.3, -0.7, 0.4];
        let (mut gradient, mut unused) = ([0.0; 5], [0.0; 5]);
        let mut value = |at: &[f64], gradient: &mut [f64]| {
            let Ok(value) = loss.evaluate(at, gradient);
            value
        };
        value(&at, &mut gradient);
        for place in 0..at.len() {
            let mut beside = |step: f64| {
                let mut at = at;
                at[place] += step;
                value(&at, &mut unused)
            };
            let slope = (beside(1e-6) - beside(-1e-6)) / 2e-6;
            assert!((slope - gradient[place]).abs() < 1e-8, "{place}");
        }
    }

    #[test]
    fn planted_effects_are_found_in_their_order() {
        // Four effects in all sixteen combinations, seen through 1 + 2 sigmoid(1 + sum), each a
        // hundred times: the penalty bends sixteen rows alone.
        let effects = [-4.0, -2.0, 0.5, 1.5];
        let rows: Vec<Vec<usize>> = (0..1_600)
            .map(|set: usize| (0..4).filter(|at| set >> at & 1 == 1).collect())
            .collect();
        let of = |row: &Vec<usize>| {
            1.0 + 2.0 * sigmoid(1.0 + row.iter().map(|&at| effects[at]).sum::<f64>())
        };
        let labels: Vec<f64> = rows.iter().map(of).collect();
        let model = GlobalEpistasis::fit(4, &rows, &labels);
        for (row, label) in rows.iter().zip(&labels) {
            let value = model.value(row.iter().copied());
            assert!((value - label).abs() < 0.02, "{row:?} {value} {label}");
        }
        assert!(model.parameters[CURVE..].is_sorted(), "{model:?}");
    }
}
