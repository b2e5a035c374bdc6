use std::time::Instant;

use crate::{Rows, product_nt};

/// The machine's matrix-multiply peak in floating-point operations a second, `f32`, on all
/// threads of the current rayon pool: the best of several square products of several sizes.
///
/// Benchmarks state their speed as a share of this figure, measured in the same run. Takes about
/// a second.
pub fn matrix_multiply_peak() -> f64 {
    const REPEATS: usize = 6;
    let mut best = 0f64;
    for side in [1024usize, 2048, 3072] {
        // Exact zeros and denormals would flatter some machines.
        let a: Vec<f32> = (0..side * side)
            .map(|i| (i % 251) as f32 / 251.0 - 0.5)
            .collect();
        let mut out = vec![0f32; side * side];
        for _ in 0..REPEATS {
            let start = Instant::now();
            product_nt(&mut out, Rows::new(&a, side), Rows::new(&a, side));
            let operations = 2.0 * (side as f64).powi(3);
            best = best.max(operations / start.elapsed().as_secs_f64());
        }
    }
    best
}
