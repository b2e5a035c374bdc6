/// A Weibull distribution of the largest distances of a class from its mean, fitted by maximum
/// likelihood to `x + SHIFT - min`, as the library behind the paper does ("libMR"): numbers far
/// from zero compared with their spread, so that the fit is near a Gumbel distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weibull {
    /// The smallest number of the tail.
    pub(super) smallest: f64,
    /// `k`; zero for a class without rows.
    pub(super) shape: f64,
    /// `log(scale / SHIFT)`.
    pub(super) log_scale: f64,
}

/// What is added to every number.
const SHIFT: f64 = 10_000.0;

/// The largest shape: the distribution then steps from zero to one within a millionth, which is
/// what is left where all numbers are equal.
const LARGEST_SHAPE: f64 = 1e10;

impl Weibull {
    /// Of a class without rows: every distance is beyond it.
    pub(super) const NONE: Self = Self {
        smallest: 0.0,
        shape: 0.0,
        log_scale: 0.0,
    };

    /// The fit to a tail of at least one number, sorted, largest first.
    pub(super) fn fit(tail: &[f64]) -> Self {
        let Some(&smallest) = tail.last() else {
            return Self::NONE;
        };
        let logs: Vec<f64> = tail.iter().map(|x| log_shifted(x - smallest)).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let largest = logs.first().copied().unwrap_or(0.0);
        // exp(k z) by the largest, so that no shape overflows.
        let weight = |shape: f64, z: f64| (shape * (z - largest)).exp();
        // The derivative of the log-likelihood by k, over -n; rises with k.
        let slope = |shape: f64| {
            let weights = logs.iter().map(|&z| weight(shape, z));
            let weighted: f64 = weights.clone().zip(&logs).map(|(w, z)| w * z).sum();
            weighted / weights.sum::<f64>() - 1.0 / shape - mean
        };
        let (mut low, mut high) = (0.0f64, LARGEST_SHAPE.ln());
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if slope(middle.exp()) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let shape = ((low + high) / 2.0).exp();
        let sum: f64 = logs.iter().map(|&z| weight(shape, z)).sum();
        Self {
            smallest,
            shape,
            log_scale: largest + (sum / logs.len() as f64).ln() / shape,
        }
    }

    /// The probability of a smaller distance than this.
    pub(super) fn below(&self, distance: f64) -> f64 {
        if self.shape == 0.0 {
            return 1.0;
        }
        let power = self.shape * (log_shifted(distance - self.smallest) - self.log_scale);
        -(-power.exp()).exp_m1()
    }
}

/// `log((x + SHIFT) / SHIFT)`; minus infinity below zero.
fn log_shifted(x: f64) -> f64 {
    (x / SHIFT).max(-1.0).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maximises_the_likelihood() {
        let tail = [5.1, 4.0, 3.7, 3.6, 3.2, 3.0];
        let log_likelihood = |weibull: &Weibull| {
            let density = |x: &f64| {
                let z = log_shifted(x - weibull.smallest);
                let power = weibull.shape * (z - weibull.log_scale);
                weibull.shape.ln() - weibull.log_scale + power
                    - (z - weibull.log_scale)
                    - power.exp()
            };
            tail.iter().map(density).sum::<f64>()
        };
        let best = Weibull::fit(&tail);
        for (shape, shift) in [(1.01, 0.0), (0.99, 0.0), (1.0, 1e-6), (1.0, -1e-6)] {
            let other = Weibull {
                shape: best.shape * shape,
                log_scale: best.log_scale + shift,
                ..best
            };
            assert!(log_likelihood(&other) < log_likelihood(&best), "{best:?}");
        }
    }

    #[test]
    fn equal_numbers_make_a_step_and_none_a_certainty() {
        for tail in [&[2.0][..], &[2.0, 2.0, 2.0]] {
            let step = Weibull::fit(tail);
            assert!(
                step.below(1.999) < 1e-9 && step.below(2.001) == 1.0,
                "{step:?}"
            );
        }
        assert_eq!(Weibull::fit(&[]).below(0.0), 1.0);
        assert_eq!(Weibull::fit(&[3.0, 1.0]).below(-1e9), 0.0);
    }
}
