//! Smooth calibration error: no bins, one bandwidth that follows from the data.

use std::f64::consts::TAU;

use super::Levels;

/// The smallest bandwidth, and the width at which the search for it ends.
const FINEST: f64 = 1e-3;

/// Kernels are cut off at this many bandwidths, where they are 4e-5 of their height.
const REACH: f64 = 4.5;

/// Points that are summed at a time.
const BLOCK: usize = 16;

/// Smooth calibration error of Blasiok and Nakkiran (2023): with
/// `r(t) = 1/n sum K_s(t, c_i) (c_i - y_i)` and `K_s` the Gaussian of bandwidth `s` reflected at 0
/// and 1, it is the integral of `|r|` at the least `s` for which that integral is at most `s`.
///
/// The bandwidth is found by ten bisections of `[0, 1]` and is at least 1e-3; integrals are over
/// `max(200, 10 / s)` intervals, between whose borders residuals are shared out linearly.
#[must_use]
pub fn smooth_error(levels: &Levels) -> f64 {
    let mut grid = Residuals::default();
    let (mut lo, mut hi) = (0.0, 1.0);
    let mut error = grid.smoothed(levels, hi);
    for _ in 0..10 {
        let middle: f64 = f64::midpoint(lo, hi);
        let found = grid.smoothed(levels, middle.max(FINEST));
        if found <= middle {
            (hi, error) = (middle, found);
        } else {
            lo = middle;
        }
    }
    error
}

/// Residuals `c - y` on a grid over `[0, 1]`, shared out between neighbouring points.
#[derive(Default)]
struct Residuals {
    points: Vec<f64>,
    kernel: Vec<f64>,
    /// The residuals and their mirror images at 0 and 1, as far as the kernel reaches.
    mirrored: Vec<f64>,
}

impl Residuals {
    /// The integral of `|r|` at a bandwidth.
    fn smoothed(&mut self, levels: &Levels, bandwidth: f64) -> f64 {
        let intervals = (10.0 / bandwidth).ceil().max(200.0) as usize;
        if self.points.len() != intervals + 1 {
            self.gather(levels, intervals);
        }
        let step = 1.0 / intervals as f64;
        let reach = (REACH * bandwidth / step).ceil() as usize;
        self.kernel.clear();
        self.kernel.extend((0..=2 * reach).map(|place| {
            let z = (place as f64 - reach as f64) * step / bandwidth;
            (-0.5 * z * z).exp() / (bandwidth * TAU.sqrt())
        }));
        // Reflection at both ends is one even function of period 2.
        let period = 2 * intervals;
        let whole_blocks = (intervals + 1).next_multiple_of(BLOCK);
        self.mirrored.clear();
        self.mirrored
            .extend((0..whole_blocks + 2 * reach).map(|place| {
                let place = (place + period * (reach / period + 1) - reach) % period;
                self.points[place.min(period - place)]
            }));
        let mut integral = 0.0;
        for first in (0..=intervals).step_by(BLOCK) {
            let block = self.block(first);
            for (point, r) in (first..=intervals).zip(block) {
                let ends = if point == 0 || point == intervals {
                    0.5
                } else {
                    1.0
                };
                integral += ends * r.abs();
            }
        }
        integral * step
    }

    /// `r` at the points from `first` on. Points side by side wait for no sum of each other.
    fn block(&self, first: usize) -> [f64; BLOCK] {
        let mut sums = [0.0; BLOCK];
        let windows = self.mirrored[first..].windows(BLOCK);
        for (window, weight) in windows.zip(&self.kernel) {
            for (sum, residual) in sums.iter_mut().zip(window) {
                *sum += residual * weight;
            }
        }
        sums
    }

    fn gather(&mut self, levels: &Levels, intervals: usize) {
        self.points.clear();
        self.points.resize(intervals + 1, 0.0);
        let records = levels.total().records;
        for (value, tally) in levels.iter() {
            let residual = (value * tally.records - tally.hits) / records;
            let place = value * intervals as f64;
            let below = (place as usize).min(intervals - 1);
            let share = place - below as f64;
            self.points[below] += (1.0 - share) * residual;
            self.points[below + 1] += share * residual;
        }
        // What lies on an end is its own mirror image: reflecting there doubles it.
        self.points[0] *= 2.0;
        self.points[intervals] *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integral by the formula: every record, every image within reach, a fine grid.
    fn by_formula(confidences: &[f64], correct: &[bool], bandwidth: f64) -> f64 {
        let steps = 4000;
        let density = |z: f64| (-0.5 * (z / bandwidth).powi(2)).exp() / (bandwidth * TAU.sqrt());
        let r = |t: f64| -> f64 {
            let one = |(c, y): (&f64, &bool)| {
                let images: f64 = (-3..=3)
                    .map(|k| {
                        density(t - c + 2.0 * f64::from(k)) + density(t + c + 2.0 * f64::from(k))
                    })
                    .sum();
                images * (c - f64::from(u8::from(*y)))
            };
            confidences.iter().zip(correct).map(one).sum::<f64>() / confidences.len() as f64
        };
        let middle = |step: i32| (f64::from(step) + 0.5) / f64::from(steps);
        (0..steps).map(|step| r(middle(step)).abs()).sum::<f64>() / f64::from(steps)
    }

    #[test]
    fn the_grid_agrees_with_the_formula() {
        let confidences = [0.0, 0.13, 0.5, 0.77, 0.9, 1.0, 1.0];
        let correct = [true, false, true, false, true, false, true];
        let levels = Levels::new(&confidences, &correct).unwrap();
        for bandwidth in [0.05, 0.2, 1.0] {
            let grid = Residuals::default().smoothed(&levels, bandwidth);
            let formula = by_formula(&confidences, &correct, bandwidth);
            assert!(
                (grid - formula).abs() < 1e-3,
                "{bandwidth}: {grid}, {formula}"
            );
        }
    }

    #[test]
    fn always_sure_and_always_wrong_is_an_error_of_one() {
        let levels = Levels::new(&[1.0; 50], &[false; 50]).unwrap();
        assert!((smooth_error(&levels) - 1.0).abs() < 1e-3);
    }
}
