//! What is asked for and cannot be had.

use crate::desk::{Desk, says};
use crate::made;

#[test]
fn methods_that_are_not_known_or_cannot_be_fitted() {
    let desk = Desk::with_sets();
    desk.put("model", "the old bundle");
    for (methods, words) in [
        ("wim", ["`wim`", "there are vim, residual, msp"]),
        ("vim(dime=4)", ["`dime`", "dim=auto"]),
        ("vim(dim=x)", ["vim(dim=x)", "dim"]),
        ("vim(dim=0)", ["vim(dim=0)", "dim"]),
        ("vim(dim=8)", ["dim=8", "choose dim below 8"]),
        ("vim(dim=99)", ["dim=99", "choose dim below 8"]),
        ("vim(dim=4", ["vim(dim=4", "parenthes"]),
        ("knn(k=0)", ["knn(k=0)", "k"]),
        ("knn(k=9999)", ["k=9999", "rows"]),
        ("energy(T=-1)", ["energy(T=-1)", "T"]),
        ("mahalanobis(ridge=-1)", ["ridge=-1", "ridge"]),
        ("vim,vim", ["two methods", "a=vim"]),
        ("a=vim,a=msp", ["`a`", "two methods"]),
        ("vim,", ["method", "vim"]),
    ] {
        let line = format!("fit --train train.npz --head head.npz --methods {methods} -o model");
        says(&desk.refuses(&line), &words);
    }
    let error = desk.refuses("fit --train train.npz -o model");
    says(&error, &["vim: needs the classifier's head", "--head"]);
}

#[test]
fn rows_that_cannot_be_fitted() {
    let desk = Desk::with_sets();
    let fit = |set: &str, methods: &str| {
        desk.refuses(&format!(
            "fit --train {set} --head head.npz --methods {methods} -o model"
        ))
    };
    // Features that span three of eight dimensions.
    let flat = made::usual(600, 1).rows().features.clone();
    let flat = flat.chunks(made::DIM).flat_map(|row| {
        let mut row = row.to_vec();
        row[3..].fill(0.0);
        row
    });
    let flat = qualm_data::MemorySet::new("flat").with_features(flat.collect(), made::DIM);
    made::write(&desk, &flat.unwrap(), "flat.npz");
    says(
        &fit("flat.npz", "vim(dim=rule)"),
        &["vim", "3 of 8 dimensions"],
    );

    let unlabelled = made::unusual(100, 1);
    made::write(&desk, &unlabelled, "unlabelled.npz");
    says(
        &fit("unlabelled.npz", "mahalanobis"),
        &["mahalanobis: needs labels", "unlabelled.npz"],
    );
    let strange = unlabelled.with_labels(vec![-1; 100]).unwrap();
    made::write(&desk, &strange, "strange.npz");
    says(
        &fit("strange.npz", "vim"),
        &["out of distribution", "none is left to fit on"],
    );

    let error = desk.refuses("fit --train train.npz --head head.npz --memory 0.0000001 -o model");
    says(&error, &["vim", "--memory", "above the limit"]);
}

#[test]
fn numbers_that_make_no_sense() {
    let desk = Desk::with_model();
    for (line, words) in [
        ("score model.qualm new.npz --false-alarms 2", ["2", "0.05"]),
        ("score model.qualm new.npz --false-alarms 0", ["0", "0.05"]),
        (
            "score model.qualm new.npz --fdr 1",
            ["1", "between 0 and 1"],
        ),
        (
            "bench --train train.npz --head head.npz --test val.npz --ood o=odd.npz --false-alarms 1.5",
            ["1.5", "0.05"],
        ),
        (
            "bench --train train.npz --head head.npz --test val.npz --ood o=odd.npz --resamples 0",
            ["resample", "0"],
        ),
        ("head fit train.npz -c 0 -o a.npz", ["(-c) is 0", "between"]),
        (
            "head fit train.npz --tolerance nan -o a.npz",
            ["--tolerance", "NaN"],
        ),
        (
            "fit --pass 1 --first-row 18446744073709551615 --train train.npz --head head.npz -o p",
            ["train.npz", "2^64"],
        ),
    ] {
        says(&desk.refuses(line), &words);
    }
}

/// These never get past the parser, which says more than one line.
#[test]
fn usage_that_is_wrong_is_told_with_the_way_to_help() {
    let desk = Desk::with_model();
    for (line, words) in [
        ("", ["Usage: qualm", "Commands:"]),
        ("scroe", ["unrecognized subcommand", "score"]),
        ("fit", ["--train <SET>", "--help"]),
        (
            "fit --train train.npz -o model --hold-back 1.5",
            ["--hold-back", "from 0 to below 1"],
        ),
        (
            "fit --train train.npz -o model --hold-back 0.1 --reference val.npz",
            ["cannot be used with", "--reference"],
        ),
        (
            "fit --train train.npz -o p --pass 1 --shard 3/2",
            ["I from 1 to N", "2/5"],
        ),
        ("fit --train train.npz -o p --pass 3", ["3", "--pass"]),
        (
            "fit --train train.npz -o p --shard 1/2",
            ["--pass", "required"],
        ),
        ("fit --train train.npz -o p --memory=-1", ["--memory", "-1"]),
        ("methods --threads 0", ["--threads", "0"]),
        (
            "score model.qualm new.npz --format xml",
            ["xml", "csv, jsonl, parquet, safetensors"],
        ),
        (
            "score model.qualm new.npz --fdr 0.1 --false-alarms 0.1",
            ["cannot be used with", "--fdr"],
        ),
        (
            "demo --export folder --json",
            ["cannot be used with", "--json"],
        ),
    ] {
        let before = desk.files();
        let ran = desk.run(line);
        assert_eq!((ran.code, ran.text()), (Some(2), ""), "{line}");
        says(&ran.stderr, &words);
        assert!(desk.files() == before, "{line}");
    }
}

#[test]
fn a_name_that_tells_no_format() {
    let desk = Desk::with_model();
    says(
        &desk.refuses("score model.qualm new.npz -o scores"),
        &["scores", "--format csv"],
    );
    says(
        &desk.refuses("score model.qualm new.npz -o scores.xls"),
        &["scores.xls", ".jsonl"],
    );
    says(&desk.refuses("convert new.npz new"), &["new", ".npz"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let desk = Desk::with_model();
    std::fs::create_dir(desk.path("folder")).unwrap();
    let bench = "bench --train train.npz --head head.npz --test val.npz --ood odd=odd.npz";
    for output in ["no/such/folder/file.npz", "folder"] {
        for line in [
            format!("fit --train train.npz --head head.npz -o {output}"),
            format!("fit --pass 1 --train train.npz --head head.npz -o {output}"),
            format!("score model.qualm new.npz --format csv -o {output}"),
            format!("calibrate model.qualm val.npz -o {output}"),
            format!("head fit train.npz -o {output}"),
            format!("convert new.npz {output}"),
            format!("merge model.qualm -o {output}"),
            format!("{bench} --html {output}"),
            format!("{bench} --csv {output}"),
        ] {
            let error = desk.refuses(&line);
            assert!(
                error.starts_with(&format!("{output}: create failed: ")),
                "{error}"
            );
            // The name of the temporary file helps nobody.
            assert!(!error.contains(".qualm-"), "{error}");
        }
    }
}
