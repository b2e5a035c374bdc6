//! What other implementations say of the same confidences, as recorded by
//! `tests/reference/measures.py`.

use qualm_confidence::measures::{self, Binning, Levels};
use serde_json::Value;

/// Each recorded case with its name and levels.
fn cases() -> Vec<(String, Levels, Value)> {
    let recorded: Value = serde_json::from_str(include_str!("reference/measures.json")).unwrap();
    let cases = recorded["cases"].as_array().unwrap().clone();
    cases
        .into_iter()
        .map(|case| {
            let confidences = numbers(&case["confidence"]);
            let correct: Vec<bool> = numbers(&case["correct"])
                .iter()
                .map(|y| *y == 1.0)
                .collect();
            let levels = Levels::new(&confidences, &correct).unwrap();
            (case["name"].as_str().unwrap().to_owned(), levels, case)
        })
        .collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn near(name: &str, ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = number(theirs);
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{name}: {ours}, recorded {theirs}"
    );
}

#[test]
fn scores_and_rankings_are_scikit_learns() {
    for (name, levels, case) in cases() {
        near(&name, measures::brier(&levels), &case["brier"], 1e-9);
        let nll = measures::negative_log_likelihood(&levels);
        near(&name, nll, &case["nll_clipped_1e-6"], 1e-9);
        near(
            &name,
            measures::auroc(&levels).unwrap(),
            &case["auroc"],
            1e-9,
        );
        let right = measures::auprc_right(&levels).unwrap();
        near(&name, right, &case["average_precision_correct"], 1e-9);
        let wrong = measures::auprc_wrong(&levels).unwrap();
        near(&name, wrong, &case["average_precision_wrong"], 1e-9);
        let corp = measures::corp(&levels);
        let recorded = &case["corp_brier"];
        near(
            &name,
            corp.miscalibration,
            &recorded["miscalibration"],
            1e-9,
        );
        near(
            &name,
            corp.discrimination,
            &recorded["discrimination"],
            1e-9,
        );
        near(&name, corp.uncertainty, &recorded["uncertainty"], 1e-9);
    }
}

/// Our borders are `b / bins`, scikit-learn's come from `numpy.linspace`: .3 lies on the third of
/// ten in one and below it in the other, which puts it into the same bin, (.2, .3].
#[test]
fn reliability_curves_are_scikit_learns() {
    for (name, levels, case) in cases() {
        for curve in case["calibration_curves"].as_array().unwrap() {
            if curve["strategy"] != "uniform" {
                continue;
            }
            let bins = number(&curve["bins"]) as usize;
            let ours = measures::bins(&levels, Binning::EqualWidth(bins));
            let (accuracy, confidence) = (&curve["accuracy"], &curve["confidence"]);
            assert_eq!(ours.len(), accuracy.as_array().unwrap().len(), "{name}");
            for (place, bin) in ours.iter().enumerate() {
                near(&name, bin.accuracy(), &accuracy[place], 1e-9);
                near(&name, bin.confidence, &confidence[place], 1e-9);
            }
        }
    }
}

/// netcal closes bins below, Guo et al. (2017), scikit-learn and we close them above. Where no
/// bin's border is stated together with other values of a bin, that is the same.
#[test]
fn binned_errors_are_netcals_off_the_borders() {
    let on_borders = ["percentages", "ends", "inside"];
    for (name, levels, case) in cases() {
        if on_borders.contains(&name.as_str()) {
            continue;
        }
        for binned in case["binned"].as_array().unwrap() {
            let binning = Binning::EqualWidth(number(&binned["bins"]) as usize);
            let ece = measures::expected_error(&levels, binning);
            near(&name, ece, &binned["ece"], 1e-9);
            let mce = measures::maximum_error(&levels, binning);
            near(&name, mce, &binned["mce"], 1e-9);
        }
    }
}

/// relplot counts the mirror image of a confidence of exactly 0 or 1 once, the formula twice: the
/// formula's integral is recorded beside it.
#[test]
fn smooth_errors_are_those_of_the_formula_and_of_relplot_off_the_ends() {
    let at_the_ends = ["percentages", "ends", "few"];
    for (name, levels, case) in cases() {
        let ours = measures::smooth_error(&levels);
        let recorded = &case["smooth_ece"];
        near(&name, ours, &recorded["formula"]["value"], 1e-3);
        if !at_the_ends.contains(&name.as_str()) {
            near(&name, ours, &recorded["relplot"]["value"], 1e-3);
        }
    }
}
