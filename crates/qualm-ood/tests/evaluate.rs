//! Evaluations of small problems whose outcome is known.

use qualm_data::{Head, KeyColumn, MemorySet, Source};
use qualm_ood::{
    Bundle, Evaluation, EvaluationInput, EvaluationOptions, FitInput, FitOptions, OodError, Recipe,
    ReferenceUsed, Requirement, Split, evaluate, fit,
};
use qualm_report::{Cell, Tone};
use qualm_stats::{Interval, Stream};

/// Rows of two stored logits, made so that `maxlogit` gives the first number of each pair as
/// outlier score and `msp` one that grows with the second, which is below 5.
fn rows(name: &str, scores: &[(f64, f64)]) -> MemorySet {
    let logits = scores.iter().flat_map(|&(maxlogit, msp)| {
        let gap = 5.0 - msp;
        [-maxlogit as f32, (-maxlogit - gap) as f32]
    });
    let set = MemorySet::new(name);
    set.with_logits(logits.collect(), 2).unwrap()
}

/// Rows with independent normal scores around these means.
fn normal_rows(name: &str, count: usize, means: (f64, f64), seed: u64) -> MemorySet {
    let mut stream = Stream::new(seed, 0);
    let mut normal = |mean: f64| mean + 0.5 * stream.normal();
    let scores: Vec<(f64, f64)> = (0..count)
        .map(|_| (normal(means.0), normal(means.1)))
        .collect();
    rows(name, &scores)
}

fn fitted(recipes: &str, train: &MemorySet, split: Split) -> Bundle {
    let options = FitOptions {
        split,
        ..FitOptions::default()
    };
    let recipes = Recipe::parse_list(recipes).unwrap();
    let input = FitInput { train, head: None };
    fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle
}

/// Neither method looks at the rows it is fitted on.
fn two_detectors() -> Bundle {
    fitted("maxlogit,msp", &rows("train", &[(0.0, 0.0)]), Split::none())
}

fn options() -> EvaluationOptions {
    EvaluationOptions {
        resamples: 200,
        ..EvaluationOptions::default()
    }
}

fn try_evaluate(
    bundle: &Bundle,
    test: &MemorySet,
    sets: &[&MemorySet],
    options: &EvaluationOptions,
) -> Result<Evaluation, OodError> {
    let ood = sets.iter().map(|set| {
        let source: &dyn Source = *set;
        (set.name().to_owned(), source)
    });
    let input = EvaluationInput {
        bundle,
        train: None,
        test,
        ood: ood.collect(),
    };
    let mut read = 0;
    let evaluation = evaluate(&input, options, &mut |rows| read += rows)?;
    assert_eq!(read, input.rows());
    Ok(evaluation)
}

fn run(bundle: &Bundle, test: &MemorySet, sets: &[&MemorySet]) -> Evaluation {
    try_evaluate(bundle, test, sets, &options()).unwrap()
}

fn words(evaluation: &Evaluation) -> Vec<(Tone, String)> {
    let blocks = evaluation.summary().blocks.into_iter();
    blocks
        .filter_map(|block| match block {
            qualm_report::Block::Verdict(verdict) => Some((verdict.tone, verdict.text)),
            _ => None,
        })
        .collect()
}

fn text(evaluation: &Evaluation) -> String {
    let report = evaluation.report(vec![("command".into(), "bench".into())]);
    qualm_report::to_terminal(&report, 80, false)
}

/// The report without its line breaks.
fn prose(evaluation: &Evaluation) -> String {
    text(evaluation)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

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
        let pages = [&one, &other].map(|e| qualm_report::to_html(&e.report(Vec::new())));
        assert_eq!(pages[0], pages[1], "{threads} threads");
    }
}

#[test]
fn figures_are_named_averaged_and_required() {
    let test = normal_rows("test", 100, (0.0, 0.0), 1);
    let sets = [
        normal_rows("a.b", 50, (1.0, 0.0), 2),
        normal_rows("c", 10, (3.0, 1.0), 3),
    ];
    let evaluation = run(&two_detectors(), &test, &[&sets[0], &sets[1]]);
    let value = |name: &str| evaluation.figure(name).map(|figure| figure.value).unwrap();
    let mean = (value("maxlogit.a.b.auroc") + value("maxlogit.c.auroc")) / 2.0;
    assert_eq!(value("maxlogit.auroc"), mean);
    assert_eq!(
        value("maxlogit.c.auroc_over_baseline"),
        evaluation.detectors[0].sets[1]
            .against_baseline
            .unwrap()
            .difference
    );
    assert!(evaluation.figure("msp.c.delong_p").is_none());

    let required = "maxlogit.auroc > 0.8, maxlogit.a.b.auroc >= 0.999";
    let required = Requirement::parse_list(required).unwrap();
    let checked: Vec<bool> = required
        .iter()
        .map(|requirement| requirement.check(&evaluation).unwrap().holds)
        .collect();
    assert_eq!(checked, [true, false]);
    let unknown = Requirement::parse_list("vim.auroc > 0.8").unwrap();
    let error = unknown[0].check(&evaluation).unwrap_err().to_string();
    assert!(
        error.contains("requirement `vim.auroc > 0.8`: there is no such figure"),
        "{error}"
    );
    assert!(
        error.contains("detectors are maxlogit, msp, and sets a.b, c"),
        "{error}"
    );

    let table = evaluation.flat_table();
    assert_eq!(table.rows.len(), evaluation.figures().len());
    let csv = qualm_report::to_csv(&table);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("detector,set,metric,value,lo,hi"));
    assert!(
        lines.next().unwrap().starts_with("maxlogit,,auroc,"),
        "{csv}"
    );
    let numbers = table.rows.iter().flatten().filter_map(Cell::value);
    assert!(numbers.into_iter().all(f64::is_finite), "{csv}");
}

#[test]
fn json_holds_figures_and_no_scores() {
    let test = normal_rows("test", 500, (0.0, 0.0), 1);
    let set = normal_rows("set", 50, (1.0, 0.0), 2);
    let evaluation = run(&two_detectors(), &test, &[&set]);
    let json = serde_json::to_value(&evaluation).unwrap();
    let auroc = &json["detectors"][0]["sets"][0]["auroc"];
    assert_eq!(auroc["value"], evaluation.detectors[0].sets[0].auroc.value);
    assert_eq!(json["promise"]["reference"]["kind"], "cross_fitted");
    assert_eq!(json.get("scores"), None);
    assert!(json.to_string().len() < 5000);
}

#[test]
fn rows_labelled_as_outliers_are_left_out_of_test_alone() {
    let labels = |set: MemorySet, count: usize| {
        let labels = (0..count).map(|row| if row % 4 == 0 { -1 } else { 0 });
        set.with_labels(labels.collect()).unwrap()
    };
    let test = labels(normal_rows("test", 80, (0.0, 0.0), 1), 80);
    let set = labels(normal_rows("set", 40, (1.0, 0.0), 2), 40);
    let evaluation = run(&two_detectors(), &test, &[&set]);
    assert_eq!(
        (evaluation.test.rows, evaluation.test_rows_left_out),
        (60, 20)
    );
    assert_eq!(evaluation.sets[0].rows, 40);
    assert!(prose(&evaluation).contains("20 rows with a negative label"));
}

#[test]
fn text_fits_eighty_columns_and_names_everything() {
    let test = normal_rows("test", 100, (0.0, 0.0), 1);
    let sets: Vec<MemorySet> = (0..6)
        .map(|at| normal_rows(&format!("set number {at}"), 30, (1.0, 0.5), at))
        .collect();
    let evaluation = run(&two_detectors(), &test, &sets.iter().collect::<Vec<_>>());
    let text = text(&evaluation);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
    for part in [
        "AUROC of maxlogit less that of msp: paired DeLong tests",
        "fpr95_id: share of out-of-distribution rows accepted",
        "False alarms at a nominal 5 %, in % of 100 test rows",
        "set number 5",
        "command",
        "2022",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let bundle = two_detectors();
    let test = normal_rows("test", 20, (0.0, 0.0), 1);
    let set = normal_rows("set", 20, (0.0, 0.0), 2);
    let empty = rows("empty", &[]);
    let fails = |test: &MemorySet, sets: &[&MemorySet], change: fn(&mut EvaluationOptions)| {
        let mut options = options();
        change(&mut options);
        let error = try_evaluate(&bundle, test, sets, &options);
        error.unwrap_err().to_string()
    };
    for (error, problem) in [
        (
            fails(&test, &[], |_| {}),
            "out-of-distribution sets: there are none",
        ),
        (
            fails(&test, &[&set, &set], |_| {}),
            "set `set`: every set needs a name of its own",
        ),
        (
            fails(&test, &[&set, &empty], |_| {}),
            "empty: holds no row to evaluate on",
        ),
        (
            fails(&empty, &[&set], |_| {}),
            "empty: holds no row to evaluate on",
        ),
        (
            fails(&test, &[&set], |options| {
                options.baseline = Some("vim".into())
            }),
            "baseline `vim`: there is no such detector; there are maxlogit, msp",
        ),
        (
            fails(&test, &[&set], |options| {
                options.challenger = Some("x".into())
            }),
            "challenger `x`: there is no such detector",
        ),
        (
            fails(&test, &[&set], |options| options.false_alarms = 1.0),
            "false-alarm rate 1: it is not strictly between 0 and 1",
        ),
        (
            fails(&test, &[&set], |options| options.resamples = 1),
            "1 resamples make no interval",
        ),
        (
            fails(&test, &[&set], |options| options.level = 95.0),
            "the level 95 is not",
        ),
    ] {
        assert!(error.contains(problem), "{error}");
    }
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
