//! Fitting and scoring with all methods together, beside what their matrix products alone would
//! take at the machine's peak.
//!
//! `cargo bench -p qualm-ood --bench all`
//!
//! 8192 rows of 2048 features and 1000 classes to fit, 4096 to score. `scorer` sums the operations
//! of the plan's distinct products ([`Scorer::operations_per_row`](qualm_ood::Scorer)), each
//! counted once however many methods share it; a share of 77 % of the peak is a time of 1.3 times
//! the products'. WeiPer's hundred products with perturbed heads hide everything else, so the
//! others are also measured without it. `gmm` is left out by `all` itself: its covariances do not
//! fit into memory.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

mod rows;

use std::hint::black_box;
use std::time::Instant;

use qualm_data::{MemorySet, Source};
use qualm_linalg::Speed;
use qualm_ood::{Bundle, CATALOGUE, FitInput, FitOptions, Recipe, TILE_ROWS, TileRows, fit};
use rows::{DIM, MadeRows};

const FITTED: u64 = 8192;
const SCORED: u64 = 4096;

fn main() {
    let read = |count| MemorySet::read(&MadeRows::new(count)).expect("rows in memory");
    let (train, rows) = (read(FITTED), read(SCORED));
    let others: Vec<&str> = CATALOGUE
        .iter()
        .map(|entry| entry.word)
        .filter(|word| !["weiper", "gmm", "combined"].contains(word))
        .collect();
    for (name, methods, runs) in [
        ("all but weiper", others.join(","), 5),
        ("all", "all".to_owned(), 3),
    ] {
        let start = Instant::now();
        let bundle = fitted(&train, &methods);
        let count = bundle.detectors().len();
        println!(
            "{name:<14} fit    {:7.1} s of {FITTED} rows, {count} methods",
            start.elapsed().as_secs_f64()
        );
        println!("{name:<14} scorer {}", scored(&bundle, &rows, runs));
    }
}

fn fitted(train: &MemorySet, methods: &str) -> Bundle {
    let head = rows::head();
    let input = FitInput {
        train,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list(methods).expect("methods");
    let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {});
    fitted.expect("rows that can be fitted").bundle
}

fn scored(bundle: &Bundle, rows: &MemorySet, runs: usize) -> Speed {
    let mut scorer = bundle.scorer("rows", rows.schema()).expect("a scorer");
    let operations = scorer.operations_per_row() * rows.schema().rows as f64;
    Speed::measure(operations, runs, || {
        for features in rows.rows().features.chunks(TILE_ROWS * DIM) {
            scorer.measure(TileRows {
                features,
                logits: &[],
                rows: features.len() / DIM,
            });
            black_box(scorer.score(0, 0));
        }
    })
}
