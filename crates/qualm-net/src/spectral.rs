use qualm_linalg::{Elementary, norm};

use crate::network::Network;

/// Power steps that the first call takes; later ones start where the last ended.
const FIRST: usize = 30;

/// Holds the largest singular value of every weight at `limit` at most, by power iteration
/// (Miyato et al., ICLR 2018): a network of 1-Lipschitz activations is then limit^layers-Lipschitz.
#[derive(Debug, Clone)]
pub struct SpectralLimit {
    limit: f64,
    vectors: Vec<Vec<f64>>,
}

impl SpectralLimit {
    /// For networks whose weights may have singular values up to `limit`.
    pub fn new(limit: f64) -> Self {
        Self {
            limit,
            vectors: Vec::new(),
        }
    }

    /// Takes one power step a weight, and scales down the weights that are above the limit.
    pub fn hold<T: Elementary>(&mut self, network: &mut Network<T>) {
        let widths = network.shape().widths().to_vec();
        let steps = if self.vectors.is_empty() {
            // Any vector that is not orthogonal to the leading one will do.
            let start = |width: usize| (0..width).map(|i| 1.0 + (i % 7) as f64 * 0.1).collect();
            self.vectors = widths[..widths.len() - 1]
                .iter()
                .map(|&width| start(width))
                .collect();
            FIRST
        } else {
            1
        };
        for (layer, v) in self.vectors.iter_mut().enumerate() {
            let weight = network.tensor(2 * layer);
            let weight = &mut network.parameters_mut()[weight];
            let sigma = (0..steps).fold(0.0, |_, _| power_step(weight, v));
            if sigma > self.limit {
                let factor = T::of(self.limit / sigma);
                for w in weight {
                    *w *= factor;
                }
            }
        }
    }
}

/// Replaces the unit vector v by W^T W v of unit length, and gives |W v|.
fn power_step<T: Elementary>(weight: &[T], v: &mut [f64]) -> f64 {
    let mut next = vec![0.0; v.len()];
    let length = norm(v);
    let mut squares = 0.0;
    for row in weight.chunks_exact(v.len()) {
        let u = row.iter().zip(&*v).map(|(&w, v)| w.into() * v).sum::<f64>() / length;
        squares += u * u;
        for (next, &w) in next.iter_mut().zip(row) {
            *next += u * w.into();
        }
    }
    v.copy_from_slice(&next);
    squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Shape};
    use qualm_stats::Stream;

    #[test]
    fn the_largest_singular_value_is_held() {
        let shape = Shape::new(&[2, 2], Activation::RELU);
        let mut network = Network::<f64>::new(shape, &mut Stream::new(1, 0));
        // A rotation times diag(3, 1).
        network.parameters_mut()[..4].copy_from_slice(&[0.0, -1.0, 3.0, 0.0]);
        SpectralLimit::new(1.5).hold(&mut network);
        let held = &network.parameters()[..4];
        assert!(
            (held[2] - 1.5).abs() < 1e-6 && (held[1] + 0.5).abs() < 1e-6,
            "{held:?}"
        );
    }
}
