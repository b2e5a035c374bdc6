//! Reading the confidence that texts state.

use serde_json::{Value, json};

use crate::desk::{Desk, Ran, says};

fn rows(ran: &Ran) -> Vec<Value> {
    let lines = ran.text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn one_json_object_a_text_with_spans_in_characters() {
    let desk = Desk::new();
    desk.put(
        "said.txt",
        "Confidence: 85%\nCafé? I'm 90% sure.\nIt was likely Lima.\nI cannot give a probability.\n1\n\n",
    );
    let ran = desk.ok("confidence parse said.txt --json");
    let rows = rows(&ran);
    let told: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
    assert_eq!(
        told,
        ["point", "point", "words", "refusal", "ambiguous", "absent"]
    );
    assert_eq!(
        (&rows[0]["value"], &rows[0]["rule"]),
        (&json!(0.85), &json!("label"))
    );
    assert_eq!(rows[1]["span"], json!([10, 18]));
    assert_eq!(
        (&rows[2]["lexicon"], &rows[2]["term"], &rows[2]["lo"]),
        (&json!("everyday"), &json!("Likely"), &json!(0.6))
    );
    assert_eq!(rows[4]["value"], Value::Null);
}

#[test]
fn records_keep_their_id_and_a_file_takes_the_place_of_standard_output() {
    let desk = Desk::new();
    desk.put("said.jsonl", "{\"id\": \"a7\", \"reply\": \"4\"}\n");
    let ran = desk.ok("confidence parse said.jsonl --field reply --scale 1-5 -o read.jsonl");
    says(
        ran.text(),
        &["1 of 1 texts", "whole_reply", "Wrote read.jsonl"],
    );
    let row: Value = serde_json::from_slice(&desk.bytes("read.jsonl")).unwrap();
    assert_eq!((&row["id"], &row["value"]), (&json!("a7"), &json!(0.75)));
}

#[test]
fn a_lexicon_may_be_ones_own() {
    let desk = Desk::new();
    desk.put("ours.csv", "phrase,value,lo,hi\ndead cert,0.98,0.9,1\n");
    desk.put("said.txt", "A dead cert.\n");
    let ran = desk.ok("confidence parse said.txt --lexicon ours.csv --json");
    let rows = rows(&ran);
    assert_eq!(
        (&rows[0]["lexicon"], &rows[0]["lo"]),
        (&json!("ours"), &json!(0.9))
    );
}

#[test]
fn a_bad_line_is_named_and_leaves_no_file() {
    let desk = Desk::new();
    desk.put(
        "said.jsonl",
        "{\"raw_text\": \"85%\"}\n{\"text\": \"85%\"}\n",
    );
    let error = desk.refuses("confidence parse said.jsonl -o read.jsonl");
    says(&error, &["said.jsonl, line 2: has no field raw_text"]);
    let error = desk.refuses("confidence parse said.jsonl --lexicon imf");
    says(&error, &["no lexicon is called imf"]);
}
