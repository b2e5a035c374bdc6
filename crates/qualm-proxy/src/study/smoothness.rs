use qualm_linalg::Rows;

use super::outcome::Quantiles;
use crate::measures::{lipschitz, quantile};
use crate::proxy::Proxy;

/// Share of their norm by which weights are shaken.
const SHAKE: f64 = 0.01;
/// Standard deviations by which each coordinate moves when neighbours are compared.
const REACH: f64 = 0.1;

/// How smooth a proxy is at rows, in standard units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Smoothness {
    /// Lengths of gradients, where it has any.
    pub(super) slopes: Option<Quantiles>,
    /// Differences to neighbours, by their distance.
    pub(super) steepness: Quantiles,
    /// Root mean squared change when weights move, where it has any.
    pub(super) shaken: Option<f64>,
}

impl Smoothness {
    pub(super) fn at(proxy: &dyn Proxy, x: Rows<'_, f64>, seed: u64) -> Self {
        Self {
            slopes: slopes(proxy, x),
            steepness: quantiles(&lipschitz(proxy, x, REACH, seed)),
            shaken: shaken(proxy, x, seed),
        }
    }
}

fn slopes(proxy: &dyn Proxy, x: Rows<'_, f64>) -> Option<Quantiles> {
    let mut gradient = vec![0.0; x.data().len()];
    proxy.climb(x, &mut gradient)?;
    let rows = gradient.chunks_exact(x.width());
    let lengths: Vec<f64> = rows
        .map(|g| g.iter().map(|g| g * g).sum::<f64>().sqrt())
        .collect();
    Some(quantiles(&lengths))
}

fn shaken(proxy: &dyn Proxy, x: Rows<'_, f64>, seed: u64) -> Option<f64> {
    let moved = proxy.shaken(x, SHAKE, seed)?;
    let squares = moved
        .iter()
        .zip(proxy.predict(x))
        .map(|(a, b)| (a - b) * (a - b));
    Some((squares.sum::<f64>() / moved.len() as f64).sqrt())
}

fn quantiles(values: &[f64]) -> Quantiles {
    let [p50, p95, p100] = [0.5, 0.95, 1.0].map(|q| quantile(values, q));
    Quantiles { p50, p95, p100 }
}
