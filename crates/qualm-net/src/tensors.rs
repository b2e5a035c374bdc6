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
/// theta_l += share |theta_l| g_l / |g_l| (Wu et al., NeurIPS 2020, eq. 11). A negative share
/// descends. A tensor without a gradient, or without a length, stays.
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

    #[test]
    fn tensors_move_by_a_share_of_their_length() {
        let (tensors, mut theta) = ([0..2, 2..3], [3.0, 4.0, 0.0]);
        let lengths = norms(&theta, &tensors);
        assert_eq!(lengths, [5.0, 0.0]);
        move_by_share(&mut theta, &[10.0, 0.0, 7.0], &tensors, &lengths, 0.1);
        assert!((theta[0] - 3.5f64).abs() < 1e-6 && theta[1..] == [4.0, 0.0]);
    }

    #[test]
    fn long_gradients_are_cut() {
        let mut gradient = [3.0, 4.0, 0.5];
        clip_each(&mut gradient, &[0..2, 2..3], 1.0);
        assert!((gradient[0] - 0.6f64).abs() < 1e-12 && gradient[2] == 0.5);
    }
}
