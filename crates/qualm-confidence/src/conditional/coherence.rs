//! Does what is said of A agree with what is said of A given B?

use serde::Serialize;

/// A statistic above this is called a violation: the quantile 2.58 of the normal distribution (1 %
/// two-sided) times a noise of .05 a stated probability, the level that published checks of
/// language models as forecasters take (Paleka et al. 2024, "Consistency Checks for Language Model
/// Forecasters").
pub const VIOLATION: f64 = 2.58 * 0.05;

/// Keeps [`statistic`] finite where every stated probability is 0 or 1.
const FLOOR: f64 = 1e-3;

/// P(A) as it follows from P(A | B) = `p`, P(A | not B) = `p_else` and P(B) = `q`: the law of
/// total probability, `p q + p_else (1 - q)`.
///
/// ```
/// use qualm_confidence::conditional::coherence::implied;
///
/// assert!((implied(0.6, 0.25, 0.5) - 0.425).abs() < 1e-15);
/// ```
#[must_use]
pub fn implied(p: f64, p_else: f64, q: f64) -> f64 {
    p * q + p_else * (1.0 - q)
}

/// `|P(A) - P(A|B) P(B) - P(A|not B) (1 - P(B))|`: how far the stated P(A) is from what the other
/// three imply.
///
/// It is what the four bets lose for sure at stakes of at most 1: buy (or sell) A for `p_event`,
/// the opposite of A given B and of A given not B, and `p_else - p` tickets of B. It equals the
/// distance of [`nearest`](super::nearest), which no other stakes of at most 1 exceed.
///
/// ```
/// use qualm_confidence::conditional::coherence::gap;
///
/// assert!((gap(0.5, 0.6, 0.25, 0.5) - 0.075).abs() < 1e-15);
/// ```
#[must_use]
pub fn gap(p_event: f64, p: f64, p_else: f64, q: f64) -> f64 {
    (p_event - implied(p, p_else, q)).abs()
}

/// The gap in units of its own noise.
///
/// Take each stated probability x as a coherent one plus independent noise of variance
/// s^2 x (1 - x): small near certainty, as rounding and wavering are. To first order the gap then
/// has the variance s^2 times
///
/// ```text
/// P(1-P) + q^2 p(1-p) + (1-q)^2 p'(1-p') + (p-p')^2 q(1-q)
/// ```
///
/// each term the squared derivative of the gap times the noise of that statement. The statistic is
/// the gap divided by the root of that sum plus 10^-3; where the statements are coherent but for
/// the noise, it is about |N(0, s^2)| (Paleka et al. 2024, derived anew).
///
/// ```
/// use qualm_confidence::conditional::coherence::{VIOLATION, statistic};
///
/// // A gap of .075 is within the noise in the middle, and a violation near certainty.
/// assert!(statistic(0.5, 0.6, 0.25, 0.5) < VIOLATION);
/// assert!(statistic(0.075, 0.0, 0.0, 0.5) > VIOLATION);
/// ```
#[must_use]
pub fn statistic(p_event: f64, p: f64, p_else: f64, q: f64) -> f64 {
    let spread = |x: f64| x * (1.0 - x);
    let variance = spread(p_event)
        + q * q * spread(p)
        + (1.0 - q) * (1.0 - q) * spread(p_else)
        + (p - p_else) * (p - p_else) * spread(q);
    gap(p_event, p, p_else, q) / (variance + FLOOR).sqrt()
}

/// What two prices `a` and `b` of one event give away for sure to whoever trades against a
/// logarithmic scoring rule at both: `-2 ln(sqrt(a b) + sqrt((1-a)(1-b)))`.
///
/// Moving a price from x to y pays ln(y/x) if the event happens, else ln((1-y)/(1-x)). The sure
/// gain is the largest minimum over outcomes, by duality the least of KL(z, a) + KL(z, b) over
/// probabilities z, and that is reached at z proportional to sqrt(a b). For the check of a
/// conjunction, P(B) P(A|B) against P(A and B), the two markets of the product add up to the same,
/// since KL follows the chain rule: `a = P(B) P(A|B)`, `b = P(A and B)`. 0 exactly where a = b;
/// infinite where one says never and the other always.
///
/// ```
/// use qualm_confidence::conditional::coherence::arbitrage;
///
/// assert_eq!(arbitrage(0.3, 0.3), 0.0);
/// // P(B) = .5 and P(A | B) = .6 against P(A and B) = .5.
/// assert!((arbitrage(0.5 * 0.6, 0.5) - 0.0426).abs() < 1e-4);
/// assert_eq!(arbitrage(0.0, 1.0), f64::INFINITY);
/// ```
#[must_use]
pub fn arbitrage(a: f64, b: f64) -> f64 {
    // Rounding may bring equal prices a hair above 1.
    let overlap = ((a * b).sqrt() + ((1.0 - a) * (1.0 - b)).sqrt()).min(1.0);
    // `+ 0.0` because minus nothing is shown with its sign.
    -2.0 * overlap.ln() + 0.0
}

/// How a conditional belief agrees with what else was said of the same events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coherence {
    /// [`gap`]; none unless P(A), P(B) and both branches are stated.
    pub gap: Option<f64>,
    /// [`statistic`] of the same.
    pub statistic: Option<f64>,
    /// `P(B) P(A|B) - P(A and B)`; none unless P(B) and P(A and B) are stated.
    pub conjunction_gap: Option<f64>,
    /// [`arbitrage`] of the same, in nats; none also where it is infinite.
    pub arbitrage: Option<f64>,
}

impl Coherence {
    /// Whether the statistic is above [`VIOLATION`]; none where there is none.
    #[must_use]
    pub fn violated(&self) -> Option<bool> {
        self.statistic.map(|statistic| statistic > VIOLATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_worked_by_hand() {
        // .25 + .25*.24 + .25*.1875 + .35^2*.25 + .001 = .3885.
        let expected = 0.075 / 0.3885_f64.sqrt();
        assert!((statistic(0.5, 0.6, 0.25, 0.5) - expected).abs() < 1e-12);
        // Certainty everywhere: the floor alone is left.
        assert!((statistic(1.0, 0.0, 0.0, 1.0) - 1.0 / 0.001_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn noise_of_the_assumed_kind_gives_a_statistic_of_its_size() {
        use qualm_stats::random::Stream;
        // Coherent: .3 = .5*.4 + .2*.5. Noise of s = .01 to each.
        let truth = [0.3, 0.4, 0.2, 0.5];
        let mut stream = Stream::new(5, 0);
        let squares: f64 = (0..20_000)
            .map(|_| {
                let [p_event, p, p_else, q] =
                    truth.map(|x: f64| x + 0.01 * (x * (1.0 - x)).sqrt() * stream.normal());
                statistic(p_event, p, p_else, q).powi(2)
            })
            .sum();
        // The floor of .001 takes a little off: .37 / .371.
        let noise = (squares / 20_000.0).sqrt();
        assert!((noise - 0.01).abs() < 2e-4, "{noise}");
    }

    #[test]
    fn arbitrage_is_what_the_best_trade_gains_for_sure() {
        // The trader moves both prices to z and gains what the worse outcome pays: the higher z,
        // the more if it happens and the less if not, so the best z is where both pay the same.
        for (a, b) in [(0.3_f64, 0.5_f64), (0.9, 0.2), (0.01, 0.02)] {
            let yes = |z: f64| (z * z / (a * b)).ln();
            let no = |z: f64| ((1.0 - z) * (1.0 - z) / ((1.0 - a) * (1.0 - b))).ln();
            let (mut lo, mut hi) = (0.0, 1.0);
            for _ in 0..80 {
                let z = f64::midpoint(lo, hi);
                if yes(z) < no(z) {
                    lo = z;
                } else {
                    hi = z;
                }
            }
            assert!((yes(hi) - arbitrage(a, b)).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn the_conjunction_against_its_three_markets() {
        // P = P(B), Q = P(A|B) (called off without B), R = P(A and B): what a trade to the coherent
        // prices b, a and a b pays in the worst of the three outcomes.
        let (p, q, r) = (0.5_f64, 0.6_f64, 0.5_f64);
        let trade = |b: f64, a: f64| {
            let both = ((1.0 - a * b) / (1.0 - r)).ln();
            let without = ((1.0 - b) / (1.0 - p)).ln() + both;
            let lost = (b / p).ln() + ((1.0 - a) / (1.0 - q)).ln() + both;
            let won = (b / p).ln() + (a / q).ln() + (a * b / r).ln();
            without.min(lost).min(won)
        };
        let formula = arbitrage(p * q, r);
        // The best: P(A and B) = z, the rest shared out as before.
        let (won, rest) = ((p * q * r).sqrt(), ((1.0 - p * q) * (1.0 - r)).sqrt());
        let z = won / (won + rest);
        let b = 1.0 - (1.0 - z) * (1.0 - p) / (1.0 - p * q);
        assert!((trade(b, z / b) - formula).abs() < 1e-12);
        for i in 1..200 {
            for j in 1..200 {
                assert!(trade(f64::from(i) / 200.0, f64::from(j) / 200.0) <= formula);
            }
        }
    }
}
