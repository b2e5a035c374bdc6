use std::fmt;
use std::time::{Duration, Instant};

use crate::{Rows, product_nt};

/// The machine's matrix-multiply peak in floating-point operations a second, `f32`, on all
/// threads of the current rayon pool: the best of a few square products of two sizes.
///
/// Takes about a second on two cores. Benchmarks state their speed as a share of this figure,
/// measured between their runs: see [`Speed`].
pub fn matrix_multiply_peak() -> f64 {
    const SIDES: [usize; 2] = [2048, 3072];
    const REPEATS: usize = 2;
    let mut best = 0f64;
    for side in SIDES {
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

/// How fast some work runs beside the matrix-multiply peak of the same minutes.
///
/// A machine that others use slows the work and the peak alike, so the two are measured in turn:
/// the time is the median of the runs, the peak is the best of all products between them. A lucky
/// moment counts for the peak alone, and the share errs on the low side.
///
/// ```
/// use std::time::Duration;
/// use qualm_linalg::Speed;
/// let times = [12, 10, 11].map(Duration::from_millis);
/// let speed = Speed::new(2e9, &times, 200e9);
/// assert_eq!(speed.to_string(), "   11.0 ms  181.8 GF/s   90.9 % of the peak of 200.0 GF/s");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// Floating-point operations of one run.
    pub operations: f64,
    /// The time of one run: the median of all.
    pub median: Duration,
    /// Operations a second of the best square product.
    pub peak: f64,
}

impl Speed {
    /// The speed of runs of `operations` floating-point operations that took `times`.
    ///
    /// # Panics
    /// When there is no run.
    pub fn new(operations: f64, times: &[Duration], peak: f64) -> Self {
        assert!(!times.is_empty(), "a speed needs at least one run");
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        Self {
            operations,
            median: sorted[sorted.len() / 2],
            peak,
        }
    }

    /// Measures `runs` runs of `work`, after one that does not count, with the peak before and
    /// after each.
    ///
    /// # Panics
    /// When `runs` is zero.
    pub fn measure(operations: f64, runs: usize, mut work: impl FnMut()) -> Self {
        let mut peak = matrix_multiply_peak();
        work();
        let times: Vec<Duration> = (0..runs)
            .map(|_| {
                let start = Instant::now();
                work();
                let time = start.elapsed();
                peak = peak.max(matrix_multiply_peak());
                time
            })
            .collect();
        Self::new(operations, &times, peak)
    }

    /// Operations a second of the median run.
    pub fn per_second(&self) -> f64 {
        self.operations / self.median.as_secs_f64()
    }

    /// Operations a second over those of the peak.
    pub fn share_of_peak(&self) -> f64 {
        self.per_second() / self.peak
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:7.1} ms {:6.1} GF/s {:6.1} % of the peak of {:.1} GF/s",
            self.median.as_secs_f64() * 1e3,
            self.per_second() / 1e9,
            self.share_of_peak() * 100.0,
            self.peak / 1e9
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_run_counts() {
        let times = [90, 20, 10].map(Duration::from_millis);
        let speed = Speed::new(3e9, &times, 200e9);
        assert_eq!(speed.per_second(), 150e9);
        assert_eq!(speed.share_of_peak(), 0.75);
    }
}
