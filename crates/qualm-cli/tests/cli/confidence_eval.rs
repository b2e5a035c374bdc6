//! `confidence eval`: records in, a table by split out.

use crate::desk::{Desk, says};

/// Answers of two splits: honest in the first, too sure in the second.
fn records() -> String {
    let mut lines = String::new();
    for (split, right) in [("home", 8), ("away", 5)] {
        for row in 0..10 {
            let (value, correct) = (0.7 + f64::from(row) / 50.0, row < right);
            lines += &format!(
                "{{\"id\":\"{split}{row}\",\"correct\":{correct},\"shift\":{{\"split\":\"{split}\"}},\
                 \"confidence\":[{{\"kind\":\"p_true\",\"value\":{value}}}]}}\n"
            );
        }
    }
    lines
}

#[test]
fn splits_are_told_apart() {
    let desk = Desk::new();
    desk.put("a.jsonl", records());
    let ran = desk.ok("confidence eval a.jsonl --by shift --train home --ci 200 --html r.html");
    says(ran.text(), &["p_true, home", "p_true, away", "p_true, all"]);
    says(
        ran.text(),
        &["Is it honest?", "E-AURC", "smooth ECE", "MAD (paper)"],
    );
    let page = desk.text("r.html");
    says(
        &page,
        &[
            "Reliability: p_true, home",
            "Risk and coverage",
            "if confidence is honest",
        ],
    );
    let json = desk
        .ok("confidence eval a.jsonl --by shift --train home --ci 0 --json")
        .json();
    let home = &json["results"][0];
    assert_eq!(
        (&home["group"], &home["records"]),
        (&"home".into(), &10.into())
    );
    assert_eq!(home["measures"]["accuracy"]["value"], 0.8);
    assert_eq!(json["results"][1]["constant"]["confidence"], 0.8);
}

#[test]
fn bad_lines_are_shown_or_stop_the_run() {
    let desk = Desk::new();
    desk.put(
        "a.jsonl",
        records() + "{\"id\":\"x\",\"confidence\":[{\"kind\":\"p_true\",\"value\":85}]}\n",
    );
    let ran = desk.ok("confidence eval a.jsonl --ci 0");
    says(ran.text(), &["1 lines", "21", "not between 0 and 1"]);
    let error = desk.refuses("confidence eval a.jsonl --strict");
    says(&error, &["a.jsonl, line 21", "value is 85"]);
}

#[test]
fn tables_need_their_columns_named() {
    let desk = Desk::new();
    desk.put(
        "a.csv",
        "item,ok,said,p0,p1\n1,true,90,0.1,0.9\n2,false,80,0.6,0.4\n",
    );
    let error = desk.refuses("confidence eval a.csv");
    says(&error, &["a.csv", "--columns"]);
    let json = desk
        .ok("confidence eval a.csv --columns id=item,correct=ok,verbal_number=said/100 --ci 0 --json")
        .json();
    assert_eq!(json["results"][0]["kind"], "verbal_number");
    let brier = json["results"][0]["measures"]["brier"]["value"]
        .as_f64()
        .unwrap();
    assert!((brier - (0.01 + 0.64) / 2.0).abs() < 1e-12);
    let json = desk
        .ok("confidence eval a.csv --columns label=item,probs=p* --ci 0 --json")
        .json();
    assert_eq!(json["bad_lines"][0]["line"], 3);
    assert_eq!(json["classes"][0][1]["records"], 1);
}

#[test]
fn nothing_to_measure_is_said() {
    let desk = Desk::new();
    desk.put("a.jsonl", "{\"id\":\"1\"}\n");
    says(
        &desk.refuses("confidence eval a.jsonl"),
        &["no graded record"],
    );
    desk.put("a.jsonl", records());
    says(
        &desk.refuses("confidence eval a.jsonl --by tag:topic"),
        &["home0", "group"],
    );
    says(
        &desk.refuses("confidence eval a.jsonl --by topic"),
        &["tag:NAME"],
    );
    says(
        &desk.refuses("confidence eval a.jsonl --by shift --train nowhere"),
        &["nowhere", "home, away"],
    );
}
