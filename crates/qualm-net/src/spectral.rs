use qualm_linalg::{Elementary, Rows, norm, product_nn, product_nt, update};

use crate::network::Network;

/// Power steps that the first call takes; later ones start where the last ended.
const FIRST: usize = 30;

/// A weight below this norm moves no vector.
const NOTHING: f64 = 1e-12;

/// Holds the largest singular value of every weight to `limit`, by power iteration (Miyato et al.,
/// ICLR 2018, algorithm 1): a network of 1-Lipschitz activations is then limit^layers-Lipschitz.
///
/// Power iteration comes to the largest singular value from below: one step after each small
/// change of the weights follows it closely, not exactly.
#[derive(Debug, Clone)]
pub struct SpectralLimit<T> {
    limit: f64,
    /// Of each weight, the leading right and left singular vectors.
    vectors: Vec<[Vec<T>; 2]>,
}

impl<T: Elementary> SpectralLimit<T> {
    /// For networks whose weights may have singular values up to `limit`.
    pub fn new(limit: f64) -> Self {
        Self {
            limit,
            vectors: Vec::new(),
        }
    }

    /// Takes one power step a weight, and scales down the weights that are above the limit.
    pub fn hold(&mut self, network: &mut Network<T>) {
        let steps = if self.vectors.is_empty() {
            let layers = network.shape().widths().windows(2);
            self.vectors = layers.map(|pair| start(pair[0], pair[1])).collect();
            FIRST
        } else {
            1
        };
        for (layer, vectors) in self.vectors.iter_mut().enumerate() {
            let weight = network.weight(layer);
            let sigma = (0..steps).fold(0.0, |_, _| power_step(weight, vectors));
            if sigma > self.limit {
                let factor = T::of(self.limit / sigma);
                let weight = network.tensor(2 * layer);
                let weight = &mut network.parameters_mut()[weight];
                update([weight], [], move |[w], []| [factor * w]);
            }
        }
    }
}

/// A right vector to begin with: any that is not orthogonal to the leading one will do.
fn start<T: Elementary>(inputs: usize, outputs: usize) -> [Vec<T>; 2] {
    let right = (0..inputs).map(|i| T::of(1.0 + (i % 7) as f64 * 0.1));
    let mut right: Vec<T> = right.collect();
    make_unit(&mut right);
    [right, vec![T::ZERO; outputs]]
}

/// u = W v and v = W^T u / |W^T u|, where v comes with unit length; gives |u|.
fn power_step<T: Elementary>(weight: Rows<'_, T>, [v, u]: &mut [Vec<T>; 2]) -> f64 {
    product_nt(u, Rows::new(v, v.len()), weight);
    let sigma = norm(u);
    if sigma > NOTHING {
        v.fill(T::ZERO);
        product_nn(v, Rows::new(u, u.len()), weight);
        make_unit(v);
    }
    sigma
}

fn make_unit<T: Elementary>(v: &mut [T]) {
    let factor = T::of(1.0 / norm(v));
    update([v], [], move |[v], []| [factor * v]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Shape};
    use qualm_stats::Stream;

    fn network(weight: [f64; 4]) -> Network<f64> {
        let shape = Shape::new(&[2, 2], Activation::RELU);
        let mut network = Network::new(shape, &mut Stream::new(1, 0));
        network.parameters_mut()[..4].copy_from_slice(&weight);
        network
    }

    #[test]
    fn the_largest_singular_value_is_held() {
        // A rotation times diag(3, 1).
        let mut network = network([0.0, -1.0, 3.0, 0.0]);
        let mut limit = SpectralLimit::new(1.5);
        limit.hold(&mut network);
        let held = network.parameters()[..4].to_vec();
        assert!((held[2] - 1.5).abs() < 1e-9 && (held[1] + 0.5).abs() < 1e-9);
        // What is at its limit stays, but for rounding.
        limit.hold(&mut network);
        assert!((network.parameters()[2] - 1.5).abs() < 1e-9);
    }

    #[test]
    fn a_weight_of_zero_does_not_spoil_what_follows() {
        let mut network = network([0.0; 4]);
        let mut limit = SpectralLimit::new(1.0);
        limit.hold(&mut network);
        network.parameters_mut()[..4].copy_from_slice(&[0.0, -1.0, 3.0, 0.0]);
        for _ in 0..30 {
            limit.hold(&mut network);
        }
        assert!((network.parameters()[2] - 1.0).abs() < 1e-6);
    }
}
