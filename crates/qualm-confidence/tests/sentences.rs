//! Sentences of our own with what they state, read from `sentences.tsv`.
//!
//! Its columns: group, status, value, lo, hi, rule, options (`lexicon=ipcc`, `scale=1-5`), and the
//! text, in which `\n` is a new line. An expectation is written from the grammar, not from what the
//! parser says. What is beyond the grammar stands in the group `known`, with what it should be.

use std::collections::BTreeMap;

use qualm_confidence::parse::{Lexicon, Parsed, Parser};

const SENTENCES: &str = include_str!("sentences.tsv");

struct Sentence<'t> {
    line: usize,
    group: &'t str,
    /// Status, value, lo, hi and rule.
    expected: [&'t str; 5],
    options: &'t str,
    text: String,
}

fn sentences() -> Vec<Sentence<'static>> {
    let lines = SENTENCES.lines().enumerate().skip(1);
    lines
        .map(|(index, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [group, status, value, lo, hi, rule, options, text] = cells[..] else {
                panic!("line {}: {} cells", index + 1, cells.len());
            };
            Sentence {
                line: index + 1,
                group,
                expected: [status, value, lo, hi, rule],
                options,
                text: text.replace("\\n", "\n"),
            }
        })
        .collect()
}

fn parser(options: &str) -> Parser {
    let mut parser = Parser::default();
    for option in options.split_whitespace() {
        parser = match option.split_once('=') {
            Some(("lexicon", name)) => Parser::new(Lexicon::named(name).unwrap()),
            Some(("scale", scale)) => parser.with_scale(scale.parse().unwrap()),
            _ => panic!("{option} is no option"),
        };
    }
    parser
}

/// What the parser says, in the cells of the table.
fn said(read: &Parsed<'_>) -> [String; 5] {
    let name = |value: serde_json::Value| value.as_str().unwrap_or("").to_owned();
    let number = |x: Option<f64>| {
        x.map_or(String::new(), |x| {
            let rounded = (x * 1e6).round() / 1e6;
            rounded.to_string()
        })
    };
    [
        name(serde_json::to_value(read.cue.status).unwrap()),
        number(read.cue.value),
        number(read.cue.lo),
        number(read.cue.hi),
        name(serde_json::to_value(read.cue.rule).unwrap()),
    ]
}

fn agrees(expected: &[&str; 5], said: &[String; 5]) -> bool {
    expected.iter().zip(said).all(|(expected, said)| {
        match (expected.parse::<f64>(), said.parse::<f64>()) {
            (Ok(expected), Ok(said)) => (expected - said).abs() < 1e-5,
            _ => expected == said,
        }
    })
}

#[test]
fn all_sentences_are_read_as_expected() {
    let mut parsers = BTreeMap::new();
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for sentence in sentences() {
        let parser = parsers
            .entry(sentence.options)
            .or_insert_with(|| parser(sentence.options));
        let read = parser.parse(&sentence.text);
        let said = said(&read);
        let right = agrees(&sentence.expected, &said);
        let group = groups.entry(sentence.group).or_default();
        group.0 += 1;
        group.1 += usize::from(right);
        if right == (sentence.group == "known") {
            wrong.push(format!(
                "line {}: {:?} {}\n  expected {:?}\n  read     {said:?}",
                sentence.line, sentence.text, sentence.options, sentence.expected
            ));
        }
    }
    for (group, (all, right)) in &groups {
        println!("{group}: {right} of {all}");
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    let all: usize = groups.values().map(|(all, _)| all).sum();
    assert!(all >= 300, "{all} sentences");
}

/// No number of an answer is taken for a confidence, not even beside the one that governs.
#[test]
fn no_number_is_taken_from_an_answer() {
    let parser = Parser::default();
    let mut answers = 0;
    for sentence in sentences() {
        let numberless = matches!(sentence.expected[0], "absent" | "refusal" | "words");
        if !numberless || sentence.group == "known" || !sentence.text.contains(char::is_numeric) {
            continue;
        }
        answers += 1;
        let read = parser.parse(&sentence.text);
        let numbers = read.cues.iter().filter(|cue| cue.lexicon.is_none());
        assert_eq!(numbers.count(), 0, "{:?}: {read:?}", sentence.text);
    }
    assert!(answers >= 50, "{answers}");
}
