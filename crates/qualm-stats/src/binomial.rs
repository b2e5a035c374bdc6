//! How far an observed share can be from the rate behind it: the binomial law.

use statrs::function::gamma::ln_gamma;

use crate::error::{StatsError, check_level};
use crate::interval::Interval;

/// Halvings of the unit interval until neighbouring values of `f64` are left.
const HALVINGS: u32 = 60;

/// The probability of at most `count` hits among `trials` with probability `rate` each.
///
/// The smaller tail is added up from its largest term, which logarithms of the gamma function give
/// to a relative error of about 1e-9 for millions of trials; without hits it is exact. NaN for a
/// rate that is no probability.
///
/// ```
/// use qualm_stats::binomial_cdf;
///
/// assert!((binomial_cdf(1, 3, 0.5) - 0.5).abs() < 1e-12);
/// // 2,995 trials without a hit are unlikely enough to rule out a rate of 0.1 %.
/// assert!(binomial_cdf(0, 2_995, 0.001) < 0.05 && binomial_cdf(0, 2_994, 0.001) > 0.05);
/// ```
#[must_use]
pub fn binomial_cdf(count: u64, trials: u64, rate: f64) -> f64 {
    if !(0.0..=1.0).contains(&rate) {
        return f64::NAN;
    }
    if count >= trials || rate == 0.0 {
        return 1.0;
    }
    if rate == 1.0 {
        return 0.0;
    }
    if count == 0 {
        return (trials as f64 * (-rate).ln_1p()).exp();
    }
    let odds = rate / (1.0 - rate);
    let most = (trials as f64 + 1.0) * rate;
    if (count as f64) < most {
        // Terms fall from `count` down.
        let mut term = pmf(count, trials, rate);
        let mut sum = term;
        for hits in (1..=count).rev() {
            term *= hits as f64 / ((trials - hits + 1) as f64 * odds);
            sum += term;
            if term <= sum * f64::EPSILON / 4.0 {
                break;
            }
        }
        sum.min(1.0)
    } else {
        // Terms fall from `count + 1` up.
        let mut term = pmf(count + 1, trials, rate);
        let mut sum = term;
        for hits in count + 1..trials {
            term *= (trials - hits) as f64 * odds / (hits + 1) as f64;
            sum += term;
            if term <= sum * f64::EPSILON / 4.0 {
                break;
            }
        }
        (1.0 - sum).max(0.0)
    }
}

fn pmf(count: u64, trials: u64, rate: f64) -> f64 {
    let (hits, misses) = (count as f64, (trials - count) as f64);
    let orders = ln_gamma(trials as f64 + 1.0) - ln_gamma(hits + 1.0) - ln_gamma(misses + 1.0);
    (orders + hits * rate.ln() + misses * (-rate).ln_1p()).exp()
}

/// The share `count / trials` with the interval of Clopper and Pearson ("The use of confidence or
/// fiducial limits illustrated in the case of the binomial" (1934)): it holds the rate behind the
/// share with probability `level` or more, whatever the rate and however few the trials.
///
/// # Errors
/// [`StatsError::BadLevel`] when `level` is not strictly between 0 and 1,
/// [`StatsError::NoTrials`] without trials or with more hits than trials.
///
/// ```
/// use qualm_stats::clopper_pearson;
///
/// let share = clopper_pearson(0, 10, 0.95)?;
/// assert_eq!((share.value, share.lo), (0.0, 0.0));
/// assert!((share.hi - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-12);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
pub fn clopper_pearson(count: u64, trials: u64, level: f64) -> Result<Interval, StatsError> {
    check_level(level)?;
    let rest = 0.5 * (1.0 - level);
    let misses = trials
        .checked_sub(count)
        .ok_or(StatsError::NoTrials { count, trials })?;
    Ok(Interval {
        value: count as f64 / trials as f64,
        lo: 1.0 - rate_at_most(misses, trials, rest)?,
        hi: rate_at_most(count, trials, rest)?,
    })
}

/// The rate that `count` hits among `trials` rule out to be larger: the least rate above which the
/// probability of so few hits is at most `error`, Clopper and Pearson's upper limit.
///
/// # Errors
/// As [`clopper_pearson`].
///
/// ```
/// use qualm_stats::rate_at_most;
///
/// // The rule of three: without a hit the rate is at most about 3 / n, with 95 % confidence.
/// assert!((rate_at_most(0, 1_000, 0.05)? - 0.002_991).abs() < 1e-6);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
pub fn rate_at_most(count: u64, trials: u64, error: f64) -> Result<f64, StatsError> {
    check_level(error)?;
    if trials == 0 || count > trials {
        return Err(StatsError::NoTrials { count, trials });
    }
    if count == trials {
        return Ok(1.0);
    }
    if count == 0 {
        return Ok(-(error.ln() / trials as f64).exp_m1());
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if binomial_cdf(count, trials, middle) > error {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_as_by_hand() {
        // 1, 4, 6, 4, 1 sixteenths.
        for (count, want) in [(0, 1.0), (1, 5.0), (2, 11.0), (3, 15.0), (4, 16.0)] {
            assert!((binomial_cdf(count, 4, 0.5) - want / 16.0).abs() < 1e-13);
        }
        // (3/4)^2 and 1 - (1/4)^2.
        assert!((binomial_cdf(0, 2, 0.25) - 0.5625).abs() < 1e-15);
        assert!((binomial_cdf(1, 2, 0.25) - 0.9375).abs() < 1e-14);
        assert_eq!(binomial_cdf(3, 10, 0.0), 1.0);
        assert_eq!(binomial_cdf(3, 10, 1.0), 0.0);
        assert!(binomial_cdf(3, 10, f64::NAN).is_nan());
        assert!(binomial_cdf(3, 10, 1.5).is_nan());
    }

    #[test]
    fn both_tails_are_the_sum_of_exact_terms() {
        for rate in [0.01, 0.3, 0.5, 0.9] {
            // Pascal's recursion: no logarithms, no division.
            let mut row = vec![1.0];
            for _ in 0..60 {
                let mut next = vec![0.0; row.len() + 1];
                for (i, p) in row.iter().enumerate() {
                    next[i] += p * (1.0 - rate);
                    next[i + 1] += p * rate;
                }
                row = next;
            }
            let mut sum = 0.0;
            for (count, p) in row.iter().enumerate() {
                sum += p;
                let ours = binomial_cdf(count as u64, 60, rate);
                assert!(
                    (ours - sum).abs() < 1e-12,
                    "{count} at {rate}: {ours} {sum}"
                );
            }
        }
    }

    #[test]
    fn millions_of_trials_are_added_up_too() {
        // Half of an even binomial, but for half of its middle term, 1 / sqrt(pi n).
        let n = 2_000_000;
        let want = 0.5 + 0.5 / (std::f64::consts::PI * 1e6).sqrt();
        assert!((binomial_cdf(n / 2, n, 0.5) - want).abs() < 1e-8);
    }

    #[test]
    fn limits_are_where_the_tails_have_the_level() {
        let share = clopper_pearson(7, 50, 0.9).unwrap();
        assert_eq!(share.value, 0.14);
        assert!((binomial_cdf(7, 50, share.hi) - 0.05).abs() < 1e-12);
        assert!((1.0 - binomial_cdf(6, 50, share.lo) - 0.05).abs() < 1e-12);
        // A published table: 1 of 10 at 95 % is 0.0025 to 0.4450.
        let share = clopper_pearson(1, 10, 0.95).unwrap();
        assert!((share.lo - 0.002_5).abs() < 5e-5 && (share.hi - 0.445_0).abs() < 5e-5);
        let all = clopper_pearson(10, 10, 0.95).unwrap();
        assert_eq!(all.hi, 1.0);
        assert!((all.lo - 0.025f64.powf(0.1)).abs() < 1e-12);
    }

    #[test]
    fn nothing_follows_from_no_trials() {
        let error = StatsError::NoTrials {
            count: 0,
            trials: 0,
        };
        assert_eq!(clopper_pearson(0, 0, 0.95), Err(error));
        assert_eq!(rate_at_most(0, 0, 0.05), Err(error));
        assert!(clopper_pearson(3, 2, 0.95).is_err());
        assert!(clopper_pearson(1, 2, 1.0).is_err());
    }
}
