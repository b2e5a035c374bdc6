use std::sync::OnceLock;

use qualm_data::Head;
use qualm_stats::random::Stream;
use rayon::prelude::*;

/// How a head is perturbed, again and again: row `c` of head `j` becomes
/// `w_c + delta ||w_c|| g / ||g||` with `g` drawn from the standard normal distribution; the bias
/// stays.
///
/// Head `j` draws row after row from stream `j` of the seed, so that the heads follow from these
/// three numbers and are never written down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Perturbation {
    /// Number of heads, r.
    pub(crate) heads: usize,
    /// Length of the noise beside that of the weights; above zero.
    pub(crate) delta: f64,
    pub(crate) seed: u64,
}

/// The heads of a [`Perturbation`], drawn when they are first looked at.
#[derive(Debug)]
pub(crate) struct PerturbedHeads {
    pub(crate) perturbation: Perturbation,
    weight: OnceLock<Vec<f32>>,
}

impl Perturbation {
    /// Bytes of the weights of all heads.
    pub(crate) fn bytes(self, dim: u64, classes: u64) -> u64 {
        let numbers = (self.heads as u64).saturating_mul(classes.saturating_mul(dim));
        numbers.saturating_mul(size_of::<f32>() as u64)
    }
}

impl PerturbedHeads {
    pub(crate) fn new(perturbation: Perturbation) -> Self {
        Self {
            perturbation,
            weight: OnceLock::new(),
        }
    }

    /// The weights that `head` becomes, row-major `C x D`, one head after the other. All calls give
    /// the same head.
    pub(crate) fn weight(&self, head: &Head) -> &[f32] {
        self.weight.get_or_init(|| self.draw(head))
    }

    fn draw(&self, head: &Head) -> Vec<f32> {
        let Perturbation { heads, delta, seed } = self.perturbation;
        let (dim, size) = (head.dim(), head.weight().len());
        let mut weight = vec![0.0; heads * size];
        weight
            .par_chunks_exact_mut(size)
            .enumerate()
            .for_each(|(number, perturbed)| {
                let mut stream = Stream::new(seed, number as u64);
                let mut noise = vec![0.0; dim];
                let rows = perturbed.chunks_exact_mut(dim);
                for (to, from) in rows.zip(head.weight().chunks_exact(dim)) {
                    noise.fill_with(|| stream.normal());
                    let length = noise.iter().map(|g| g * g).sum::<f64>().sqrt();
                    let scale = match length > 0.0 {
                        true => delta * qualm_linalg::norm(from) / length,
                        false => 0.0,
                    };
                    for ((to, &from), g) in to.iter_mut().zip(from).zip(&noise) {
                        *to = (f64::from(from) + scale * g) as f32;
                    }
                }
            });
        weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(heads: usize, seed: u64) -> PerturbedHeads {
        PerturbedHeads::new(Perturbation {
            heads,
            delta: 0.5,
            seed,
        })
    }

    #[test]
    fn noise_is_as_long_as_delta_says_and_no_row_has_another_s() {
        // Rows of length 5, 0 and 2.
        let weight = vec![3.0, 4.0, 0.0, 0.0, 0.0, -2.0];
        let head = Head::new(weight.clone(), vec![1.0; 3], 2).unwrap();
        let heads = heads(4, 1);
        let mut seen: Vec<[f32; 2]> = Vec::new();
        for perturbed in heads.weight(&head).chunks(6) {
            for (row, (to, from)) in perturbed.chunks(2).zip(weight.chunks(2)).enumerate() {
                let noise = [to[0] - from[0], to[1] - from[1]];
                let length = f64::from(noise[0].hypot(noise[1]));
                assert!((length - [2.5, 0.0, 1.0][row]).abs() < 1e-6, "{noise:?}");
                assert!(row == 1 || !seen.contains(&noise));
                seen.push(noise);
            }
        }
    }

    #[test]
    fn more_heads_begin_with_the_same_ones() {
        let head = Head::new(crate::testing::numbers(12, 1), vec![0.0; 3], 4).unwrap();
        let (few, many) = (heads(2, 7), heads(5, 7));
        assert_eq!(few.weight(&head), &many.weight(&head)[..24]);
        assert_ne!(few.weight(&head), heads(2, 8).weight(&head));
    }
}
