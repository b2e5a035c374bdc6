use std::convert::Infallible;

use qualm_linalg::{
    Limits, Rows, Smooth, inverse_cholesky, minimise, packed_len, product_nt, product_tn,
    squared_norm,
};
use qualm_stats::Stream;

use super::Entry;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "gp",
    what: "exact Gaussian process, Matern-5/2, whose length, height and noise maximise the \
           likelihood of a draw of the visible designs",
    paper: "Rasmussen and Williams 2006, equations 4.17 and 5.9",
    parameters: "points=800",
    parse,
};

const POINTS: usize = 800;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    let points = words.take_or("points", POINTS, "a whole number from 2 to 4000", |p| {
        (2..=4000).contains(p)
    })?;
    Ok(Box::new(GaussianProcess { points }))
}

/// A Gaussian process on at most so many designs, drawn by the seed.
///
/// k(r) = h (1 + q + q^2 / 3) e^-q with q = sqrt(5) r / l, and noise n on the diagonal. The three
/// logarithms start at l = sqrt(d), h = 1, n = 0.1 and go down the negative log likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianProcess {
    points: usize,
}

/// Logarithms of length, height and noise.
type Parameters = [f64; 3];

/// Noise of labels without noise: below it the covariance loses its last digits.
const LEAST_NOISE: f64 = 1e-6;

/// Rows whose spread is computed at once.
const BLOCK: usize = 256;

/// Steps of the fit of three numbers.
const LIMITS: Limits = Limits {
    iterations: 40,
    gradient_norm: 1e-2,
};

impl Learner for GaussianProcess {
    fn text(&self) -> String {
        let parameters = [("points", self.points as f64, POINTS as f64)];
        recipe("gp", &changed(&parameters))
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let mut places: Vec<usize> = (0..data.len()).collect();
        Stream::new(seed, 2).shuffle(&mut places);
        places.truncate(self.points);
        places.sort_unstable();
        let width = data.width();
        let mut likelihood = Likelihood {
            x: places
                .iter()
                .flat_map(|&at| data.x().row(at))
                .copied()
                .collect(),
            y: places.iter().map(|&at| data.y()[at]).collect(),
            width,
        };
        let start = vec![(width as f64).sqrt().ln(), 0.0, 0.1f64.ln()];
        let found = match minimise(&mut likelihood, start, LIMITS, &mut |_, _, _| {}) {
            Ok(found) => found,
            Err(never) => match never {},
        };
        let parameters = [found.at[0], found.at[1], found.at[2]];
        let solved = likelihood
            .solve(&parameters)
            .ok_or_else(|| ProxyError::Fit {
                proxy: self.text(),
                task: data.origin().into(),
                problem: "its covariance is singular; take fewer points".into(),
            })?;
        Ok(Box::new(GaussianProcessProxy {
            x: likelihood.x,
            width,
            kernel: Kernel::new(&parameters),
            weights: solved.weights,
            factor: solved.factor,
        }))
    }
}

#[derive(Debug, Clone, Copy)]
struct Kernel {
    length: f64,
    height: f64,
    noise: f64,
}

impl Kernel {
    fn new(parameters: &Parameters) -> Self {
        let [length, height, noise] = parameters.map(f64::exp);
        Self {
            length,
            height,
            noise: noise + LEAST_NOISE,
        }
    }

    /// Covariance at a distance, and -l^2 / (r) times its derivative by r: what a gradient by x - b,
    /// and one by log l after multiplication with r^2 / l^2, have in common.
    fn at(&self, r: f64) -> (f64, f64) {
        let q = 5f64.sqrt() * r / self.length;
        let fall = self.height * (-q).exp();
        (fall * (1.0 + q + q * q / 3.0), fall * 5.0 / 3.0 * (1.0 + q))
    }
}

/// Negative log marginal likelihood of the three parameters.
struct Likelihood {
    x: Vec<f64>,
    y: Vec<f64>,
    width: usize,
}

/// Inverse Cholesky factor of the covariance, and its inverse times the labels.
struct Solved {
    factor: Vec<f64>,
    weights: Vec<f64>,
}

impl Likelihood {
    fn row(&self, at: usize) -> &[f64] {
        &self.x[at * self.width..][..self.width]
    }

    fn solve(&self, parameters: &Parameters) -> Option<Solved> {
        let kernel = Kernel::new(parameters);
        let n = self.y.len();
        let mut covariance = vec![0.0; packed_len(n)];
        for i in 0..n {
            for j in 0..i {
                covariance[packed_len(i) + j] = kernel.at(distance(self.row(i), self.row(j))).0;
            }
            covariance[packed_len(i) + i] = kernel.height + kernel.noise;
        }
        let factor = inverse_cholesky(&covariance, n).ok()?;
        let half: Vec<f64> = factor
            .chunks_exact(n)
            .map(|row| dot(row, &self.y))
            .collect();
        let mut weights = vec![0.0; n];
        for (row, half) in factor.chunks_exact(n).zip(half) {
            weights
                .iter_mut()
                .zip(row)
                .for_each(|(w, l)| *w += l * half);
        }
        Some(Solved { factor, weights })
    }
}

impl Smooth for Likelihood {
    type Error = Infallible;

    /// -log p(y) = y^T w / 2 + log |K| / 2 + n log(2 pi) / 2 with w = K^-1 y, and by a parameter
    /// tr((K^-1 - w w^T) dK) / 2.
    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Infallible> {
        let parameters = [at[0], at[1], at[2]];
        let Some(solved) = self.solve(&parameters) else {
            gradient.fill(0.0);
            return Ok(f64::INFINITY);
        };
        let kernel = Kernel::new(&parameters);
        let n = self.y.len();
        let factor = Rows::new(&solved.factor, n);
        let mut inverse = vec![0.0; n * n];
        product_tn(&mut inverse, factor, factor);
        let w = &solved.weights;
        gradient.fill(0.0);
        for i in 0..n {
            for j in 0..=i {
                let both = if i == j { 0.5 } else { 1.0 };
                let weight = both * (inverse[i * n + j] - w[i] * w[j]);
                let r = distance(self.row(i), self.row(j));
                let (value, slope) = kernel.at(r);
                gradient[0] += weight * slope * (r / kernel.length).powi(2);
                gradient[1] += weight * value;
                if i == j {
                    gradient[2] += weight * (kernel.noise - LEAST_NOISE);
                }
            }
        }
        let log_determinant: f64 = (0..n).map(|i| -2.0 * solved.factor[i * n + i].ln()).sum();
        let constant = n as f64 * std::f64::consts::TAU.ln();
        Ok((dot(&self.y, w) + log_determinant + constant) / 2.0)
    }

    fn norm(&self, gradient: &[f64]) -> f64 {
        gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
    }
}

/// A fitted [`GaussianProcess`].
#[derive(Debug, Clone)]
pub struct GaussianProcessProxy {
    x: Vec<f64>,
    width: usize,
    kernel: Kernel,
    weights: Vec<f64>,
    factor: Vec<f64>,
}

impl GaussianProcessProxy {
    fn points(&self) -> impl Iterator<Item = &[f64]> {
        self.x.chunks_exact(self.width)
    }
}

impl Proxy for GaussianProcessProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let mean = |row: &[f64]| {
            let values = self
                .points()
                .map(|point| self.kernel.at(distance(row, point)).0);
            values.zip(&self.weights).map(|(k, w)| k * w).sum()
        };
        x.data().chunks_exact(self.width).map(mean).collect()
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        let scale = -1.0 / (self.kernel.length * self.kernel.length);
        let rows = x
            .data()
            .chunks_exact(self.width)
            .zip(gradient.chunks_exact_mut(self.width));
        let values = rows.map(|(row, gradient)| {
            gradient.fill(0.0);
            let mut mean = 0.0;
            for (point, w) in self.points().zip(&self.weights) {
                let (value, slope) = self.kernel.at(distance(row, point));
                mean += w * value;
                for ((g, a), b) in gradient.iter_mut().zip(row).zip(point) {
                    *g += w * scale * slope * (a - b);
                }
            }
            mean
        });
        Some(values.collect())
    }

    /// Root of k(x, x) - |L^-1 k|^2, without the noise of labels.
    fn spread(&self, x: Rows<'_, f64>) -> Option<Vec<f64>> {
        let n = self.weights.len();
        let mut spread = Vec::with_capacity(x.len());
        for block in x.data().chunks(BLOCK * self.width) {
            let rows = block.chunks_exact(self.width);
            let covariances: Vec<f64> = rows
                .flat_map(|row| {
                    self.points()
                        .map(|point| self.kernel.at(distance(row, point)).0)
                })
                .collect();
            let mut white = vec![0.0; covariances.len()];
            product_nt(
                &mut white,
                Rows::new(&covariances, n),
                Rows::new(&self.factor, n),
            );
            let known = white.chunks_exact(n).map(squared_norm);
            spread.extend(known.map(|known| (self.kernel.height - known).max(0.0).sqrt()));
        }
        Some(spread)
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter()
        .zip(y)
        .map(|(x, y)| (x - y) * (x - y))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::{bowl, correlation};

    #[test]
    fn gradients_of_the_likelihood_agree_with_differences() {
        let data = bowl();
        let mut likelihood = Likelihood {
            x: data.x().data()[..40].to_vec(),
            y: data.y()[..20].to_vec(),
            width: 2,
        };
        let at = [0.3, -0.2, -1.0];
        let mut gradient = [0.0; 3];
        let Ok(_) = likelihood.evaluate(&at, &mut gradient);
        for parameter in 0..3 {
            let mut moved = |by: f64| {
                let mut at = at;
                at[parameter] += by;
                let Ok(value) = likelihood.evaluate(&at, &mut [0.0; 3]);
                value
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (numeric / gradient[parameter] - 1.0).abs() < 1e-5,
                "{parameter}"
            );
        }
    }

    #[test]
    fn it_learns_and_knows_where_its_points_are() {
        let data = bowl();
        let proxy = GaussianProcess { points: 120 }
            .fit(&data, 1)
            .expect("it fits");
        assert!(correlation(&proxy.predict(data.x()), data.y()) > 0.99);
        let spread = proxy
            .spread(Rows::new(&[0.0, 0.0, 30.0, 30.0], 2))
            .expect("it has one");
        assert!(spread[1] > 5.0 * spread[0], "{spread:?}");
    }

    #[test]
    fn one_point_by_hand() {
        // K = h + n, so the variance at distance r is h - k(r)^2 / (h + n).
        let kernel = Kernel {
            length: 5f64.sqrt(),
            height: 2.0,
            noise: 0.5,
        };
        let proxy = GaussianProcessProxy {
            x: vec![0.0],
            width: 1,
            kernel,
            weights: vec![1.0 / 2.5],
            factor: vec![1.0 / 2.5f64.sqrt()],
        };
        let x: Vec<f64> = (0..300).map(|i| f64::from(i) / 100.0).collect();
        let spread = proxy.spread(Rows::new(&x, 1)).expect("it has one");
        let at_one = 2.0 * (-1f64).exp() * (1.0 + 1.0 + 1.0 / 3.0);
        assert!((spread[0] - (2.0f64 - 4.0 / 2.5).sqrt()).abs() < 1e-12);
        assert!((spread[100] - (2.0 - at_one * at_one / 2.5).sqrt()).abs() < 1e-12);
        let value = proxy.predict(Rows::new(&[1.0], 1))[0];
        assert!((value - at_one / 2.5).abs() < 1e-12);
    }

    #[test]
    fn gradients_of_the_mean_agree_with_differences() {
        let data = bowl();
        let likelihood = Likelihood {
            x: data.x().data()[..80].to_vec(),
            y: data.y()[..40].to_vec(),
            width: 2,
        };
        let parameters = [0.2, 0.1, -2.0];
        let solved = likelihood
            .solve(&parameters)
            .expect("noise makes it definite");
        let proxy = GaussianProcessProxy {
            x: likelihood.x,
            width: 2,
            kernel: Kernel::new(&parameters),
            weights: solved.weights,
            factor: solved.factor,
        };
        let x = [0.4, -1.1];
        let mut gradient = [0.0; 2];
        proxy.climb(Rows::new(&x, 2), &mut gradient);
        for at in 0..2 {
            let moved = |by: f64| {
                let mut x = x;
                x[at] += by;
                proxy.predict(Rows::new(&x, 2))[0]
            };
            let numeric = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            let error = (numeric - gradient[at]).abs() / gradient[0].hypot(gradient[1]);
            assert!(error < 1e-5, "{error}");
        }
    }
}
