//! Questions of arithmetic: written, answered, graded, asked about.

use serde_json::{Value, json};

use crate::desk::{Desk, says};

fn lines(desk: &Desk, name: &str) -> Vec<Value> {
    let text = desk.text(name);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn put_answers(desk: &Desk, answers: impl Iterator<Item = (Value, Value)>) {
    let answers = answers.map(|(id, answer)| json!({"id": id, "answer": answer}).to_string());
    desk.put("answers.jsonl", answers.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_full_suite_has_196_subtasks() {
    let desk = Desk::new();
    let listed = desk.ok("confidence gen --list");
    says(
        listed.text(),
        &["196 sub-tasks of 21 families", "What is b less than a?"],
    );
    let listed = desk.ok("confidence gen --list --json").json();
    assert_eq!(listed.as_array().unwrap().len(), 21);

    let ran = desk.ok("confidence gen --per-subtask 2 -o suite.jsonl --json");
    let of = |group: &Value| group["subtasks"].as_u64().unwrap();
    let groups = ran.json()["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect::<Vec<_>>();
    assert_eq!(groups, [109, 71, 16]);
    let suite = lines(&desk, "suite.jsonl");
    assert_eq!(suite.len(), 392);
    let first = &suite[0];
    let prompt = format!("Q: {}\nA:", first["question"].as_str().unwrap());
    assert_eq!(first["prompt"], prompt);
    assert_eq!(first["shift"]["split"], "add-subtract");

    desk.ok("confidence gen --per-subtask 2 -o again.jsonl");
    assert!(desk.bytes("again.jsonl") == desk.bytes("suite.jsonl"));
    desk.ok("confidence gen --per-subtask 2 --seed 1 -o other.jsonl");
    assert!(desk.bytes("other.jsonl") != desk.bytes("suite.jsonl"));
}

#[test]
fn answers_are_graded_and_asked_about() {
    let desk = Desk::new();
    let how = "confidence gen --profile tiny --per-subtask 10 --format number";
    desk.ok(&format!("{how} -o suite.jsonl"));
    let suite = lines(&desk, "suite.jsonl");
    assert_eq!(suite.len(), 90);
    assert_eq!(suite[0]["follow_up"], "\nConfidence:");

    // Sums and differences right, products never.
    let answer = |line: &Value| {
        let product = line["family"] == "multiply";
        let gold = format!(" {}\nand so on", line["gold"].as_str().unwrap());
        (
            line["id"].clone(),
            if product { "none".into() } else { gold.into() },
        )
    };
    put_answers(&desk, suite.iter().map(answer));
    let ran = desk.ok(&format!(
        "{how} --shots 2 --answers answers.jsonl -o asked.jsonl"
    ));
    says(ran.text(), &["accuracy", "1.000", "0.000"]);
    let asked = lines(&desk, "asked.jsonl");
    assert_eq!(asked.len(), 90);
    for line in &asked {
        let prompt = line["prompt"].as_str().unwrap();
        assert_eq!(
            prompt.matches("\nConfidence: 100%\n").count(),
            2,
            "{prompt}"
        );
        assert!(prompt.ends_with("\nConfidence:"), "{prompt}");
        let right = line["family"] != "multiply";
        assert_eq!(line["correct"], right);
        assert_eq!(line["target"], if right { " 100%" } else { " 0%" });
    }
}

#[test]
fn answers_to_another_suite_are_refused() {
    let desk = Desk::new();
    desk.put(
        "answers.jsonl",
        "{\"id\":\"add-1x1-5-0\",\"answer\":\"2\"}\n",
    );
    let error = desk.refuses("confidence gen --answers answers.jsonl -o out.jsonl");
    says(&error, &["answers.jsonl, line 1", "add-1x1-5-0", "seed"]);
    desk.ok("confidence gen --seed 5 --answers answers.jsonl -o out.jsonl");
    // Twenty-five examples cannot be taken from one answer.
    let error = desk.refuses(
        "confidence gen --seed 5 --answers answers.jsonl --format words --shots 25 -o out.jsonl",
    );
    says(&error, &["25 examples"]);
    desk.refuses("confidence gen --shots 51 -o out.jsonl");
    desk.refuses("confidence gen");
}
