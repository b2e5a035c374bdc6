//! Scoring 10,000 x 2048 features with 1000 classes, beside the matrix-multiply peak.
//!
//! `cargo bench -p qualm-ood --bench score`
//!
//! `scorer` is [`Scorer::measure`](qualm_ood::Scorer::measure) over tiles of rows in memory: the
//! products and what follows them row by row. `score` is [`score`] over a feature set: also the
//! check for NaN and the scores. Operations are those of the products
//! alone.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

mod rows;

use std::hint::black_box;

use qualm_data::{MemorySet, Source};
use qualm_linalg::Speed;
use qualm_ood::{FitInput, FitOptions, Recipe, TILE_ROWS, TileRows, fit, score};
use rows::{CLASSES, DIM, MadeRows};

const ROWS: usize = 10_000;
const RUNS: usize = 21;
/// d, as the rule of ViM's authors has it at this width.
const PRINCIPAL: usize = 1000;

fn main() {
    let rows = MemorySet::read(&MadeRows::new(ROWS as u64)).expect("rows in memory");
    let residual = DIM - PRINCIPAL;
    for (method, outputs) in [("residual", residual), ("vim", CLASSES + residual)] {
        measure(method, (2 * ROWS * DIM * outputs) as f64, &rows);
    }
}

fn measure(method: &str, operations: f64, rows: &MemorySet) {
    let head = rows::head();
    let input = FitInput {
        train: rows,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list(&format!("{method}(dim=rule)")).expect("a method");
    let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {});
    let bundle = fitted.expect("rows that can be fitted").bundle;

    let mut scorer = bundle.scorer("rows", rows.schema()).expect("a scorer");
    let alone = Speed::measure(operations, RUNS, || {
        for features in rows.rows().features.chunks(TILE_ROWS * DIM) {
            scorer.measure(TileRows {
                features,
                logits: &[],
                rows: features.len() / DIM,
            });
            black_box(scorer.score(0, 0));
        }
    });
    println!("{method:<10} scorer {alone}");

    let whole = Speed::measure(operations, RUNS, || {
        score(&bundle, rows, &mut |scored| {
            black_box(scored.scores(0));
            Ok(())
        })
        .expect("rows that can be scored");
    });
    println!("{method:<10} score  {whole}");
}
