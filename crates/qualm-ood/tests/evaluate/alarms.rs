//! False alarms, their promise and the trap.

use qualm_data::{KeyColumn, MemorySet};
use qualm_ood::{EvaluationInput, EvaluationOptions, ReferenceUsed, Split, evaluate};
use qualm_report::Tone;
use qualm_stats::Stream;

use crate::{fitted, normal_rows, options, prose, run, try_evaluate, two_detectors, words};

#[test]
fn false_alarms_keep_their_promise_over_seeded_cuts() {
    let bundle = two_detectors();
    let test = normal_rows("test", 120, (0.0, 0.0), 1);
    let set = normal_rows("set", 2, (0.0, 0.0), 2);
    let cuts = 400;
    let (mut mean, mut expected, mut outside) = (0.0, 0.0, 0);
    for seed in 0..cuts {
        let options = EvaluationOptions {
            resamples: 2,
            seed,
            ..EvaluationOptions::default()
        };
        let evaluation = try_evaluate(&bundle, &test, &[&set], &options).unwrap();
        let promise = evaluation.promise.unwrap();
        let share = evaluation.detectors[0].false_alarms.unwrap().share;
        mean += share / cuts as f64;
        expected = promise.expected;
        outside += usize::from(share < promise.range[0] || share > promise.range[1]);
    }
    // Halves of 60: floor(.05 * 61) / 61.
    assert!((expected - 3.0 / 61.0).abs() < 1e-12);
    // The share has a standard deviation of about .011 a cut.
    assert!((mean - expected).abs() < 4.0 * 0.011 / 20.0, "{mean}");
    // At most one in twenty by the exact law; four standard deviations are 18.
    assert!(outside <= 20 + 18, "{outside} of {cuts}");
}

#[test]
fn groups_are_never_cut_and_one_group_leaves_no_reference() {
    let groups = |of: fn(usize) -> usize| {
        let names = (0..60).map(|row| format!("patient {}", of(row)));
        let test = normal_rows("test", 60, (0.0, 0.0), 1);
        test.with_groups(KeyColumn::Text(names.collect())).unwrap()
    };
    let set = normal_rows("set", 10, (1.0, 1.0), 2);
    let evaluation = run(&two_detectors(), &groups(|row| row / 3), &[&set]);
    let reference = &evaluation.promise.as_ref().unwrap().reference;
    let ReferenceUsed::CrossFitted { halves, grouped } = reference else {
        panic!("{reference:?}");
    };
    assert_eq!((*halves, *grouped), ([30, 30], true));
    assert!(prose(&evaluation).contains("The cut goes around groups"));

    let evaluation = run(&two_detectors(), &groups(|_| 0), &[&set]);
    assert_eq!(evaluation.promise, None);
    assert_eq!(evaluation.detectors[0].false_alarms, None);
    assert_eq!(evaluation.figure("msp.false_alarms"), None);
}

#[test]
fn the_reference_of_the_bundle_comes_first() {
    let train = normal_rows("train", 1000, (0.0, 0.0), 1);
    let bundle = fitted("maxlogit,msp", &train, Split::of(0.2));
    let held_back = bundle.reference().unwrap().len() as u64;
    let test = normal_rows("test", 500, (0.0, 0.0), 2);
    let shifted = normal_rows("shifted", 500, (1.0, 0.0), 3);
    let far = normal_rows("far", 100, (20.0, 0.0), 4);

    let evaluation = run(&bundle, &test, &[&far]);
    let promise = evaluation.promise.clone().unwrap();
    assert_eq!(promise.reference, ReferenceUsed::Bundle { rows: held_back });
    let share = evaluation.detectors[0].false_alarms.unwrap().share;
    assert!(promise.range[0] <= share && share <= promise.range[1]);
    let (tone, text) = words(&evaluation).remove(1);
    assert_eq!(tone, Tone::Good);
    assert!(text.ends_with("all 2 detectors keep to it."), "{text}");

    // Test rows that the reference is not exchangeable with.
    let evaluation = run(&bundle, &shifted, &[&far]);
    let (tone, text) = words(&evaluation).remove(1);
    assert_eq!(tone, Tone::Mixed);
    assert!(text.contains("; more come from maxlogit ("), "{text}");
    assert!(text.contains("one in 20 detectors"), "{text}");
}

#[test]
fn fitting_rows_are_no_reference() {
    let mut stream = Stream::new(1, 0);
    let mut features = |name: &str, count: usize| {
        let rows = (0..count * 4).map(|_| stream.normal() as f32);
        let set = MemorySet::new(name);
        set.with_features(rows.collect(), 4).unwrap()
    };
    let (train, test, set) = (
        features("train", 200),
        features("test", 100),
        features("set", 50),
    );
    let bundle = fitted("knn(k=1)", &train, Split::none());
    let evaluate_with = |train: &MemorySet| {
        let input = EvaluationInput {
            bundle: &bundle,
            train: Some(train),
            test: &test,
            ood: vec![("set".to_owned(), &set)],
        };
        evaluate(&input, &options(), &mut |_| {})
    };
    let evaluation = evaluate_with(&train).unwrap();
    // Every fitting row is its own nearest neighbour, at distance zero.
    let trapped = evaluation.detectors[0].false_alarms_from_fitting_rows;
    assert!(trapped.unwrap() > 0.9, "{trapped:?}");
    assert_eq!(evaluation.fitting_rows.as_ref().unwrap().rows, 200);
    let (_, text) = words(&evaluation).pop().unwrap();
    assert!(
        text.starts_with("Trap: thresholds taken from the fitting rows"),
        "{text}"
    );
    assert!(text.contains("at a nominal 5 % (knn)"), "{text}");

    let error = evaluate_with(&test).unwrap_err().to_string();
    assert!(
        error.contains("test: holds 100 rows to fit on, but the bundle was fitted on 200"),
        "{error}"
    );
}

#[test]
fn a_harmless_trap_is_not_called_one() {
    let train = normal_rows("train", 400, (0.0, 0.0), 1);
    let bundle = fitted("maxlogit,msp", &train, Split::of(0.25));
    let test = normal_rows("test", 200, (0.0, 0.0), 2);
    let set = normal_rows("set", 20, (1.0, 1.0), 3);
    let input = EvaluationInput {
        bundle: &bundle,
        train: Some(&train),
        test: &test,
        ood: vec![("set".to_owned(), &set)],
    };
    let evaluation = evaluate(&input, &options(), &mut |_| {}).unwrap();
    let fitted = bundle.tally().fitted;
    assert_eq!(evaluation.fitting_rows.as_ref().unwrap().rows, fitted);
    let (_, text) = words(&evaluation).pop().unwrap();
    assert!(text.contains("which chance explains"), "{text}");
}
