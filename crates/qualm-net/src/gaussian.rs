use qualm_linalg::{Elementary, exp, softplus};

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

impl<T: Elementary + PartialOrd> GaussianHead<T> {
    /// With bounds at two standard deviations.
    pub fn new(sigma_max: f64, sigma_min: f64) -> Self {
        Self {
            bounds: [sigma_max, sigma_min].map(|sigma| T::of(sigma.ln())),
        }
    }

    /// Standard deviation for a raw second output.
    pub fn sigma(&self, raw: T) -> T {
        exp(self.bounded(raw).log_sigma)
    }

    /// Mean negative log-likelihood -log N(y; mu, sigma^2) of `y` under outputs (mu, raw s) row by
    /// row; its gradient goes to `of_outputs`, and that of the bounds is added to `of_bounds`.
    ///
    /// # Panics
    /// When there are not two outputs for each label.
    pub fn loss(
        &self,
        outputs: &[T],
        y: &[T],
        of_outputs: &mut [T],
        of_bounds: &mut [T; 2],
    ) -> f64 {
        assert_eq!(
            (outputs.len(), of_outputs.len()),
            (2 * y.len(), 2 * y.len()),
            "two outputs a label"
        );
        let half_log_tau = 0.5 * std::f64::consts::TAU.ln();
        let share = T::of(1.0 / y.len() as f64);
        let mut total = 0.0;
        let rows = outputs
            .chunks_exact(2)
            .zip(of_outputs.chunks_exact_mut(2))
            .zip(y);
        for ((output, gradient), &y) in rows {
            let bounded = self.bounded(output[1]);
            let precision = exp(T::ZERO - bounded.log_sigma);
            let z = (y - output[0]) * precision;
            total += 0.5 * z.into() * z.into() + bounded.log_sigma.into() + half_log_tau;
            gradient[0] = T::ZERO - share * z * precision;
            let of_sigma = share * (T::ONE - z * z);
            gradient[1] = of_sigma * bounded.by_raw;
            of_bounds[0] += of_sigma * bounded.by_max;
            of_bounds[1] += of_sigma * bounded.by_min;
        }
        total / y.len() as f64
    }

    fn bounded(&self, raw: T) -> Bounded<T> {
        let [max, min] = self.bounds;
        let (mut from_max, mut slope_max) = ([max - raw], [T::ZERO]);
        softplus(&mut from_max, &mut slope_max);
        let below = max - from_max[0];
        let (mut from_min, mut slope_min) = ([below - min], [T::ZERO]);
        softplus(&mut from_min, &mut slope_min);
        Bounded {
            log_sigma: min + from_min[0],
            by_raw: slope_min[0] * slope_max[0],
            by_max: slope_min[0] * (T::ONE - slope_max[0]),
            by_min: T::ONE - slope_min[0],
        }
    }
}

/// A bounded log standard deviation with its derivatives.
struct Bounded<T> {
    log_sigma: T,
    by_raw: T,
    by_max: T,
    by_min: T,
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
