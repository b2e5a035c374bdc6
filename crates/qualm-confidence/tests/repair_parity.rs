//! What other implementations make of the same answers, as recorded by
//! `tests/reference/repairs.py`.

use qualm_confidence::recalibrate::{Answers, Method, OfClasses, OfConfidence, Scores, VennAbers};
use qualm_stats::{binomial_cdf, clopper_pearson};
use serde_json::Value;

fn recorded() -> Value {
    serde_json::from_str(include_str!("reference/repairs.json")).unwrap()
}

fn cases(recorded: &Value, kind: &str) -> Vec<Value> {
    let cases = recorded[kind].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "no {kind}");
    cases
}

fn numbers(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap().iter();
    items.map(|item| item.as_f64().unwrap()).collect()
}

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[track_caller]
fn near(name: &str, ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    assert!(
        ours.iter().zip(theirs).all(close),
        "{name}: {ours:?}, recorded {theirs:?}"
    );
}

#[test]
fn repairs_of_one_confidence() {
    let recorded = recorded();
    let asked = numbers(&recorded["asked"]);
    for case in cases(&recorded, "binary") {
        let correct: Vec<bool> = numbers(&case["correct"])
            .iter()
            .map(|y| *y == 1.0)
            .collect();
        let answers = Answers::new(&numbers(&case["confidence"]), &correct).unwrap();
        let fit = |method: Method| method.fit_confidence(&answers).unwrap().recalibrator;
        let name = |method: &str| format!("{}, {method}", case["name"]);

        let OfConfidence::Temperature(temperature) = fit(Method::Temperature) else {
            panic!("another function");
        };
        let theirs = case["temperature"].as_f64().unwrap();
        near(
            &name("temperature"),
            &[temperature.temperature() / theirs],
            &[1.0],
            1e-6,
        );

        for (method, tolerance) in [
            (Method::Platt, 1e-8),
            (Method::Beta, 1e-8),
            (Method::Isotonic, 1e-12),
        ] {
            let ours = fit(method).apply(&asked).unwrap();
            near(
                &name(method.name()),
                &ours,
                &numbers(&case[method.name()]),
                tolerance,
            );
        }

        let venn_abers = VennAbers::fit(&answers).recalibrator;
        for (c, theirs) in asked.iter().zip(case["venn_abers"].as_array().unwrap()) {
            let (p0, p1) = venn_abers.interval(*c);
            near(&name("Venn-Abers"), &[p0, p1], &numbers(theirs), 1e-12);
        }

        let ours = fit(Method::Histogram { bins: 7 }).apply(&asked).unwrap();
        for ((ours, c), theirs) in ours
            .iter()
            .zip(&asked)
            .zip(case["histogram"].as_array().unwrap())
        {
            // Nothing is made up for an empty bin, which netcal gives 0.
            let theirs = theirs.as_f64().unwrap_or(*c);
            near(&name("histogram"), &[*ours], &[theirs], 1e-12);
        }
    }
}

#[test]
fn repairs_of_all_classes() {
    let recorded = recorded();
    for case in cases(&recorded, "multi") {
        let classes = count(&case["classes"]);
        let scores = |key: &str| Scores::from_logits(numbers(&case[key]), classes).unwrap();
        let labels = case["labels"].as_array().unwrap().iter().map(count);
        let labels: Vec<usize> = labels.collect();
        let fit = |method: Method| {
            method
                .fit_classes(&scores("logits"), &labels)
                .unwrap()
                .recalibrator
        };
        let name = |method: &str| format!("{}, {method}", case["name"]);
        let OfClasses::Temperature(temperature) = fit(Method::Temperature) else {
            panic!("another function");
        };
        let theirs = case["temperature"].as_f64().unwrap();
        near(
            &name("temperature"),
            &[temperature.temperature() / theirs],
            &[1.0],
            1e-6,
        );

        let l2 = case["l2"].as_f64().unwrap();
        for method in [
            Method::Vector { l2 },
            Method::Matrix { l2 },
            Method::Dirichlet { l2 },
        ] {
            let ours = fit(method).apply(&scores("new")).unwrap();
            near(
                &name(method.name()),
                &ours,
                &numbers(&case[method.name()]),
                1e-5,
            );
        }
    }
}

#[test]
fn tails_and_limits_of_the_binomial_law() {
    for case in cases(&recorded(), "binomial") {
        let (hits, trials) = (count(&case["count"]) as u64, count(&case["trials"]) as u64);
        let name = format!("{hits} of {trials}");
        let ours = binomial_cdf(hits, trials, case["rate"].as_f64().unwrap());
        near(&name, &[ours], &[case["at_most"].as_f64().unwrap()], 1e-9);
        let share = clopper_pearson(hits, trials, 0.95).unwrap();
        near(
            &name,
            &[share.lo, share.hi],
            &numbers(&case["interval"]),
            1e-9,
        );
    }
}
