//! The same figures as scikit-learn, SciPy and the definitions, to 1e-12; the same random
//! numbers as the published algorithms.
//!
//! `reference/metrics.py` makes `reference/metrics.json`.

use qualm_stats::random::{hash_bytes, unit_hash};
use qualm_stats::{
    BetaBinomial, Ranking, Stream, auroc_interval, benjamini_hochberg, paired_delong, spearman,
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/metrics.json")).unwrap()
}

fn cases<'a>(reference: &'a Value, kind: &str) -> &'a [Value] {
    let cases = reference[kind].as_array().unwrap();
    assert!(!cases.is_empty(), "no {kind}");
    cases
}

fn number(case: &Value, name: &str) -> f64 {
    case[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no number {name}"))
}

fn numbers(case: &Value, name: &str) -> Vec<f64> {
    let list = case[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name}"));
    list.iter().map(|value| value.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_close(case: &Value, name: &str, ours: f64) {
    let theirs = number(case, name);
    assert!(
        (ours - theirs).abs() <= TOLERANCE,
        "{}: {name} is {ours}, theirs {theirs}",
        case["name"]
    );
}

#[test]
fn ranking_metrics_agree_with_scikit_learn() {
    for case in cases(&reference(), "rankings") {
        let ranking = Ranking::new(&numbers(case, "id"), &numbers(case, "ood")).unwrap();
        assert_close(case, "auroc", ranking.auroc());
        assert_close(
            case,
            "average_precision_ood",
            ranking.average_precision_ood(),
        );
        assert_close(case, "average_precision_id", ranking.average_precision_id());
        assert_close(case, "aupr_trapezoid_ood", ranking.aupr_trapezoid_ood());
        assert_close(case, "aupr_trapezoid_id", ranking.aupr_trapezoid_id());
        assert_close(case, "fpr95_id", ranking.fpr95_id());
        assert_close(case, "fpr95_ood", ranking.fpr95_ood());
        assert_close(case, "fpr80_id", ranking.fpr_id(0.8).unwrap());
        assert_close(case, "fpr80_ood", ranking.fpr_ood(0.8).unwrap());
        assert_close(case, "detection_accuracy", ranking.detection_accuracy());
        let accuracy = ranking.accuracy_at(number(case, "threshold"));
        assert_close(case, "accuracy_at", accuracy);
    }
}

#[test]
fn roc_curves_agree_with_scikit_learn() {
    for case in cases(&reference(), "rankings") {
        let ranking = Ranking::new(&numbers(case, "id"), &numbers(case, "ood")).unwrap();
        let (fpr, tpr): (Vec<_>, Vec<_>) = ranking
            .roc()
            .iter()
            .map(|point| (point.false_positive_rate, point.true_positive_rate))
            .unzip();
        for (name, ours) in [
            ("roc_false_positive_rate", fpr),
            ("roc_true_positive_rate", tpr),
        ] {
            let theirs = numbers(case, name);
            assert_eq!(ours.len(), theirs.len(), "{}", case["name"]);
            let agree = ours
                .iter()
                .zip(&theirs)
                .all(|(ours, theirs)| (ours - theirs).abs() <= TOLERANCE);
            assert!(agree, "{}: {name}", case["name"]);
        }
    }
}

#[test]
fn delong_intervals_agree_with_the_definition() {
    let reference = reference();
    let mut checked = 0;
    for case in cases(&reference, "rankings") {
        for name in ["delong", "delong_wide"] {
            let theirs = &case[name];
            if theirs.is_null() {
                continue;
            }
            let (id, ood) = (numbers(case, "id"), numbers(case, "ood"));
            let ours = auroc_interval(&id, &ood, number(theirs, "level")).unwrap();
            assert_close(theirs, "value", ours.value);
            assert_close(theirs, "lo", ours.lo);
            assert_close(theirs, "hi", ours.hi);
            checked += 1;
        }
    }
    assert_eq!(checked, 20);
}

#[test]
fn paired_tests_agree_with_the_definition() {
    for case in cases(&reference(), "paired") {
        let [id_a, ood_a, id_b, ood_b] =
            ["id_a", "ood_a", "id_b", "ood_b"].map(|name| numbers(case, name));
        let ours = paired_delong(&id_a, &ood_a, &id_b, &ood_b).unwrap();
        assert_close(case, "auroc_a", ours.auroc_a);
        assert_close(case, "auroc_b", ours.auroc_b);
        assert_close(case, "difference", ours.difference);
        assert_close(case, "standard_error", ours.standard_error);
        assert_close(case, "z", ours.z);
        assert_close(case, "p_value", ours.p_value);
        assert_close(case, "spearman_id", spearman(&id_a, &id_b).unwrap());
    }
}

#[test]
fn beta_binomial_probabilities_agree_with_exact_fractions() {
    for case in cases(&reference(), "beta_binomial") {
        let whole = |name: &str| case[name].as_u64().unwrap();
        let law = BetaBinomial::new(whole("trials"), whole("hits"), whole("misses"));
        let (pmf, cdf) = (numbers(case, "pmf"), numbers(case, "cdf"));
        for (index, count) in numbers(case, "counts").into_iter().enumerate() {
            let count = count as u64;
            // Relative: the far tails are what intervals are cut at.
            let error = (law.pmf(count) / pmf[index] - 1.0).abs();
            assert!(error < 2e-11, "{law:?} pmf({count}): {error}");
            let error = (law.cdf(count) / cdf[index] - 1.0).abs();
            assert!(error < 2e-11, "{law:?} cdf({count}): {error}");
        }
    }
}

#[test]
fn false_discovery_flags_agree_with_scipy() {
    for case in cases(&reference(), "false_discovery") {
        let theirs: Vec<bool> = case["flags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| flag.as_bool().unwrap())
            .collect();
        assert!(theirs.contains(&true) && theirs.contains(&false));
        let ours = benjamini_hochberg(&numbers(case, "p_values"), number(case, "q"));
        assert_eq!(ours, theirs);
    }
}

fn whole(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn pairs<'a>(case: &'a Value, name: &str) -> impl Iterator<Item = (&'a Value, &'a Value)> {
    let pairs = case[name].as_array().unwrap();
    pairs.iter().map(|pair| (&pair[0], &pair[1]))
}

#[test]
fn streams_are_the_published_algorithms_word_by_word() {
    for case in cases(&reference(), "streams") {
        let start = || Stream::new(whole(&case["seed"]), whole(&case["stream"]));
        let mut stream = start();
        for theirs in case["next_u64"].as_array().unwrap() {
            assert_eq!(stream.next_u64(), whole(theirs));
        }
        let mut stream = start();
        for theirs in numbers(case, "unit") {
            assert_close_numbers(stream.unit(), theirs);
        }
        let mut stream = start();
        for (n, theirs) in pairs(case, "below") {
            assert_eq!(stream.below(whole(n) as usize) as u64, whole(theirs));
        }
        let mut stream = start();
        for theirs in numbers(case, "normal") {
            assert_close_numbers(stream.normal(), theirs);
        }
        let mut shuffled: Vec<u64> = (0..20).collect();
        start().shuffle(&mut shuffled);
        assert_eq!(serde_json::json!(shuffled), case["shuffled"]);
    }
}

#[test]
fn hashes_stay_what_they_were() {
    for case in cases(&reference(), "hashes") {
        let seed = whole(&case["seed"]);
        for (key, theirs) in pairs(case, "unit_hash") {
            assert_close_numbers(unit_hash(seed, whole(key)), theirs.as_f64().unwrap());
        }
        for (name, theirs) in pairs(case, "hash_bytes") {
            let name = name.as_str().unwrap().as_bytes();
            assert_eq!(hash_bytes(seed, name), whole(theirs));
        }
    }
}

/// The reader of JSON may be off by the last digit, so not to the bit.
#[track_caller]
fn assert_close_numbers(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < 1e-15, "{ours} is not {theirs}");
}
