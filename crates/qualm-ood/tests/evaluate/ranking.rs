//! Figures and verdicts on who ranks best.

use qualm_data::{Head, MemorySet};
use qualm_ood::{
    EvaluationInput, EvaluationOptions, FitInput, FitOptions, Recipe, Split, evaluate, fit,
};
use qualm_report::Tone;
use qualm_stats::{Interval, Stream};

use crate::{fitted, normal_rows, options, prose, rows, run, try_evaluate, two_detectors, words};

#[test]
fn metrics_worked_by_hand() {
    let test = rows("test", &[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)]);
    let set = rows("set", &[(2.5, 0.5), (5.0, 4.5)]);
    let evaluation = run(&two_detectors(), &test, &[&set]);
    let [maxlogit, msp] = [0, 1].map(|at| evaluation.detectors[at].sets[0]);
    // Of 8 pairs the set is higher in 2 + 4, and with msp in 0 + 4.
    assert_eq!((maxlogit.auroc.value, msp.auroc.value), (0.75, 0.5));
    // All four test rows are accepted to reach 95 %, and with them the row at 2.5.
    assert_eq!(maxlogit.fpr95_id.value, 0.5);
    // Both rows of the set are flagged to reach 95 %, and with them the test rows at 3 and 4.
    assert_eq!(maxlogit.fpr95_ood.value, 0.5);
    assert_eq!(maxlogit.detection_accuracy, 0.75);
    let tested = maxlogit.against_baseline.unwrap();
    assert_eq!(tested.difference, 0.25);
    assert_eq!(msp.against_baseline, None);
    assert_eq!(evaluation.test_scores(0), Some(&[1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!(evaluation.set_scores(0, 0), Some(&[2.5, 5.0][..]));
}

#[test]
fn separable_rows_are_told_apart_and_equal_ones_are_not() {
    let test = normal_rows("test", 300, (0.0, 0.0), 1);
    let far = normal_rows("far", 100, (20.0, 0.0), 2);
    let same = normal_rows("same", 300, (0.0, 0.0), 5);
    let evaluation = run(&two_detectors(), &test, &[&far, &same]);
    let [far, same] = [0, 1].map(|set| evaluation.detectors[0].sets[set]);
    let certain = Interval {
        value: 1.0,
        lo: 1.0,
        hi: 1.0,
    };
    assert_eq!(far.auroc, certain);
    assert_eq!((far.fpr95_id.value, far.fpr95_ood.value), (0.0, 0.0));
    assert!((far.average_precision_ood - 1.0).abs() < 1e-12);
    assert_eq!(far.detected, Some(1.0));
    assert!((same.auroc.value - 0.5).abs() < 0.08, "{same:?}");
    assert!(same.auroc.lo < 0.5 && same.auroc.hi > 0.5, "{same:?}");
    assert!(prose(&evaluation).contains("[1.000, 1.000] says that no pair"));
}

#[test]
fn the_verdict_tells_wins_losses_and_neither() {
    let bundle = two_detectors();
    let test = normal_rows("test", 200, (0.0, 0.0), 1);
    let sets = [
        normal_rows("first", 100, (1.0, 0.0), 2),
        normal_rows("second", 100, (0.0, 1.0), 3),
        normal_rows("third", 100, (1.0, 1.0), 4),
    ];
    let verdict = |sets: &[&MemorySet]| words(&run(&bundle, &test, sets)).remove(0);

    let (tone, text) = verdict(&[&sets[0]]);
    assert_eq!(tone, Tone::Good);
    assert_eq!(
        text,
        "By AUROC maxlogit ranks best on first. maxlogit beats msp on first (p < 0.001). (Paired \
         DeLong test at 5 %.)"
    );
    let (tone, text) = verdict(&[&sets[1]]);
    assert_eq!(tone, Tone::Bad);
    assert!(
        text.contains("msp ranks best on second. maxlogit loses to msp on second (p < 0.001).")
    );
    let (tone, text) = verdict(&[&sets[2]]);
    assert_eq!(tone, Tone::Note);
    assert!(
        text.contains("by no more than chance explains (p ≥ 0."),
        "{text}"
    );
    let (tone, text) = verdict(&[&sets[0], &sets[1], &sets[2]]);
    assert_eq!(tone, Tone::Mixed);
    assert!(
        text.contains("beats msp on first (p < 0.001) and loses to it on second (p < 0.001)."),
        "{text}"
    );
    assert!(text.contains("adjusted by Holm for 3 sets"), "{text}");
    assert!(text.contains(" ranks best on 2 of 3 sets, "), "{text}");
}

#[test]
fn one_detector_has_its_reach_told() {
    let bundle = fitted("msp", &rows("train", &[(0.0, 0.0)]), Split::none());
    let test = normal_rows("test", 50, (0.0, 0.0), 1);
    let sets = [
        normal_rows("far", 50, (0.0, 4.0), 2),
        normal_rows("near", 50, (0.0, 0.1), 3),
    ];
    let (tone, text) = words(&run(&bundle, &test, &[&sets[0], &sets[1]])).remove(0);
    assert_eq!(tone, Tone::Note);
    assert!(text.starts_with("msp reaches a mean AUROC of 0."), "{text}");
    assert!(text.contains(" on near to 1.000 on far."), "{text}");
}

#[test]
fn single_rows_are_evaluated_as_far_as_they_go() {
    let bundle = two_detectors();
    let (test, one) = (
        normal_rows("test", 40, (0.0, 0.0), 1),
        rows("one", &[(9.0, 4.0)]),
    );
    let evaluation = run(&bundle, &test, &[&one]);
    assert_eq!(evaluation.detectors[0].sets[0].auroc.value, 1.0);
    assert_eq!(evaluation.detectors[0].sets[0].against_baseline, None);
    let told = "Fewer than two rows leave one without a test.";
    assert!(words(&evaluation)[0].1.contains(told));

    let evaluation = run(&bundle, &one, &[&test, &one]);
    assert_eq!(evaluation.promise, None);
    assert_eq!(evaluation.detectors[0].sets[1].auroc.value, 0.5);
    assert!(
        words(&evaluation)[0]
            .1
            .contains("leave test and one without a test")
    );
    assert!(prose(&evaluation).contains("Further metrics"));
}

#[test]
fn challenger_and_baseline_can_be_chosen() {
    let bundle = fitted(
        "a=msp,b=maxlogit,c=energy",
        &rows("train", &[(0.0, 0.0)]),
        Split::none(),
    );
    let test = normal_rows("test", 20, (0.0, 0.0), 1);
    let set = normal_rows("set", 20, (1.0, 0.0), 2);
    let pair = |challenger: Option<&str>, baseline: Option<&str>| {
        let options = EvaluationOptions {
            challenger: challenger.map(str::to_owned),
            baseline: baseline.map(str::to_owned),
            ..options()
        };
        let evaluation = try_evaluate(&bundle, &test, &[&set], &options).unwrap();
        (evaluation.challenger, evaluation.baseline)
    };
    assert_eq!(pair(None, None), (1, Some(0)));
    assert_eq!(pair(Some("c"), None), (2, Some(0)));
    assert_eq!(pair(None, Some("b")), (0, Some(1)));
    assert_eq!(pair(Some("a"), None), (0, None));
}

#[test]
fn any_number_of_threads_gives_the_same_figures() {
    let mut stream = Stream::new(1, 0);
    let mut features = |name: &str, count: usize, scale: f64| {
        let rows = (0..count * 6).map(|_| (scale * stream.normal()) as f32);
        let set = MemorySet::new(name);
        set.with_features(rows.collect(), 6).unwrap()
    };
    let train = features("train", 3000, 1.0);
    let (test, set) = (features("test", 2500, 1.0), features("set", 700, 1.3));
    let head = Head::new(vec![0.5; 12], vec![0.0, 0.1], 6).unwrap();
    let recipes = Recipe::parse_list("vim(dim=3),msp,knn(k=5)").unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let input = FitInput {
                train: &train,
                head: Some(&head),
            };
            let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {}).unwrap();
            let input = EvaluationInput {
                bundle: &fitted.bundle,
                train: Some(&train),
                test: &test,
                ood: vec![("set".to_owned(), &set)],
            };
            evaluate(&input, &options(), &mut |_| {}).unwrap()
        })
    };
    let one = run(1);
    for threads in [2, 7] {
        let other = run(threads);
        assert_eq!(one, other, "{threads} threads");
        let pages =
            [&one, &other].map(|e| qualm_report::to_html(&e.report(Vec::new(), Vec::new())));
        assert_eq!(pages[0], pages[1], "{threads} threads");
    }
}
