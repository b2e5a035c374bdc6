//! Help pages: what they show as an example works as pasted.

use crate::desk::{Desk, says};

/// Every verb, subcommands spelled out (`head fit`), in the order of the help.
fn verbs(desk: &Desk, above: &str) -> Vec<String> {
    let help = desk.ok(&format!("{above} --help"));
    let listed = help.text().split("Commands:\n").nth(1).unwrap_or("");
    let names = listed
        .lines()
        .take_while(|line| !line.is_empty())
        // What a verb does may take more than one line, further in.
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut verbs = Vec::new();
    for name in names {
        let verb = format!("{above} {name}").trim().to_owned();
        let below = self::verbs(desk, &verb);
        if below.is_empty() {
            verbs.push(verb);
        } else {
            verbs.extend(below);
        }
    }
    verbs
}

/// The lines to paste: those that are indented, before the usage.
fn example(help: &str) -> String {
    let lines = help
        .lines()
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| line.starts_with("  "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_help_begins_with_an_example_of_its_verb_and_fits_80_columns() {
    let desk = Desk::new();
    let verbs = verbs(&desk, "");
    assert!(verbs.len() >= 17, "{verbs:?}");
    for verb in ["", "head", "model", "confidence", "proxy", "rationale"]
        .into_iter()
        .chain(verbs.iter().map(String::as_str))
    {
        let help = desk.ok(&format!("{verb} --help"));
        let help = help.text();
        assert!(
            help.starts_with("Example") || verb.is_empty() && help.starts_with("Start with"),
            "{verb}: {help}"
        );
        says(&example(help), &[format!("qualm {verb}").trim()]);
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_examples_work_as_pasted_one_after_the_other() {
    use std::path::Path;

    use crate::desk::{QUALM, Ran};
    use crate::{confidence_repair, made, proxies};

    let desk = Desk::new();
    // What examples take from elsewhere.
    made::encoder(&desk, "all-MiniLM-L6-v2");
    confidence_repair::put_examples(&desk);
    desk.put("designs.csv", proxies::designs());
    let programs = Path::new(QUALM).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", programs.display());
    for verb in verbs(&desk, "") {
        let example = example(desk.ok(&format!("{verb} --help")).text());
        let output = std::process::Command::new("bash")
            .args(["-e", "-u", "-o", "pipefail", "-c", &example])
            .env("PATH", &path)
            .current_dir(desk.folder())
            .output()
            .unwrap();
        let ran = Ran::of(output);
        assert_eq!(ran.code, Some(0), "{example}\n{}", ran.stderr);
        match verb.as_str() {
            "demo" => the_demo_reports(&desk, &ran),
            "score" => assert_eq!(desk.text("scores.csv").lines().count(), 601),
            "explain" => says(ran.text(), &["virtual logit", "Nearest fitting rows"]),
            "head fit" => says(ran.text(), &["Converged", "500"]),
            "confidence conditional" => says(ran.text(), &["0.075", "incoherent"]),
            "confidence display" => says(ran.text(), &["Analysis only", "harms"]),
            "check" => says(ran.text(), &["0.8760"]),
            "model inspect" => says(ran.text(), &["Gemm", "1000 classes from 1280 features"]),
            "inspect" => says(ran.text(), &["1000 x 1280", "All features are finite"]),
            "confidence gen" => assert_eq!(desk.text("suite.jsonl").lines().count(), 900),
            "proxy study" => says(ran.text(), &["branin", "best visible"]),
            "rationale demo" => says(ran.text(), &["Under add-template full context"]),
            "rationale certify" => says(ran.text(), &["provably stay"]),
            "proxy audit" => says(ran.text(), &["judge, not truth"]),
            "methods" => says(ran.text(), &["vim", "CVPR 2022", "mahalanobis"]),
            _ => {}
        }
    }
    for name in [
        "model.qualm",
        "report.html",
        "calibrated.qualm",
        "merged.qualm",
        "learned.npz",
        "found.npz",
        "safer.onnx",
        "minilm.onnx",
        #[cfg(feature = "run-models")]
        "set.safetensors",
        "train.safetensors",
        "qualm.bash",
        "man/qualm.1",
        "man/qualm-head-fit.1",
    ] {
        assert!(desk.path(name).metadata().unwrap().len() > 0, "{name}");
    }
}

#[cfg(unix)]
fn the_demo_reports(desk: &Desk, ran: &crate::desk::Ran) {
    for line in ran.text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    says(
        ran.text(),
        &[
            "vim256",
            "mahalanobis",
            "textures",
            "omniglot",
            "fpr95_ood",
            "Trap",
        ],
    );
    says(&ran.stderr, &["wrote qualm-report.html"]);
    let page = desk.text("qualm-report.html");
    says(
        &page,
        &["<!DOCTYPE html>", "<svg", "vim256", "PROVENANCE.md"],
    );
    assert!(!page.contains("src=\"http"), "the report needs a network");
}
