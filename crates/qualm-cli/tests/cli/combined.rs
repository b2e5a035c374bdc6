//! `combined`: from fitting to an explanation, and where its rows come from.

use crate::desk::{Desk, says};

const FIT: &str = "fit --train train.npz --head head.npz --methods combined(vim,knn(k=5)),msp";

#[test]
fn fitted_scored_and_explained() {
    let desk = Desk::with_sets();
    let ran = desk.ok(&format!("{FIT} --hold-back 0.3 -o model"));
    says(&ran.stderr, &["fitted combined, msp on", "reference rows"]);
    desk.ok(&format!("{FIT} --hold-back 0.3 --threads 1 -o again"));
    assert!(desk.bytes("model") == desk.bytes("again"));

    desk.ok("score model odd.npz -o odd.csv");
    let table = desk.text("odd.csv");
    assert!(table.starts_with("id,combined.score,combined.p,combined.flag,msp.score"));
    assert_eq!(table.lines().count(), 81);

    let ran = desk.ok("explain model odd.npz --row 3 --json");
    let combined = &ran.json()["detectors"][0];
    assert_eq!(combined["method"], "combined(vim,knn(k=5))");
    let components = combined["components"].as_array().unwrap();
    let names: Vec<&str> = components
        .iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    assert_eq!(names, ["vim", "knn"]);
    let p = |component: &serde_json::Value| component["p_value"].as_f64().unwrap();
    assert!(components.iter().all(|c| p(c) > 0.0 && p(c) <= 1.0));
    let shown = desk.ok("explain model odd.npz --row 3");
    says(shown.text(), &["What is combined", "knn"]);
}

#[test]
fn the_rows_that_it_compares_on() {
    let desk = Desk::with_sets();
    // A reference of its own: a third of 200 rows.
    let ran = desk.ok(&format!("{FIT} --reference val.npz -o model"));
    let reference = |stderr: &str| -> usize {
        let (before, _) = stderr.split_once(" reference rows").unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(
        (110..155).contains(&reference(&ran.stderr)),
        "{}",
        ran.stderr
    );
    let ran = desk.ok("calibrate model new.npz -o model");
    assert_eq!(reference(&ran.stderr), 100);
    desk.ok("score model new.npz -o new.csv");

    let error = desk.refuses(&format!("{FIT} --hold-back 0 -o other"));
    says(&error, &["combined: ", "--hold-back 0.2", "--reference"]);

    // With checkpoints, and in shards, which are given a reference at the end.
    desk.ok(&format!(
        "{FIT} --reference val.npz --checkpoint folder -o again"
    ));
    desk.ok(&format!("{FIT} --reference val.npz -o model"));
    assert!(desk.bytes("again") == desk.bytes("model"));
    desk.ok(&format!("{FIT} --hold-back 0 --pass 1 -o first"));
    desk.ok("merge first -o plan");
    desk.ok("fit --pass 2 --plan plan --train train.npz -o second");
    desk.ok("merge plan second -o merged");
    let error = desk.refuses("score merged new.npz");
    says(&error, &["combined: ", "qualm calibrate"]);
    desk.ok("calibrate merged val.npz -o merged");
    assert!(desk.bytes("merged") == desk.bytes("model"));
}

#[test]
fn compared_with_others() {
    let desk = Desk::with_sets();
    let bench = "bench --train train.npz --head head.npz --test new.npz --ood odd=odd.npz \
                 --resamples 50 --methods";
    for source in ["--hold-back 0.2", "--reference val.npz"] {
        let ran = desk.ok(&format!("{bench} combined,msp,vim {source} --json"));
        let names = ran.json()["detectors"].as_array().unwrap().len();
        assert_eq!(names, 3);
    }
    let error = desk.refuses(&format!("{bench} combined,msp"));
    says(&error, &["--hold-back 0.2"]);
    let error = desk.refuses(&format!("{bench} vim,msp --hold-back 0.2"));
    says(&error, &["leave it out"]);
}
