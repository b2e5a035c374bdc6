//! From the scores of units to how much of each is let through.
//!
//! Scores are logits: a unit's probability of being evidence is `sigmoid(score)`.

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The `ceil(ratio n)` units of the highest scores; of equals the first.
///
/// The product is rounded to 1e-9 before it is rounded up, so that .3 of 10 units are 3.
///
/// ```
/// use qualm_rationale::model::top_share;
/// assert_eq!(top_share(&[0.1, 2.0, 2.0, -1.0], 0.3), [false, true, true, false]);
/// assert_eq!(top_share(&[0.0; 10], 0.3).iter().filter(|&&taken| taken).count(), 3);
/// ```
pub fn top_share(scores: &[f64], ratio: f64) -> Vec<bool> {
    let taken = (ratio * scores.len() as f64 - 1e-9).ceil().max(0.0) as usize;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut chosen = vec![false; scores.len()];
    for &unit in order.iter().take(taken) {
        chosen[unit] = true;
    }
    chosen
}

/// `KL(Bern(sigmoid(score)) || Bern(ratio))` and its slope by the score,
/// `p (1 - p) (score - logit(ratio))` (Paranjape et al., EMNLP 2020, eq. 6).
///
/// ```
/// let (value, slope) = qualm_rationale::model::sparsity(0.0, 0.25);
/// // 1/2 ln(1/2 / 1/4) + 1/2 ln(1/2 / 3/4)
/// assert!((value - 0.5 * (4.0f64 / 3.0).ln()).abs() < 1e-12);
/// assert!((slope - 0.25 * 3f64.ln()).abs() < 1e-12);
/// ```
pub fn sparsity(score: f64, ratio: f64) -> (f64, f64) {
    let p = sigmoid(score);
    let part = |p: f64, prior: f64| if p > 0.0 { p * (p / prior).ln() } else { 0.0 };
    let logit = (ratio / (1.0 - ratio)).ln();
    let value = part(p, ratio) + part(1.0 - p, 1.0 - ratio);
    (value, p * (1.0 - p) * (score - logit))
}

/// Binary cross-entropy of a score against 0 or 1 and its slope, `sigmoid(score) - target`.
pub fn cross_entropy(score: f64, target: bool) -> (f64, f64) {
    let signed = if target { score } else { -score };
    // log(1 + exp(-s)) without overflow.
    let value = (-signed).max(0.0) + (-signed.abs()).exp().ln_1p();
    (value, sigmoid(score) - f64::from(u8::from(target)))
}

/// A Bernoulli variable made smooth (Maddison et al.; Jang et al., ICLR 2017).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relaxed {
    /// Temperature.
    pub tau: f64,
    /// Whether it is stretched to [-0.1, 1.1] and cut at 0 and 1 (hard concrete; Louizos et al.,
    /// ICLR 2018), so that whole units may be shut out while training.
    pub hard: bool,
}

impl Relaxed {
    /// `z = sigmoid((score + log u - log(1 - u)) / tau)` for a uniform `u`, and dz/dscore.
    ///
    /// ```
    /// use qualm_rationale::model::Relaxed;
    /// let (z, slope) = Relaxed { tau: 0.5, hard: false }.draw(0.0, 0.75);
    /// assert!((z - 0.9).abs() < 1e-12); // 3^2 / (1 + 3^2)
    /// assert!((slope - 0.9 * 0.1 / 0.5).abs() < 1e-12);
    /// ```
    pub fn draw(self, score: f64, u: f64) -> (f64, f64) {
        // A uniform draw may be 0, whose logarithm is no number to go on with.
        let u = u.clamp(1e-12, 1.0 - 1e-12);
        let z = sigmoid((score + u.ln() - (-u).ln_1p()) / self.tau);
        let slope = z * (1.0 - z) / self.tau;
        if !self.hard {
            return (z, slope);
        }
        const STRETCH: f64 = 1.2;
        match STRETCH * z - 0.1 {
            low if low <= 0.0 => (0.0, 0.0),
            high if high >= 1.0 => (1.0, 0.0),
            inside => (inside, STRETCH * slope),
        }
    }
}

/// The nearest point to `scores` in `{0 <= z <= 1, sum z <= budget}`: what SPECTRA's factor of one
/// budget comes to (Guerreiro and Martins, EMNLP 2021), exactly and without iterations.
///
/// `z = clip(score - theta, 0, 1)` with `theta = 0` where that keeps the budget, else the one that
/// spends it: the sum is piecewise linear in theta with corners at `score` and `score - 1`.
///
/// ```
/// use qualm_rationale::model::project;
/// assert_eq!(project(&[0.4, -1.0, 0.5], 1.0), [0.4, 0.0, 0.5]); // keeps the budget
/// let z = project(&[3.0, 0.5, 0.25], 1.5); // theta = 1/8
/// assert_eq!(z, [1.0, 0.375, 0.125]);
/// ```
pub fn project(scores: &[f64], budget: f64) -> Vec<f64> {
    let at = |theta: f64| scores.iter().map(move |v| (v - theta).clamp(0.0, 1.0));
    if at(0.0).sum::<f64>() <= budget {
        return at(0.0).collect();
    }
    let mut corners: Vec<f64> = scores.iter().flat_map(|v| [*v, v - 1.0]).collect();
    corners.retain(|corner| *corner > 0.0);
    corners.sort_unstable_by(f64::total_cmp);
    // The sum falls as theta rises: the last corner that spends at least the budget.
    let last = corners.partition_point(|corner| at(*corner).sum::<f64>() >= budget);
    let from = if last == 0 { 0.0 } else { corners[last - 1] };
    // From there to the next corner each unit that is neither shut nor full falls with theta.
    let falling = scores.iter().filter(|v| **v > from && **v - 1.0 <= from);
    let surplus = at(from).sum::<f64>() - budget;
    let theta = from + surplus / falling.count().max(1) as f64;
    at(theta).collect()
}

/// The gradient of the scores where that of `z = project(scores, budget)` is `of_z`:
/// `(I - 11^T / |A|)` over the units A strictly between 0 and 1 where the budget is spent, the
/// identity over them where it is not.
pub fn pull_projection(scores: &[f64], z: &[f64], budget: f64, of_z: &[f64]) -> Vec<f64> {
    let inside = |z: f64| z > 0.0 && z < 1.0;
    let free = scores.iter().map(|v| v.clamp(0.0, 1.0)).sum::<f64>();
    let mean = if free > budget {
        let active = z.iter().zip(of_z).filter(|(z, _)| inside(**z));
        let (count, sum) = active.fold((0.0, 0.0), |(n, sum), (_, g)| (n + 1.0, sum + g));
        sum / f64::max(count, 1.0)
    } else {
        0.0
    };
    z.iter()
        .zip(of_z)
        .map(|(z, g)| if inside(*z) { g - mean } else { 0.0 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    fn slope_of(f: impl Fn(f64) -> f64, x: f64) -> f64 {
        let h = 1e-6;
        (f(x + h) - f(x - h)) / (2.0 * h)
    }

    #[test]
    fn shares_are_rounded_up_and_ties_go_to_the_first() {
        assert_eq!(top_share(&[1.0, 1.0, 1.0], 0.34), [true, true, false]);
        assert_eq!(top_share(&[-5.0], 0.01), [true]);
        assert!(top_share(&[], 0.5).is_empty());
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        for score in [-30.0, -2.0, 0.0, 0.3, 4.0, 30.0] {
            let (value, slope) = sparsity(score, 0.3);
            assert!(value >= -1e-15);
            assert!((slope - slope_of(|s| sparsity(s, 0.3).0, score)).abs() < 1e-8);
            for target in [false, true] {
                let (_, slope) = cross_entropy(score, target);
                assert!((slope - slope_of(|s| cross_entropy(s, target).0, score)).abs() < 1e-8);
            }
            for relaxed in [false, true].map(|hard| Relaxed { tau: 0.7, hard }) {
                let (_, slope) = relaxed.draw(score, 0.4);
                assert!((slope - slope_of(|s| relaxed.draw(s, 0.4).0, score)).abs() < 1e-8);
            }
        }
        // A prior kept is free; a half against a quarter by hand.
        assert!(sparsity((0.3f64 / 0.7).ln(), 0.3).0.abs() < 1e-15);
        assert!((cross_entropy(0.0, true).0 - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn hard_concrete_by_hand() {
        let hard = Relaxed {
            tau: 1.0,
            hard: true,
        };
        // sigmoid(ln 3 + 0) = 3/4, stretched: 1.2 * 3/4 - .1.
        let (z, slope) = hard.draw(3f64.ln(), 0.5);
        assert!((z - 0.8).abs() < 1e-12 && (slope - 1.2 * 0.1875).abs() < 1e-12);
        assert_eq!(hard.draw(40.0, 0.5), (1.0, 0.0));
        assert_eq!(hard.draw(-40.0, 0.5), (0.0, 0.0));
    }

    /// The quadratic programme by trying every set of units at 0, at 1 and between: those between
    /// are `score - theta` with theta = 0 or such that the budget is spent.
    fn by_enumeration(scores: &[f64], budget: f64) -> Vec<f64> {
        let n = scores.len();
        let mut best: Option<(f64, Vec<f64>)> = None;
        for pattern in 0..3usize.pow(n as u32) {
            let state: Vec<usize> = (0..n).map(|i| pattern / 3usize.pow(i as u32) % 3).collect();
            let free: Vec<usize> = (0..n).filter(|&i| state[i] == 2).collect();
            let full = state.iter().filter(|&&s| s == 1).count() as f64;
            let sum: f64 = free.iter().map(|&i| scores[i]).sum();
            let spent = (sum + full - budget) / free.len().max(1) as f64;
            for theta in [0.0, spent] {
                let z: Vec<f64> = (0..n)
                    .map(|i| [0.0, 1.0, scores[i] - theta][state[i]])
                    .collect();
                let allowed = z.iter().all(|z| (-1e-12..=1.0 + 1e-12).contains(z))
                    && z.iter().sum::<f64>() <= budget + 1e-12;
                let distance = z.iter().zip(scores).map(|(z, v)| (z - v).powi(2)).sum();
                if allowed && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                    best = Some((distance, z));
                }
            }
        }
        best.map_or_else(Vec::new, |(_, z)| z)
    }

    #[test]
    fn the_projection_solves_its_quadratic_programme() {
        let mut stream = Stream::new(7, 0);
        for case in 0..300 {
            let n = 1 + case % 7;
            let scores: Vec<f64> = (0..n).map(|_| 1.5 * stream.normal()).collect();
            let budget = [1.0, 2.0, 0.5, n as f64][case % 4];
            let z = project(&scores, budget);
            for (z, want) in z.iter().zip(by_enumeration(&scores, budget)) {
                assert!((z - want).abs() < 1e-8, "{scores:?} {budget}");
            }
        }
    }

    #[test]
    fn its_gradient_is_that_of_finite_differences() {
        let mut stream = Stream::new(8, 0);
        for case in 0..200 {
            let n = 2 + case % 9;
            let scores: Vec<f64> = (0..n).map(|_| 1.5 * stream.normal()).collect();
            let of_z: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            let budget = 1.0 + (case % 3) as f64;
            let z = project(&scores, budget);
            let pulled = pull_projection(&scores, &z, budget, &of_z);
            for i in 0..n {
                let value = |x: f64| -> f64 {
                    let mut moved = scores.clone();
                    moved[i] = x;
                    let z = project(&moved, budget);
                    z.iter().zip(&of_z).map(|(z, g)| z * g).sum()
                };
                let slope = slope_of(value, scores[i]);
                assert!(
                    (slope - pulled[i]).abs() < 1e-6,
                    "{scores:?} {slope} {pulled:?}"
                );
            }
        }
    }
}
