use qualm_linalg::{Elementary, update};

/// Adam (Kingma and Ba, ICLR 2015) with beta1 = .9, beta2 = .999 and epsilon = 1e-8, and weight
/// decay apart from the gradient (Loshchilov and Hutter, ICLR 2019).
///
/// ```
/// let mut adam = qualm_net::Adam::<f64>::new(1, 0.1);
/// let mut x = [1.0];
/// adam.step(&mut x, &[123.0]);
/// assert!((x[0] - 0.9).abs() < 1e-9); // the first step is as long as the rate
/// ```
#[derive(Debug, Clone)]
pub struct Adam<T> {
    rate: f64,
    decay: f64,
    steps: i32,
    first: Vec<T>,
    second: Vec<T>,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl<T: Elementary> Adam<T> {
    /// For so many parameters, with a learning rate.
    pub fn new(parameters: usize, rate: f64) -> Self {
        Self {
            rate,
            decay: 0.0,
            steps: 0,
            first: vec![T::ZERO; parameters],
            second: vec![T::ZERO; parameters],
        }
    }

    /// With weight decay: each step takes `rate * decay` of every parameter away.
    pub fn with_decay(mut self, decay: f64) -> Self {
        self.decay = decay;
        self
    }

    /// Moves `parameters` against their `gradient`.
    ///
    /// # Panics
    /// When the numbers of parameters differ.
    pub fn step(&mut self, parameters: &mut [T], gradient: &[T]) {
        assert_eq!(
            parameters.len(),
            self.first.len(),
            "as many parameters as at the start"
        );
        self.steps = self.steps.saturating_add(1);
        let first_share = 1.0 - BETA1.powi(self.steps);
        let second_share = 1.0 - BETA2.powi(self.steps);
        // sqrt(v / c2) + eps = (sqrt(v) + eps sqrt(c2)) / sqrt(c2)
        let rate = T::of(self.rate / first_share * second_share.sqrt());
        let epsilon = T::of(EPSILON * second_share.sqrt());
        let keep = T::of(1.0 - self.rate * self.decay);
        let [b1, b2] = [BETA1, BETA2].map(T::of);
        let (new1, new2) = (T::ONE - b1, T::ONE - b2);
        update(
            [parameters, &mut self.first, &mut self.second],
            [gradient],
            move |[parameter, m, v], [g]| {
                let m = b1 * m + new1 * g;
                let v = b2 * v + new2 * (g * g);
                [keep * parameter - rate * m / (v.root() + epsilon), m, v]
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_by_hand() {
        let mut adam = Adam::<f64>::new(1, 0.1);
        let mut x = [0.0];
        adam.step(&mut x, &[1.0]);
        adam.step(&mut x, &[-1.0]);
        // m = .9*.1 - .1 = -.01, v = .999*.001 + .001 = .001999; bias-corrected: -.01/.19, 1.
        let want = -0.1 + 0.1 * (0.01 / 0.19) / (0.001999f64 / (1.0 - 0.999f64 * 0.999)).sqrt();
        assert!((x[0] - want).abs() < 1e-8, "{} {want}", x[0]);
    }

    #[test]
    fn decay_is_apart_from_the_gradient() {
        let mut adam = Adam::<f64>::new(1, 0.1).with_decay(0.5);
        let mut x = [2.0];
        adam.step(&mut x, &[0.0]);
        assert!((x[0] - 1.9).abs() < 1e-12);
    }
}
