//! Steps that treat the tensors of a network each by its own length.

use std::ops::Range;

use qualm_linalg::{Elementary, add_multiple, norm, update};

/// Euclidean norms of all tensors.
pub fn norms<T: Elementary>(parameters: &[T], tensors: &[Range<usize>]) -> Vec<f64> {
    tensors
        .iter()
        .map(|tensor| norm(&parameters[tensor.clone()]))
        .collect()
}

/// Shortens the gradient of each tensor to `longest` where it is longer.
pub fn clip_each<T: Elementary>(gradient: &mut [T], tensors: &[Range<usize>], longest: f64) {
    for tensor in tensors {
        let part = &mut gradient[tensor.clone()];
        let length = norm(part);
        if length > longest {
            let factor = T::of(longest / length);
            update([part], [], move |[g], []| [factor * g]);
        }
    }
}

/// Moves each tensor along its gradient by `share` of its length in `lengths`:
/// theta_l += share |theta_l| g_l / |g_l| (adversarial weight perturbation; Wu et al., NeurIPS
/// 2020). A negative share descends. So K moves by gamma / K lead no tensor further away than gamma
/// of its length. A tensor without a gradient, or without a length, as a bias at the start, stays.
pub fn move_by_share<T: Elementary>(
    parameters: &mut [T],
    gradient: &[T],
    tensors: &[Range<usize>],
    lengths: &[f64],
    share: f64,
) {
    // As RoMA's code has it: a vanishing gradient does not become a direction.
    const FLOOR: f64 = 1e-6;
    for (tensor, length) in tensors.iter().zip(lengths) {
        let gradient = &gradient[tensor.clone()];
        let factor = T::of(share * length / (norm(gradient) + FLOOR));
        add_multiple(&mut parameters[tensor.clone()], factor, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn tensors_move_by_a_share_of_their_length() {
        let (tensors, mut theta) = ([0..2, 2..3], [3.0, 4.0, 0.0]);
        let lengths = norms(&theta, &tensors);
        assert_eq!(lengths, [5.0, 0.0]);
        move_by_share(&mut theta, &[10.0, 0.0, 7.0], &tensors, &lengths, 0.1);
        assert!((theta[0] - 3.5f64).abs() < 1e-6 && theta[1..] == [4.0, 0.0]);
    }

    #[test]
    fn moves_keep_within_their_share_of_the_length() {
        let (tensors, gamma) = ([0..40, 40..45, 45..46], 5e-3);
        let mut stream = Stream::new(1, 0);
        let mut normal = || -> Vec<f64> { (0..46).map(|_| stream.normal()).collect() };
        let start = normal();
        let lengths = norms(&start, &tensors);
        let steady = normal();
        for turning in [0.0, 1.0] {
            let mut theta = start.clone();
            for _ in 0..20 {
                let mut gradient = steady.clone();
                add_multiple(&mut gradient, turning, &normal());
                move_by_share(&mut theta, &gradient, &tensors, &lengths, gamma / 20.0);
            }
            let moved: Vec<f64> = theta.iter().zip(&start).map(|(a, b)| a - b).collect();
            for (moved, length) in norms(&moved, &tensors).into_iter().zip(&lengths) {
                assert!(moved <= gamma * length, "{moved} {length}");
                // All along one direction, the bound is reached.
                assert!(turning > 0.0 || moved > 0.999 * gamma * length);
            }
        }
    }

    #[test]
    fn long_gradients_are_cut() {
        let mut gradient = [3.0, 4.0, 0.5];
        clip_each(&mut gradient, &[0..2, 2..3], 1.0);
        assert!((gradient[0] - 0.6f64).abs() < 1e-12 && gradient[2] == 0.5);
    }
}
