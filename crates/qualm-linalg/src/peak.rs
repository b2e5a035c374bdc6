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

/// How fast some work runs beside the matrix-multiply peak of the same moments.
///
/// A machine that others use speeds up and slows down by a tenth within seconds, so each run is
/// held against the better of the peaks measured right before and right after it. What is told is
/// the run whose share of the peak is the median of all.
///
/// ```
/// use std::time::Duration;
/// use qualm_linalg::Speed;
/// let runs = [(12, 200e9), (10, 180e9), (11, 200e9)].map(|(ms, peak)| (Duration::from_millis(ms), peak));
/// let speed = Speed::of_median(2e9, &runs);
/// assert_eq!(speed.to_string(), "   11.0 ms  181.8 GF/s   90.9 % of the peak of 200.0 GF/s");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// Floating-point operations of the run.
    pub operations: f64,
    /// Its time.
    pub time: Duration,
    /// Operations a second of the square products beside it.
    pub peak: f64,
}

impl Speed {
    /// The run with the median share of its peak, of runs of `operations` floating-point
    /// operations with their times and the peaks beside them.
    ///
    /// # Panics
    /// When there is no run.
    pub fn of_median(operations: f64, runs: &[(Duration, f64)]) -> Self {
        let mut speeds: Vec<Self> = runs
            .iter()
            .map(|&(time, peak)| Self {
                operations,
                time,
                peak,
            })
            .collect();
        assert!(!speeds.is_empty(), "a speed needs at least one run");
        speeds.sort_unstable_by(|a, b| a.share_of_peak().total_cmp(&b.share_of_peak()));
        speeds[speeds.len() / 2]
    }

    /// Measures `runs` runs of `work`, after one that does not count, with the peak before and
    /// after each.
    ///
    /// # Panics
    /// When `runs` is zero.
    pub fn measure(operations: f64, runs: usize, mut work: impl FnMut()) -> Self {
        work();
        let runs = beside_peak(runs, || {
            let start = Instant::now();
            work();
            start.elapsed()
        });
        Self::of_median(operations, &runs)
    }

    /// Operations a second of the run.
    pub fn per_second(&self) -> f64 {
        self.operations / self.time.as_secs_f64()
    }

    /// Operations a second over those of the peak.
    pub fn share_of_peak(&self) -> f64 {
        self.per_second() / self.peak
    }
}

/// The results of `runs` runs, each with the better of the peaks before and after it.
pub fn beside_peak<T>(runs: usize, mut run: impl FnMut() -> T) -> Vec<(T, f64)> {
    let mut before = matrix_multiply_peak();
    (0..runs)
        .map(|_| {
            let result = run();
            let after = matrix_multiply_peak();
            let peak = before.max(after);
            before = after;
            (result, peak)
        })
        .collect()
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:7.1} ms {:6.1} GF/s {:6.1} % of the peak of {:.1} GF/s",
            self.time.as_secs_f64() * 1e3,
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
    fn the_run_with_the_middle_share_counts() {
        // Shares: 3/4 on a fast machine, 2/3 on a slow one, 1/10.
        let runs = [(20, 200e9), (45, 100e9), (150, 200e9)]
            .map(|(ms, peak)| (Duration::from_millis(ms), peak));
        let speed = Speed::of_median(3e9, &runs);
        assert_eq!((speed.time.as_millis(), speed.peak), (45, 100e9));
    }
}
