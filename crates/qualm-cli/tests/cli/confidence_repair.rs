//! `confidence fit`, `apply`, `conformal` and `threshold`: what is learned from graded records
//! holds on others, and on no record twice.

use std::fmt::Write;

use qualm_stats::random::unit_hash;
use serde_json::Value;

use crate::desk::{Desk, says};

/// Numbers that look random and are the same everywhere.
fn unit(i: u64) -> f64 {
    unit_hash(1, i)
}

/// What the examples in help pages take from elsewhere.
pub(crate) fn put_examples(desk: &Desk) {
    for (file, name, first) in [("known.jsonl", "k", 0), ("new.jsonl", "n", 50_000)] {
        let records =
            overconfident(name, 500, first) + &classified(&format!("c{name}"), 500, first);
        desk.put(file, records);
    }
    let (mut table, mut bad, mut good) = ("s,is_attack\n".to_owned(), scores(), scores());
    for i in 0..3_000 {
        writeln!(table, "{},{}", unit(i), i % 5 == 0).unwrap();
        writeln!(bad, "{}", 1.0 + unit(i)).unwrap();
        writeln!(good, "{}", 1.5 * unit(i)).unwrap();
    }
    desk.put(
        "answers.csv",
        "item,ok,said,topic\n1,true,90,law\n2,false,80,art\n3,true,70,art\n",
    );
    desk.put("t.csv", table);
    desk.put("ood.csv", bad);
    desk.put("id.csv", good);
}

fn scores() -> String {
    "vim.score\n".to_owned()
}

/// Answers that are right half as often as they say.
fn overconfident(name: &str, rows: u64, first: u64) -> String {
    let mut lines = String::new();
    for i in 0..rows {
        let (value, draw) = (unit(2 * (first + i)), unit(2 * (first + i) + 1));
        let (correct, split) = (draw < value / 2.0, if i % 3 == 0 { "home" } else { "away" });
        writeln!(
            lines,
            "{{\"id\":\"{name}{i}\",\"correct\":{correct},\"shift\":{{\"split\":\"{split}\"}},\
             \"confidence\":[{{\"kind\":\"p_true\",\"value\":{value}}}]}}"
        )
        .unwrap();
    }
    lines
}

/// Rows of three classes with a label that follows the probabilities, which are too sure.
fn classified(name: &str, rows: u64, first: u64) -> String {
    let mut lines = String::new();
    for i in 0..rows {
        let at = 3 * (first + i);
        let z = [unit(at), unit(at + 1), unit(at + 2)].map(|u| 6.0 * u);
        let softmax = |sharpness: f64| {
            let e = z.map(|z| (sharpness * z).exp());
            e.map(|x| x / e.iter().sum::<f64>())
        };
        let (truth, draw) = (softmax(0.5), unit_hash(2, at));
        let label = usize::from(draw > truth[0]) + usize::from(draw > truth[0] + truth[1]);
        let [a, b, c] = softmax(1.0);
        writeln!(
            lines,
            "{{\"id\":\"{name}{i}\",\"probs\":[{a},{b},{c}],\"label\":{label}}}"
        )
        .unwrap();
    }
    lines
}

fn change<'a>(json: &'a Value, group: &str) -> &'a Value {
    let changes = json["changes"].as_array().unwrap();
    changes
        .iter()
        .find(|change| change["group"] == group)
        .unwrap()
}

#[test]
fn what_is_fitted_on_some_records_repairs_others() {
    let desk = Desk::new();
    desk.put("known.jsonl", overconfident("k", 800, 0));
    desk.put("new.jsonl", overconfident("n", 800, 5_000));
    for method in [
        "temperature",
        "platt",
        "beta",
        "isotonic",
        "centred-isotonic",
        "venn-abers",
        "histogram(bins=8)",
        "bbq",
    ] {
        let fitted = desk
            .ok(&format!(
                "confidence fit known.jsonl --part p_true --method {method} -o r.json --json"
            ))
            .json();
        assert_eq!(
            (&fitted["rows"], &fitted["method"]),
            (&800.into(), &method.into())
        );
        let applied = desk
            .ok("confidence apply r.json new.jsonl --by shift -o repaired.jsonl --json")
            .json();
        assert_eq!(applied["repaired"], 800);
        let all = change(&applied, "all");
        let of = |when: &str, measure: &str| all[when][measure].as_f64().unwrap();
        assert!(of("after", "nll") < of("before", "nll"), "{method}: {all}");
        // A temperature cannot lower all confidences to half: their mean stays.
        if method != "temperature" {
            assert!(
                of("after", "ece") < 0.3 * of("before", "ece"),
                "{method}: {all}"
            );
        }
        assert!(
            change(&applied, "away")["after"]["records"]
                .as_u64()
                .unwrap()
                > 500
        );
        let measured = desk
            .ok("confidence eval repaired.jsonl --ci 0 --json")
            .json();
        let theirs = measured["results"][0]["measures"]["brier"]["value"]
            .as_f64()
            .unwrap();
        let ours = all["after"]["brier"].as_f64().unwrap();
        assert!((ours - theirs).abs() < 1e-12);
    }
}

#[test]
fn records_that_were_fitted_on_are_refused() {
    let desk = Desk::new();
    desk.put("known.jsonl", overconfident("k", 50, 0));
    desk.put(
        "both.jsonl",
        overconfident("k", 2, 0) + &overconfident("n", 60, 900),
    );
    desk.ok("confidence fit known.jsonl --part p_true --method platt -o r.json");
    let told = desk.refuses("confidence apply r.json both.jsonl -o out.jsonl");
    says(&told, &["2 of 62 rows were fitted on", "'k0'"]);
    assert!(!desk.path("out.jsonl").exists());
    let applied = desk
        .ok("confidence apply r.json both.jsonl --keep-fitted -o out.jsonl --json")
        .json();
    assert_eq!(applied["repaired"], 62);
    assert_eq!(change(&applied, "all")["before"]["records"], 60);
    let told = desk.refuses("confidence fit known.jsonl --part p_true --method matrix -o r.json");
    says(
        &told,
        &["matrix cannot be fitted to one confidence", "platt"],
    );
    desk.put("r.json", "{\"format\":\"else\"}");
    says(
        &desk.refuses("confidence apply r.json both.jsonl"),
        &["r.json", "recalibrator"],
    );
}

#[test]
fn probabilities_of_classes_are_repaired_and_cut_into_sets() {
    let desk = Desk::new();
    desk.put("known.jsonl", classified("k", 600, 0));
    desk.put("new.jsonl", classified("n", 600, 9_000));
    for method in ["temperature", "vector", "matrix(l2=0.5)", "dirichlet"] {
        desk.ok(&format!(
            "confidence fit known.jsonl --part probs --method {method} -o r.json"
        ));
        let applied = desk.ok("confidence apply r.json new.jsonl --json").json();
        let all = change(&applied, "all");
        let nll = |when: &str| all[when]["nll"].as_f64().unwrap();
        assert!(nll("after") < nll("before"), "{method}: {all}");
    }
    for score in ["lac", "aps", "raps"] {
        let found = desk
            .ok(&format!(
                "confidence conformal known.jsonl --on new.jsonl --alpha 0.2 --score {score} \
                 -o sets.jsonl --json"
            ))
            .json();
        let coverage = found["coverage"][0]["coverage"][0].as_f64().unwrap();
        assert!((coverage - 0.8).abs() < 0.05, "{score}: {found}");
        assert_eq!(desk.text("sets.jsonl").lines().count(), 600);
    }
    let told = desk.refuses("confidence conformal known.jsonl --on known.jsonl");
    says(&told, &["600 of 600 rows were fitted on"]);
    desk.put("few.jsonl", classified("f", 5, 20_000));
    let ran = desk.ok("confidence conformal few.jsonl --on new.jsonl");
    says(ran.text(), &["5 rows are too few", "90 % takes 9"]);
}

#[test]
fn a_filter_keeps_its_promise_or_is_refused() {
    let desk = Desk::new();
    let mut table = "id,s,attack\n".to_owned();
    for i in 0..400 {
        let bad = i % 2 == 0;
        let score = unit(i) + if bad { 0.6 } else { 0.0 };
        writeln!(table, "{i},{score},{bad}").unwrap();
    }
    desk.put("t.csv", table);
    let found = desk
        .ok("confidence threshold t.csv --score s --bad attack --miss-rate 0.05 --json")
        .json();
    // P(Bin(200, .05) <= 4) = .026, P(Bin(200, .05) <= 5) = .062.
    assert_eq!(
        (&found["items"], &found["misses"]),
        (&200.into(), &4.into())
    );
    assert_eq!(found["price"]["items"], 200);
    let told = desk.refuses("confidence threshold t.csv --score s --bad attack --miss-rate 0.001");
    says(
        &told,
        &["200 bad items cannot show", "takes 2995", "1.487 %"],
    );
    let told = desk.refuses("confidence threshold t.csv --score x --bad attack --miss-rate 0.1");
    says(&told, &["t.csv", "no column 'x'", "id, s, attack"]);

    desk.put("bad.csv", "vim.score\n".to_owned() + &"2\n".repeat(100));
    desk.put("good.csv", "vim.score\n1\n2\n3\n0\n");
    let ran =
        desk.ok("confidence threshold bad.csv --good good.csv --score vim.score --miss-rate 0.05");
    says(ran.text(), &["2 or above", "95 % confidence", "0.5000"]);

    desk.put("a.jsonl", overconfident("k", 400, 0));
    let ran = desk.ok("confidence threshold a.jsonl --score p_true --miss-rate 0.05");
    says(ran.text(), &["or below", "good items blocked"]);
}
