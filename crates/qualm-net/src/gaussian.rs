use qualm_linalg::{Elementary, exp, softplus, update};

/// A normal distribution whose mean and log standard deviation a network gives, the latter held
/// softly between two trainable bounds.
///
/// With sp the softplus: s <- s_max - sp(s_max - s), then s <- s_min + sp(s - s_min), sigma = e^s
/// (Chua et al., NeurIPS 2018, appendix A.1; RoMA starts from ln 0.2 and ln 0.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianHead<T> {
    /// s_max and s_min.
    pub bounds: [T; 2],
}

impl<T: Elementary> GaussianHead<T> {
    /// With bounds at two standard deviations.
    pub fn new(sigma_max: f64, sigma_min: f64) -> Self {
        Self {
            bounds: [sigma_max, sigma_min].map(|sigma| T::of(sigma.ln())),
        }
    }

    /// Standard deviation for a raw second output.
    pub fn sigma(&self, raw: T) -> T {
        let mut bounded = Bounded::empty();
        bounded.take(self.bounds, &[T::ZERO, raw]);
        exp(bounded.log_sigma[0])
    }

    /// Mean negative log-likelihood -log N(y; mu, sigma^2) of `y` under outputs (mu, raw s) row by
    /// row; its gradient goes to `of_outputs`, and that of the bounds is added to `of_bounds`.
    ///
    /// # Panics
    /// When there are not two outputs for each label, or no label.
    pub fn loss(
        &self,
        outputs: &[T],
        y: &[T],
        of_outputs: &mut [T],
        of_bounds: &mut [T; 2],
    ) -> f64 {
        assert!(!y.is_empty(), "a loss has a label");
        assert_eq!(
            (outputs.len(), of_outputs.len()),
            (2 * y.len(), 2 * y.len()),
            "two outputs a label"
        );
        let half_log_tau = 0.5 * std::f64::consts::TAU.ln();
        let share = T::of(1.0 / y.len() as f64);
        let mut total = 0.0;
        let mut bounded = Bounded::empty();
        let runs = outputs
            .chunks(2 * RUN)
            .zip(of_outputs.chunks_mut(2 * RUN))
            .zip(y.chunks(RUN));
        for ((outputs, of_outputs), y) in runs {
            bounded.take(self.bounds, outputs);
            let rows = outputs.chunks_exact(2).zip(of_outputs.chunks_exact_mut(2));
            for (at, ((output, gradient), &y)) in rows.zip(y).enumerate() {
                let z = (y - output[0]) * bounded.precision[at];
                let square = z * z;
                total += 0.5 * square.into() + bounded.log_sigma[at].into() + half_log_tau;
                gradient[0] = T::ZERO - share * z * bounded.precision[at];
                let of_sigma = share * (T::ONE - square);
                // By the chain rule through both softplus.
                let (by_max, by_min) = (bounded.slope_max[at], bounded.slope_min[at]);
                gradient[1] = of_sigma * by_min * by_max;
                of_bounds[0] += of_sigma * by_min * (T::ONE - by_max);
                of_bounds[1] += of_sigma * (T::ONE - by_min);
            }
        }
        total / y.len() as f64
    }
}

/// Rows that are bounded at once.
const RUN: usize = 64;

/// Bounded log standard deviations of some rows.
struct Bounded<T> {
    log_sigma: [T; RUN],
    /// exp(-log_sigma)
    precision: [T; RUN],
    /// Slopes of the softplus that holds below the upper bound, and above the lower.
    slope_max: [T; RUN],
    slope_min: [T; RUN],
}

impl<T: Elementary> Bounded<T> {
    fn empty() -> Self {
        let [log_sigma, precision, slope_max, slope_min] = [[T::ZERO; RUN]; 4];
        Self {
            log_sigma,
            precision,
            slope_max,
            slope_min,
        }
    }

    /// Of the second of each two outputs.
    fn take(&mut self, [max, min]: [T; 2], outputs: &[T]) {
        let s = &mut self.log_sigma;
        for (s, output) in s.iter_mut().zip(outputs.chunks_exact(2)) {
            *s = max - output[1];
        }
        softplus(s, &mut self.slope_max);
        update([s], [], move |[from_max], []| [max - from_max - min]);
        softplus(s, &mut self.slope_min);
        update([s, &mut self.precision], [], move |[from_min, _], []| {
            let s = min + from_min;
            [s, exp(T::ZERO - s)]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_beyond_a_bound_it_is_the_bound() {
        let head = GaussianHead::<f64>::new(0.2, 0.1);
        // The upper bound passes through the lower: .1 (1 + .2 / .1).
        let (low, high) = (head.sigma(-50.0), head.sigma(50.0));
        assert!((low - 0.1).abs() < 1e-9, "{low}");
        assert!((high - 0.3).abs() < 1e-9, "{high}");
    }

    #[test]
    fn loss_of_a_known_normal() {
        // At a raw s whose sigma is known, -log N(1; 0, sigma^2) by hand.
        let head = GaussianHead::<f64>::new(0.2, 0.1);
        let sigma = head.sigma(0.0);
        let mut gradient = [0.0; 2];
        let loss = head.loss(&[0.0, 0.0], &[1.0], &mut gradient, &mut [0.0; 2]);
        let want = 0.5 / (sigma * sigma) + sigma.ln() + 0.5 * std::f64::consts::TAU.ln();
        assert!((loss - want).abs() < 1e-9);
        assert!((gradient[0] + 1.0 / (sigma * sigma)).abs() < 1e-9);
    }
}
