//! People who follow advice exactly when it is surer than they are: the case that can be solved by
//! hand.

use super::trial::{loss, probability};

/// A person who takes over the shown confidence where it exceeds their own by a margin, and else
/// stays with their own (Vodrahalli, Gerstenberg and Zou 2022, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdRule {
    /// How much surer the advice must be, as a difference of probabilities.
    pub margin: f64,
}

impl ThresholdRule {
    /// The probability that the person ends with for the advised answer, who gave it `own` before
    /// and was shown `shown`.
    ///
    /// ```
    /// use qualm_confidence::display::ThresholdRule;
    ///
    /// let rule = ThresholdRule { margin: 0.1 };
    /// assert_eq!(rule.ends_with(0.5, 0.59), 0.5);
    /// assert_eq!(rule.ends_with(0.5, 0.61), 0.61);
    /// // Their own answer is the other one, of which they are sure at 70 %.
    /// assert_eq!(rule.ends_with(0.3, 0.75), 0.3);
    /// ```
    #[must_use]
    pub fn ends_with(self, own: f64, shown: f64) -> f64 {
        let confidence = own.max(1.0 - own);
        if shown >= confidence + self.margin {
            shown
        } else {
            own
        }
    }

    /// The expected loss of that person where the advised answer is right with probability `truth`.
    #[must_use]
    pub fn expected_loss(self, own: f64, shown: f64, truth: f64) -> f64 {
        let answer = 2.0 * self.ends_with(own, shown) - 1.0;
        truth * loss(answer) + (1.0 - truth) * loss(-answer)
    }

    /// The least shown confidence that this person follows.
    #[must_use]
    pub fn least_followed(self, own: f64) -> f64 {
        probability(2.0 * (own.max(1.0 - own) + self.margin) - 1.0)
    }

    /// The true confidence above which it pays to show [`ThresholdRule::least_followed`] instead of
    /// what the person would ignore.
    ///
    /// Following costs `-c ln s - (1-c) ln(1-s)` for true confidence c and shown s, staying costs
    /// `-c ln p - (1-c) ln(1-p)` with p the own probability of the advised answer. Both are linear
    /// in c and cross at
    ///
    /// ```text
    /// c = (ln(1-p) - ln(1-s)) / (ln(1-p) - ln(1-s) + ln s - ln p)
    /// ```
    ///
    /// For p = 1/2 and a margin of .1 that is (ln 2 + ln .4) / (ln .4 - ln .6) = .5503: advice that
    /// is right in 55 to 60 % of cases is better shown as 60 %.
    ///
    /// ```
    /// use qualm_confidence::display::ThresholdRule;
    ///
    /// let boundary = ThresholdRule { margin: 0.1 }.boundary(0.5);
    /// assert!((boundary - 0.5503).abs() < 5e-5);
    /// ```
    #[must_use]
    pub fn boundary(self, own: f64) -> f64 {
        let shown = self.least_followed(own);
        let if_wrong = (1.0 - own).ln() - (1.0 - shown).ln();
        let if_right = shown.ln() - own.ln();
        if_wrong / (if_wrong + if_right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where showing the least confidence that is followed begins to pay, found by halving on the
    /// losses of the rule itself.
    fn crossing(rule: ThresholdRule, own: f64) -> f64 {
        let pays = |truth: f64| {
            let pushed = rule.expected_loss(own, rule.least_followed(own) + 1e-12, truth);
            pushed < rule.expected_loss(own, 0.0, truth)
        };
        let (mut lo, mut hi) = (0.0, 1.0);
        assert!(!pays(lo) && pays(hi));
        for _ in 0..60 {
            let middle = f64::midpoint(lo, hi);
            if pays(middle) {
                hi = middle;
            } else {
                lo = middle;
            }
        }
        hi
    }

    #[test]
    fn the_published_case() {
        let boundary = ThresholdRule { margin: 0.1 }.boundary(0.5);
        let published = (2.0_f64.ln() + 0.4_f64.ln()) / (0.4_f64.ln() - 0.6_f64.ln());
        assert!((boundary - published).abs() < 1e-12);
        assert!((boundary - 0.5503).abs() < 5e-5);
    }

    #[test]
    fn the_boundary_is_where_the_losses_of_the_rule_cross() {
        for margin in [0.05, 0.1, 0.2] {
            for own in [0.3, 0.45, 0.5, 0.6, 0.7] {
                let rule = ThresholdRule { margin };
                let crossing = crossing(rule, own);
                assert!(
                    (rule.boundary(own) - crossing).abs() < 1e-9,
                    "{margin} {own}"
                );
            }
        }
    }
}
