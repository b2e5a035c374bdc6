//! Flags keep the promise of their rule, from fitting rows to the last decision.

use std::collections::BTreeSet;

use qualm_data::{KeyColumn, MemorySet};
use qualm_ood::{
    Bundle, DecideOptions, Decider, FitInput, FitOptions, Outcome, Recipe, Rule, Split, calibrate,
    fit,
};
use qualm_stats::{BetaBinomial, Stream};

const DIM: usize = 4;

/// Rows of independent normal numbers with this mean and standard deviation.
fn gaussian(stream: &mut Stream, rows: usize, dim: usize, mean: f64, sd: f64) -> MemorySet {
    let numbers = (0..rows * dim)
        .map(|_| (mean + sd * stream.normal()) as f32)
        .collect();
    MemorySet::new("rows").with_features(numbers, dim).unwrap()
}

fn fit_on(train: &MemorySet, recipe: &str, split: Split) -> Bundle {
    let recipes = Recipe::parse_list(recipe).unwrap();
    let options = FitOptions {
        split,
        ..FitOptions::default()
    };
    fit(
        FitInput { train, head: None },
        &recipes,
        &options,
        &mut |_| {},
    )
    .unwrap()
    .bundle
}

fn decide(bundle: &Bundle, rule: Rule, per_class: bool, set: &MemorySet) -> (Vec<bool>, Outcome) {
    let decider = Decider::new(bundle, DecideOptions { rule, per_class }).unwrap();
    let mut flags = Vec::new();
    let outcome = decider
        .run(set, &mut |tile| {
            flags.extend_from_slice(tile.flags(0).unwrap());
            Ok(())
        })
        .unwrap();
    (flags, outcome)
}

fn count(flags: &[bool]) -> u64 {
    flags.iter().filter(|&&flag| flag).count() as u64
}

/// Largest distance of the empirical distribution from the uniform one, times the root of the
/// number of values (Kolmogorov and Smirnov): above 1.95 once in a thousand seeds.
fn distance_from_uniform(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let gaps = values.iter().enumerate().map(|(below, &u)| {
        let below = below as f64;
        (u - below / n).max((below + 1.0) / n - u)
    });
    gaps.fold(0.0, f64::max) * n.sqrt()
}

/// One repetition: fits on fresh rows with a part of them held back, flags 2,000 more, and gives
/// the size of the reference and the number of false alarms.
fn false_alarms(repetition: u64, level: f64) -> (u64, u64) {
    const NEW_ROWS: usize = 2_000;
    let mut stream = Stream::new(71, repetition);
    let split = Split {
        fraction: 0.3,
        seed: repetition,
    };
    let train = gaussian(&mut stream, 600, DIM, 0.0, 1.0);
    let bundle = fit_on(&train, "residual(dim=2,origin=mean)", split);
    let new = gaussian(&mut stream, NEW_ROWS, DIM, 0.0, 1.0);
    let (flags, outcome) = decide(&bundle, Rule::FalseAlarms(level), false, &new);
    assert_eq!(outcome.rows, NEW_ROWS as u64);
    assert_eq!(outcome.flagged, Some(vec![count(&flags)]));
    (bundle.reference().unwrap().len() as u64, count(&flags))
}

#[test]
fn false_alarms_among_2000_fresh_rows_follow_the_beta_binomial_law() {
    const LEVEL: f64 = 0.05;
    let mut stream = Stream::new(72, 0);
    let (mut ranks, mut narrow_ranks) = (Vec::new(), Vec::new());
    let (mut excess, mut variance) = (0.0, 0.0);
    for repetition in 0..400 {
        let (n, alarms) = false_alarms(repetition, LEVEL);
        assert!((130..230).contains(&n), "{n}");
        // Every repetition has a law of its own, so ask where in its law each count stands:
        // uniformly, once a count's own probability is spread at random.
        let spread = stream.unit();
        let rank = |law: &BetaBinomial| {
            let below = alarms.checked_sub(1).map_or(0.0, |fewer| law.cdf(fewer));
            below + spread * law.pmf(alarms)
        };
        let law = BetaBinomial::of_false_alarms(n, LEVEL, 2_000);
        ranks.push(rank(&law));
        // The limit of a reference without end: the binomial law.
        narrow_ranks.push(rank(&BetaBinomial::new(2_000, 50_000_000, 950_000_000)));
        let (hits, all) = (law.mean() / 2_000.0 * (n as f64 + 1.0), n as f64 + 1.0);
        excess += alarms as f64 - law.mean();
        variance += 2_000.0 * hits * (all - hits) * (all + 2_000.0) / (all * all * (all + 1.0));
    }
    // Tolerances: the true law fails each of these for one seed in a thousand.
    let distance = distance_from_uniform(ranks);
    assert!(distance < 1.95, "{distance}");
    let mean = excess / variance.sqrt();
    assert!(
        mean.abs() < 3.3,
        "{mean} standard errors from floor(a (n + 1)) / (n + 1)"
    );
    // The same test refuses a law of nearly the same mean without the luck of the reference.
    let distance = distance_from_uniform(narrow_ranks);
    assert!(distance > 4.0, "{distance}");
}

#[test]
fn a_reference_of_fitting_rows_breaks_the_promise() {
    let mut stream = Stream::new(73, 0);
    let train = gaussian(&mut stream, 80, 40, 0.0, 1.0);
    let mut bundle = fit_on(&train, "residual(dim=20,origin=mean)", Split::none());
    let new = gaussian(&mut stream, 2_000, 40, 0.0, 1.0);
    calibrate(&mut bundle, &train).unwrap();
    let (flags, _) = decide(&bundle, Rule::FalseAlarms(0.05), false, &new);
    assert!(count(&flags) > 600, "{}", count(&flags));
    calibrate(&mut bundle, &gaussian(&mut stream, 999, 40, 0.0, 1.0)).unwrap();
    let (flags, _) = decide(&bundle, Rule::FalseAlarms(0.05), false, &new);
    let expected = BetaBinomial::of_false_alarms(999, 0.05, 2_000);
    assert!(expected.interval(0.999).unwrap().contains(&count(&flags)));
}

#[test]
fn a_split_never_cuts_through_a_group() {
    const ROWS: usize = 3_000;
    // The only logit of a row is its number, so scores tell which rows were held back.
    let train = MemorySet::new("train")
        .with_logits((0..ROWS).map(|row| row as f32).collect(), 1)
        .and_then(|set| {
            let patient = |row| format!("patient {}", (row * 31) % 200);
            set.with_groups(KeyColumn::Text((0..ROWS).map(patient).collect()))
        })
        .unwrap();
    let bundle = fit_on(&train, "maxlogit", Split::of(0.3));
    let held: Vec<usize> = bundle
        .reference()
        .unwrap()
        .scores(0)
        .map(|score| -score as usize)
        .collect();
    let groups: BTreeSet<usize> = held.iter().map(|row| (row * 31) % 200).collect();
    assert!((30..90).contains(&groups.len()), "{}", groups.len());
    // Each group has 15 rows, and all of them came along.
    assert_eq!(held.len(), 15 * groups.len());
    assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), held.len());
}

/// Rows with two logits, of which the first or, for a third of the rows, the second is larger;
/// the second class has much lower logits and so higher outlier scores.
fn two_classes(stream: &mut Stream, rows: usize) -> (MemorySet, Vec<bool>) {
    let mut rare = Vec::new();
    let mut logits = Vec::new();
    for _ in 0..rows {
        rare.push(stream.unit() < 1.0 / 3.0);
        let of_class = (stream.normal() + if rare[rare.len() - 1] { 5.0 } else { 15.0 }) as f32;
        let other = of_class - 1.0;
        logits.extend(if rare[rare.len() - 1] {
            [other, of_class]
        } else {
            [of_class, other]
        });
    }
    let set = MemorySet::new("rows").with_logits(logits, 2).unwrap();
    (set, rare)
}

#[test]
fn references_per_class_keep_the_rate_in_each_class() {
    let mut stream = Stream::new(74, 0);
    let (train, _) = two_classes(&mut stream, 8_000);
    let bundle = fit_on(&train, "maxlogit", Split::of(0.5));
    let (new, rare) = two_classes(&mut stream, 6_000);
    let rates = |per_class| {
        let (flags, _) = decide(&bundle, Rule::FalseAlarms(0.1), per_class, &new);
        [true, false].map(|class| {
            let own = flags.iter().zip(&rare).filter(|(_, rare)| **rare == class);
            let own: Vec<bool> = own.map(|(&flag, _)| flag).collect();
            count(&own) as f64 / own.len() as f64
        })
    };
    // One reference: 10 % of all are 30 % of the third that scores higher, and none of the rest.
    let [rare_rate, common_rate] = rates(false);
    assert!((rare_rate - 0.3).abs() < 0.04, "{rare_rate}");
    assert_eq!(common_rate, 0.0);
    // Four standard deviations of a rate over about 2,000 rows against a reference of 1,300.
    for rate in rates(true) {
        assert!((rate - 0.1).abs() < 0.042, "{rate}");
    }
}

#[test]
fn the_share_of_false_flags_in_a_mixture_is_kept() {
    const HARMLESS: usize = 400;
    const OUTLIERS: usize = 100;
    const Q: f64 = 0.2;
    const BATCHES: u64 = 150;
    let mut shares = 0.0;
    let mut found = 0;
    for batch in 0..BATCHES {
        let mut stream = Stream::new(75, batch);
        let train = gaussian(&mut stream, 1_200, DIM, 0.0, 1.0);
        let split = Split {
            fraction: 0.5,
            seed: batch,
        };
        let bundle = fit_on(&train, "residual(dim=1,origin=mean)", split);
        // Outliers first, last and between: the order of a batch means nothing.
        let mut features = Vec::new();
        let mut outlier = Vec::new();
        for row in 0..HARMLESS + OUTLIERS {
            let is_outlier = row % 5 == 0;
            let sd = if is_outlier { 5.0 } else { 1.0 };
            outlier.push(is_outlier);
            features.extend((0..DIM).map(|_| (sd * stream.normal()) as f32));
        }
        let new = MemorySet::new("batch")
            .with_features(features, DIM)
            .unwrap();
        let (flags, _) = decide(&bundle, Rule::FalseDiscovery(Q), false, &new);
        let wrong = flags
            .iter()
            .zip(&outlier)
            .filter(|(flag, out)| **flag && !**out);
        let wrong = wrong.count() as u64;
        shares += wrong as f64 / count(&flags).max(1) as f64 / BATCHES as f64;
        found += count(&flags) - wrong;
    }
    // On average exactly q * harmless / all, 0.16; one batch scatters by about 0.05, the mean of
    // 150 by 0.004.
    assert!((shares - 0.16).abs() < 0.02, "{shares}");
    let power = found as f64 / (OUTLIERS as u64 * BATCHES) as f64;
    assert!(power > 0.7, "{power}");
}
