//! How many sentences a second are read on one core.
//!
//! `cargo bench -p qualm-confidence --bench parse`; the sentences are those of the tests, whose
//! items are counted.
#![allow(missing_docs)] // divan's macros make public items

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use qualm_confidence::parse::{Lexicon, Parser};

fn main() {
    divan::main();
}

fn sentences() -> Vec<String> {
    include_str!("../tests/sentences.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| line.rsplit('\t').next())
        .map(|text| text.replace("\\n", "\n"))
        .collect()
}

fn read(bencher: Bencher<'_, '_>, texts: &[String]) {
    let parser = Parser::default();
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .counter(BytesCount::new(bytes))
        .bench_local(|| {
            texts
                .iter()
                .filter_map(|text| parser.parse(text).cue.value)
                .sum::<f64>()
        });
}

/// The sentences of the tests.
#[divan::bench]
fn sentences_of_the_tests(bencher: Bencher<'_, '_>) {
    read(bencher, &sentences());
}

/// The same, each behind an answer of about thirty words.
#[divan::bench]
fn answers_of_thirty_words(bencher: Bencher<'_, '_>) {
    let answer = "The city was founded by settlers from the coast, who had left their harbour after \
                  a long war over the price of salt, and its first walls date from 1535. ";
    let texts: Vec<String> = sentences()
        .iter()
        .map(|text| format!("{answer}{text}"))
        .collect();
    read(bencher, &texts);
}

/// What making a parser costs.
#[divan::bench]
fn making_a_parser() -> Parser {
    Parser::new(Lexicon::default())
}
