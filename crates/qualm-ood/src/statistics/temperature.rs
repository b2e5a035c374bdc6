use rayon::prelude::*;

use super::Merge;

/// Inverse temperatures at which log-sum-exps are summed: `2^(i/2)`, from 1/64 to 64.
const GRID: usize = 25;

/// Rows that one task sums; fixed, so that the order of sums does not depend on threads.
const TASK: usize = 256;

/// What the cross-entropy of temperature-scaled logits needs to be known for every temperature:
/// sums over rows of `log sum_c exp(b l_c)` and its first two derivatives at a grid of inverse
/// temperatures `b`, and the sum of the labelled logits.
///
/// Between grid points the sum is interpolated by the quintic that agrees with value and both
/// derivatives. The temperature that minimises the cross-entropy comes out to about 1e-4, in one
/// pass, where a line search would read the rows at every step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TemperatureSums {
    /// Labelled rows.
    pub(crate) count: f64,
    /// Sum of the logit of each row's own class.
    pub(crate) labelled: f64,
    /// Value, first and second derivative at each grid point.
    pub(crate) grid: Vec<[f64; 3]>,
}

fn inverse_temperature(index: usize) -> f64 {
    ((index as f64 - (GRID / 2) as f64) / 2.0).exp2()
}

impl Default for TemperatureSums {
    fn default() -> Self {
        Self {
            count: 0.0,
            labelled: 0.0,
            grid: vec![[0.0; 3]; GRID],
        }
    }
}

impl TemperatureSums {
    /// The sums of rows of `classes` logits; rows without a label are left out.
    pub(crate) fn of_block(logits: &[f32], classes: usize, labels: &[Option<usize>]) -> Self {
        let tasks: Vec<Self> = logits
            .par_chunks(TASK * classes)
            .zip(labels.par_chunks(TASK))
            .map(|(logits, labels)| {
                let mut sums = Self::default();
                for (row, label) in logits.chunks_exact(classes).zip(labels) {
                    if let Some(label) = label {
                        sums.add(row, *label);
                    }
                }
                sums
            })
            .collect();
        let mut sums = Self::default();
        tasks.into_iter().for_each(|task| sums.merge(task));
        sums
    }

    fn add(&mut self, logits: &[f32], label: usize) {
        self.count += 1.0;
        self.labelled += f64::from(logits[label]);
        let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        for (index, sums) in self.grid.iter_mut().enumerate() {
            let b = inverse_temperature(index);
            let (mut zeroth, mut first, mut second) = (0.0, 0.0, 0.0);
            for &logit in logits {
                let below = f64::from(logit) - max;
                let term = (b * below).exp();
                zeroth += term;
                first += term * below;
                second += term * below * below;
            }
            let (mean, square) = (first / zeroth, second / zeroth);
            sums[0] += zeroth.ln() + b * max;
            sums[1] += max + mean;
            sums[2] += square - mean * mean;
        }
    }

    /// Whether every labelled row is classified right, up to the largest of the inverse
    /// temperatures: the cross-entropy then falls all the way to temperature zero.
    pub(crate) fn separated(&self) -> bool {
        self.grid[GRID - 1][1] <= self.labelled
    }

    /// The temperature of least mean cross-entropy, within the grid. Nothing without labelled
    /// rows.
    pub(crate) fn best_temperature(&self) -> Option<f64> {
        if self.count == 0.0 {
            return None;
        }
        // The cross-entropy is convex in b: its slope changes sign once.
        let slope = |index: usize| self.grid[index][1] - self.labelled;
        let Some(right) = (0..GRID).find(|&index| slope(index) >= 0.0) else {
            return Some(1.0 / inverse_temperature(GRID - 1));
        };
        let Some(left) = right.checked_sub(1) else {
            return Some(1.0 / inverse_temperature(0));
        };
        let (from, to) = (inverse_temperature(left), inverse_temperature(right));
        let slope_at = |share: f64| {
            quintic_slope(self.grid[left], self.grid[right], to - from, share) - self.labelled
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if slope_at(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(1.0 / (from + (low + high) / 2.0 * (to - from)))
    }
}

/// Slope, at `share` of the way, of the quintic with given values and derivatives at both ends of
/// an interval of this `width`.
fn quintic_slope(left: [f64; 3], right: [f64; 3], width: f64, share: f64) -> f64 {
    let [value, first, second] = [left[0], left[1] * width, left[2] * width * width];
    let rest = right[0] - value - first - second / 2.0;
    let rest_first = right[1] * width - first - second;
    let rest_second = right[2] * width * width - second;
    let cubic = 10.0 * rest - 4.0 * rest_first + rest_second / 2.0;
    let quartic = -15.0 * rest + 7.0 * rest_first - rest_second;
    let quintic = 6.0 * rest - 3.0 * rest_first + rest_second / 2.0;
    let t = share;
    let slope = first + t * (second + t * (3.0 * cubic + t * (4.0 * quartic + t * 5.0 * quintic)));
    slope / width
}

impl Merge for TemperatureSums {
    fn merge(&mut self, later: Self) {
        self.count += later.count;
        self.labelled += later.labelled;
        for (sums, later) in self.grid.iter_mut().zip(&later.grid) {
            sums.iter_mut().zip(later).for_each(|(a, b)| *a += b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_by_hand() {
        // Logits (l, 0) with label 0 in three of four rows: the best probability of class 0 is
        // 3/4, so l / T = log 3.
        for logit in [0.5f32, 2.0, 3.3] {
            let logits = [logit, 0.0].repeat(4);
            let labels = [Some(0), Some(0), Some(1), Some(0)];
            let sums = TemperatureSums::of_block(&logits, 2, &labels);
            let temperature = sums.best_temperature().unwrap();
            let want = f64::from(logit) / 3f64.ln();
            assert!(
                (temperature / want - 1.0).abs() < 2e-4,
                "{temperature} and {want}"
            );
        }
    }

    #[test]
    fn a_temperature_beyond_the_grid_is_its_end() {
        let sums = TemperatureSums::of_block(&[1.0, 0.0], 2, &[Some(0)]);
        // Beyond 1/36 the other class has no weight left in `f64`.
        assert!(sums.best_temperature().unwrap() < 1.0 / 36.0);
        assert!(sums.separated());
        let sums = TemperatureSums::of_block(&[1.0, 0.0], 2, &[Some(1)]);
        assert_eq!(sums.best_temperature(), Some(64.0));
        assert!(!sums.separated());
        assert_eq!(
            TemperatureSums::of_block(&[1.0, 0.0], 2, &[None]).best_temperature(),
            None
        );
    }

    #[test]
    fn a_quintic_is_its_own_interpolation() {
        // x^5 on [1, 3].
        let at = |x: f64| [x.powi(5), 5.0 * x.powi(4), 20.0 * x.powi(3)];
        let slope = quintic_slope(at(1.0), at(3.0), 2.0, 0.25);
        assert!((slope - 5.0 * 1.5f64.powi(4)).abs() < 1e-9, "{slope}");
    }
}
