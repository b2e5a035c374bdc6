//! What goes in, what is refused, and the forms in which figures come out.

use qualm_data::MemorySet;
use qualm_ood::{EvaluationOptions, Requirement};
use qualm_report::Cell;

use crate::{normal_rows, options, prose, rows, run, text, try_evaluate, two_detectors};

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
