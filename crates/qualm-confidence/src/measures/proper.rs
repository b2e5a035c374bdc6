//! Proper scores: the expectation of each is best for the true probability.

use super::Levels;

/// Confidences are kept this far from 0 and 1 before their logarithm is taken.
pub const CLIP: f64 = 1e-6;

/// Brier score of a binary confidence, the mean of `(c - y)^2` (Brier 1950). Lower is better;
/// other programs' default may be twice this, the sum over both classes.
#[must_use]
pub fn brier(levels: &Levels) -> f64 {
    levels.mean(|c, right| if right { (c - 1.0).powi(2) } else { c * c })
}

/// Negative log-likelihood in nats, the mean of `-ln c` of what is right and `-ln (1 - c)` of
/// what is wrong, with confidences clipped to `[1e-6, 1 - 1e-6]`.
#[must_use]
pub fn negative_log_likelihood(levels: &Levels) -> f64 {
    levels.mean(|c, right| {
        let c = c.clamp(CLIP, 1.0 - CLIP);
        -if right { c.ln() } else { (-c).ln_1p() }
    })
}

/// Spiegelhalter's Z, `sum (y - c)(1 - 2c) / sqrt(sum (1 - 2c)^2 c (1 - c))`: about standard
/// normal if confidences are honest (Spiegelhalter 1986). `None` where no confidence lies strictly
/// between 0 and 1 and off 1/2.
#[must_use]
pub fn spiegelhalter_z(levels: &Levels) -> Option<f64> {
    let mut sum = 0.0;
    let mut variance = 0.0;
    for (c, tally) in levels.iter() {
        sum += (tally.hits - c * tally.records) * (1.0 - 2.0 * c);
        variance += tally.records * (1.0 - 2.0 * c).powi(2) * c * (1.0 - c);
    }
    (variance > 0.0).then(|| sum / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_worked_by_hand() {
        let levels = Levels::new(&[0.8, 0.8, 0.3, 1.0], &[true, false, false, false]).unwrap();
        assert!((brier(&levels) - (0.04 + 0.64 + 0.09 + 1.0) / 4.0).abs() < 1e-12);
        let nll = -(0.8_f64.ln() + 0.2_f64.ln() + 0.7_f64.ln() + CLIP.ln()) / 4.0;
        assert!((negative_log_likelihood(&levels) - nll).abs() < 1e-9);
        // (1 - .8)(-.6) + (-.8)(-.6) + (-.3)(.4) + (-1)(-1)
        let z: f64 = (-0.12 + 0.48 - 0.12 + 1.0) / (2.0 * 0.36 * 0.16 + 0.16 * 0.21_f64).sqrt();
        assert!((spiegelhalter_z(&levels).unwrap() - z).abs() < 1e-12);
    }

    #[test]
    fn certainty_has_no_z() {
        let levels = Levels::new(&[1.0, 0.5], &[true, false]).unwrap();
        assert_eq!(spiegelhalter_z(&levels), None);
    }
}
