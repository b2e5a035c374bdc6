//! The confidence that is shown in place of the true one.

/// Where logits are cut: exp(-40) is nothing beside 1 in `f64`.
const STEEPEST: f64 = 40.0;

/// A way to show confidence: the true logit A becomes sign(A) (alpha |A| + beta).
///
/// Vodrahalli, Gerstenberg and Zou 2022, "Uncalibrated Models Can Improve Human-AI Collaboration",
/// g_{alpha,beta}. It never changes which answer is advised. `alpha` = 1 and `beta` = 0 show the
/// truth; `beta` sets the least confidence that is ever shown, sigmoid(beta); `alpha` below 1 tempers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Display {
    /// What the logit is multiplied by, at least 0.
    pub alpha: f64,
    /// What is added to its size, at least 0.
    pub beta: f64,
}

impl Display {
    /// Shows confidence as it is.
    pub const TRUE: Display = Display {
        alpha: 1.0,
        beta: 0.0,
    };

    /// What is shown for the true probability `p` of an answer, from 0 to 1. Even chances are shown
    /// as they are: they advise nothing.
    ///
    /// ```
    /// use qualm_confidence::display::Display;
    ///
    /// assert!((Display::TRUE.shows(0.8) - 0.8).abs() < 1e-12);
    /// let pushed = Display { alpha: 1.0, beta: 1.0 };
    /// assert!(pushed.shows(0.500001) >= 0.7310);
    /// // Seen from the other answer, the same.
    /// assert!((pushed.shows(0.3) + pushed.shows(0.7) - 1.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn shows(self, p: f64) -> f64 {
        super::trial::probability(self.shows_answer(2.0 * p - 1.0))
    }

    /// The same for advice from -1 to 1.
    pub(super) fn shows_answer(self, advice: f64) -> f64 {
        // The logit of (1 + r) / 2 is 2 artanh(r), and the other way round.
        let logit = (2.0 * advice.atanh()).clamp(-STEEPEST, STEEPEST);
        if logit == 0.0 {
            return 0.0;
        }
        let size = self.alpha * logit.abs() + self.beta;
        (size / 2.0).tanh().copysign(logit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alpha_1_beta_0_is_the_sigmoid_of_the_logit() {
        for i in -60..=60 {
            let logit = f64::from(i) / 5.0;
            let p = 1.0 / (1.0 + (-logit).exp());
            assert!((Display::TRUE.shows(p) - p).abs() < 1e-12, "{logit}");
        }
    }

    #[test]
    fn beta_is_the_least_that_is_shown() {
        let display = Display {
            alpha: 0.7,
            beta: 1.0,
        };
        // sigmoid(1) = .7311.
        for p in [0.500_000_1, 0.6, 0.9, 1.0] {
            assert!(display.shows(p) >= 0.7310, "{p}");
        }
        assert!(display.shows(0.499) <= 0.2690);
        assert_eq!(display.shows(0.5), 0.5);
    }

    #[test]
    fn nothing_is_shown_of_a_display_of_nothing() {
        let silent = Display {
            alpha: 0.0,
            beta: 0.0,
        };
        assert_eq!([0.0, 0.2, 0.5, 1.0].map(|p| silent.shows(p)), [0.5; 4]);
    }

    proptest! {
        #[test]
        fn the_side_and_the_order_are_kept(
            alpha in 0.0f64..8.0,
            beta in 0.0f64..8.0,
            a in 0.0f64..=1.0,
            b in 0.0f64..=1.0,
        ) {
            let display = Display { alpha, beta };
            let (lo, hi) = (a.min(b), a.max(b));
            prop_assert!(display.shows(lo) <= display.shows(hi) + 1e-12);
            prop_assert!((0.0..=1.0).contains(&display.shows(a)));
            prop_assert!((display.shows(a) - 0.5) * (a - 0.5) >= 0.0);
        }
    }
}
