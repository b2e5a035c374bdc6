//! False alarms come as often as the exact law says, no more and no less.

use libm::erfc;
use qualm_stats::{BetaBinomial, Reference, Stream};
use statrs::function::gamma::gamma_ur;

const REFERENCE_ROWS: u64 = 199;
const NEW_ROWS: u64 = 2_000;
const LEVEL: f64 = 0.05;

/// Flags 2,000 fresh normal draws against 199 others; one repetition of the experiment.
fn false_alarms(repetition: u64) -> u64 {
    let mut stream = Stream::new(41, repetition);
    let rows = (0..REFERENCE_ROWS).map(|_| stream.normal()).collect();
    let threshold = Reference::new(rows).unwrap().threshold(LEVEL);
    (0..NEW_ROWS)
        .filter(|_| stream.normal() > threshold)
        .count() as u64
}

/// The p-value of "these counts follow that law": Pearson's chi-square over bins of
/// neighbouring counts in which the law expects at least 30 each.
fn chi_square_p_value(counts: &[u64], pmf: impl Fn(u64) -> f64) -> f64 {
    let (mut statistic, mut bins) = (0.0, 0);
    let (mut expected, mut observed) = (0.0, 0);
    let (mut expected_left, mut observed_left) = (counts.len() as f64, counts.len());
    for count in 0..=NEW_ROWS {
        expected += pmf(count) * counts.len() as f64;
        observed += counts.iter().filter(|&&seen| seen == count).count();
        // The last bin takes all that is left, so stop while that is still enough.
        if expected >= 30.0 && expected_left - expected >= 30.0 {
            let gap = observed as f64 - expected;
            statistic += gap * gap / expected;
            bins += 1;
            expected_left -= expected;
            observed_left -= observed;
            (expected, observed) = (0.0, 0);
        }
    }
    let gap = observed_left as f64 - expected_left;
    statistic += gap * gap / expected_left;
    // One bin more than counted, one degree of freedom less than bins.
    gamma_ur(f64::from(bins) / 2.0, statistic / 2.0)
}

fn binomial_pmf(count: u64) -> f64 {
    // The limit of the beta-binomial law as the reference grows.
    BetaBinomial::new(NEW_ROWS, 50_000_000, 950_000_000).pmf(count)
}

#[test]
fn counts_of_2000_draws_follow_the_beta_binomial_law_and_not_the_binomial() {
    let counts: Vec<u64> = (0..1_500).map(false_alarms).collect();
    let law = BetaBinomial::of_false_alarms(REFERENCE_ROWS, LEVEL, NEW_ROWS);

    // Tolerance: a true law fails this for one seed in a thousand.
    let p_value = chi_square_p_value(&counts, |count| law.pmf(count));
    assert!(p_value > 1e-3, "p = {p_value}");

    // The same test notices a law of the same mean but without the luck of the reference.
    let p_value = chi_square_p_value(&counts, binomial_pmf);
    assert!(p_value < 1e-12, "p = {p_value}");

    let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    // The standard deviation of a count is 32, of the mean of 1,500 of them 0.83.
    assert!((mean - law.mean()).abs() < 3.3, "mean {mean}");
}

#[test]
fn one_count_of_2000_draws_lies_inside_its_interval() {
    let law = BetaBinomial::of_false_alarms(REFERENCE_ROWS, LEVEL, NEW_ROWS);
    let expected = law.interval(0.9999).unwrap();
    let count = false_alarms(u64::MAX);
    assert!(expected.contains(&count), "{count} not in {expected:?}");
    assert!(expected.end() - expected.start() < 300, "{expected:?}");
}

#[test]
fn p_values_of_exchangeable_rows_are_uniform_on_their_steps() {
    // One new row per reference of 19: each of the 20 possible p-values equally likely.
    let mut seen = [0_u32; 20];
    for repetition in 0..20_000 {
        let mut stream = Stream::new(42, repetition);
        let rows = (0..19).map(|_| stream.normal()).collect();
        let p_value = Reference::new(rows).unwrap().p_value(stream.normal());
        seen[(p_value * 20.0).round() as usize - 1] += 1;
    }
    let statistic: f64 = seen
        .iter()
        .map(|&count| (f64::from(count) - 1_000.0).powi(2) / 1_000.0)
        .sum();
    let p_value = gamma_ur(9.5, statistic / 2.0);
    assert!(p_value > 1e-3, "p = {p_value}");
}

#[test]
fn a_shifted_input_breaks_the_promise() {
    // Drift by one standard deviation: the rate is that of a normal beyond 1.64 - 1.
    let mut stream = Stream::new(43, 0);
    let rows = (0..9_999).map(|_| stream.normal()).collect();
    let threshold = Reference::new(rows).unwrap().threshold(LEVEL);
    let flagged = (0..20_000)
        .filter(|_| stream.normal() + 1.0 > threshold)
        .count();
    let rate = 0.5 * erfc((1.644_853_626_951_472_2 - 1.0) / std::f64::consts::SQRT_2);
    assert!((flagged as f64 / 20_000.0 - rate).abs() < 0.02, "{flagged}");
}
