use std::fmt::Debug;

use qualm_linalg::Rows;

use crate::data::Data;
use crate::error::ProxyError;

/// How a proxy is learned: a recipe with its parameters.
pub trait Learner: Debug + Send + Sync {
    /// The recipe as text, in its shortest form that means the same: `mlp(noise=0.2)`.
    fn text(&self) -> String;

    /// Learns from the visible designs. The same data and seed give the same bytes.
    ///
    /// # Errors
    /// When it cannot be learned from these data.
    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError>;
}

/// A learned stand-in for the truth. All numbers are in standard units ([`Data`]).
pub trait Proxy: Debug + Send + Sync {
    /// Predicted values of rows of coordinates.
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64>;

    /// Predicted values of rows of coordinates, and into `gradient`, which has the shape of `x`,
    /// how each changes with its row; nothing where the proxy has no gradient.
    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>>;

    /// Its own doubts: a standard deviation of each prediction.
    fn spread(&self, _x: Rows<'_, f64>) -> Option<Vec<f64>> {
        None
    }

    /// Activations before its last layer.
    fn features(&self, _x: Rows<'_, f64>) -> Option<Features> {
        None
    }

    /// The predictions where each tensor of weights has moved by `share` of its norm in a direction
    /// that the seed draws.
    fn shaken(&self, _x: Rows<'_, f64>, _share: f64, _seed: u64) -> Option<Vec<f64>> {
        None
    }

    /// What a search climbs in place of the proxy itself: RoMA adapts to where the search stands.
    /// `start` are the rows at which it starts, `labels` what is known of them.
    fn moving(&self, _start: Rows<'_, f64>, _labels: &[f64]) -> Option<Box<dyn Objective + '_>> {
        None
    }

    /// The search that belongs to the method, where it prescribes one.
    fn own_search(&self) -> Option<OwnSearch> {
        None
    }

    /// Why a prediction since it was made is no number, for proxies that can fail.
    fn failure(&self) -> Option<ProxyError> {
        None
    }
}

/// Activations of rows, n x width.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Row by row.
    pub values: Vec<f32>,
    /// Activations a row.
    pub width: usize,
}

/// Plain ascent as a method prescribes it for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnSearch {
    /// Number of steps.
    pub steps: usize,
    /// What the gradient is multiplied with at each step.
    pub rate: f64,
}

/// What an ascent climbs, step after step.
pub trait Objective {
    /// The proxy's values at rows of coordinates, and into `gradient` the direction of ascent of
    /// each row; nothing where there is no gradient.
    fn step(&mut self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>>;
}

/// The objective of a search over `proxy` from labelled starts: the proxy's own, or the proxy as
/// it stands.
pub fn objective<'a>(
    proxy: &'a dyn Proxy,
    start: Rows<'_, f64>,
    labels: &[f64],
) -> Box<dyn Objective + 'a> {
    let moving = proxy.moving(start, labels);
    moving.unwrap_or_else(|| Box::new(Still(proxy)))
}

struct Still<'a>(&'a dyn Proxy);

impl Objective for Still<'_> {
    fn step(&mut self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        self.0.climb(x, gradient)
    }
}
