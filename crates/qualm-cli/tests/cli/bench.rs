//! Comparing methods: figures, files, requirements.

use crate::desk::{Desk, says};

const BENCH: &str = "bench --train train.npz --head head.npz --test val.npz --ood odd=odd.npz \
                     --methods vim,msp,knn(k=5) --resamples 50";

#[test]
fn the_figures_are_the_same_wherever_they_are_written() {
    let desk = Desk::with_sets();
    let ran = desk.ok(&format!(
        "{BENCH} --html report.html --csv figures.csv --json"
    ));
    says(&ran.stderr, &["wrote report.html", "wrote figures.csv"]);
    let json = ran.json();
    let vim = &json["detectors"][0];
    assert_eq!(vim["name"], "vim");
    let auroc = &vim["sets"][0]["auroc"];
    let value = auroc["value"].as_f64().unwrap();
    assert!(value > 0.9 && value < 1.0, "{value}");
    assert!(auroc["lo"].as_f64().unwrap() <= value && value <= auroc["hi"].as_f64().unwrap());

    let csv = desk.text("figures.csv");
    assert!(
        csv.starts_with("detector,set,metric,value,lo,hi\n"),
        "{csv}"
    );
    says(&csv, &[&format!("\nvim,odd,auroc,{value},")]);

    let page = desk.text("report.html");
    says(&page, &["<!DOCTYPE html>", "sha256", "train.npz", "odd"]);
    // The page says where each file came from.
    for file in ["train.npz", "val.npz", "odd.npz"] {
        says(&page, &[file]);
    }

    let table = desk.ok(BENCH);
    says(table.text(), &["vim", "knn", "odd", &format!("{value:.3}")]);
    // Seeded: the same again.
    assert_eq!(desk.ok(BENCH).text(), table.text());
    assert_ne!(
        desk.ok(&format!("{BENCH} --seed 1 --json")).stdout,
        ran.stdout
    );
}

#[test]
fn a_requirement_decides_the_exit_code() {
    let desk = Desk::with_sets();
    let ran = desk.ok(&format!(
        "{BENCH} --require vim.auroc>=0.9 --require vim.odd.fpr95_id<0.3"
    ));
    says(
        &ran.stderr,
        &["vim.auroc >= 0.9 holds", "vim.odd.fpr95_id < 0.3 holds"],
    );

    // All that was asked for is still written and printed.
    let ran = desk.run(&format!(
        "{BENCH} --require vim.auroc>=0.5,vim.odd.auroc<0.5 --csv figures.csv"
    ));
    assert_eq!(ran.code, Some(1));
    says(
        &ran.stderr,
        &[
            "vim.auroc >= 0.5 holds",
            "vim.odd.auroc < 0.5 does not hold",
        ],
    );
    says(ran.text(), &["AUROC"]);
    assert!(desk.text("figures.csv").contains("auroc"));
}

#[test]
fn a_requirement_on_no_figure_lists_the_figures() {
    let desk = Desk::with_sets();
    for (text, words) in [
        ("vim.auc>0.9", ["auroc", "fpr95_ood", "DETECTOR.SET.METRIC"]),
        ("vimm.auroc>0.9", ["vim", "msp", "knn"]),
        ("vim.even.auroc>0.9", ["odd", "auroc", "no such figure"]),
        ("vim.auroc", ["relation", "vim.auroc >= 0.9", "vim.auroc"]),
        ("vim.auroc>high", ["high", "number", "vim.auroc"]),
    ] {
        let error = desk.refuses(&format!("{BENCH} --require {text} --html report.html"));
        says(&error, &words);
    }
}

#[test]
fn thresholds_come_from_a_reference_where_there_is_one() {
    let desk = Desk::with_sets();
    let ran = desk.ok(&format!("{BENCH} --json"));
    assert_eq!(ran.json()["promise"]["reference"]["kind"], "cross_fitted");
    let ran = desk.ok(&format!("{BENCH} --reference new.npz --json"));
    assert_ne!(ran.json()["promise"]["reference"]["kind"], "cross_fitted");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let desk = Desk::with_sets();
    let error = desk.run("bench --train train.npz --test val.npz").stderr;
    says(&error, &["--ood <NAME=SET>"]);
    let error = desk
        .run("bench --train train.npz --test val.npz --ood odd.npz")
        .stderr;
    says(&error, &["NAME=FILE", "textures=textures.npz"]);
    let error = desk.refuses(&format!("{BENCH} --ood odd=new.npz"));
    says(&error, &["odd"]);
    let error = desk.refuses(&format!("{BENCH} --baseline energy"));
    says(&error, &["energy", "vim"]);
}
