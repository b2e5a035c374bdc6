//! Scoring 10,000 x 2048 features with 1000 classes, beside the matrix-multiply peak.
//!
//! `cargo bench -p qualm-ood --bench score`
//!
//! A run is [`score`] over rows in memory: their copy into tiles, the check for NaN, the products,
//! what follows them row by row, and the scores. Operations are those of the products alone.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

mod rows;

use std::hint::black_box;

use qualm_data::MemorySet;
use qualm_linalg::Speed;
use qualm_ood::{FitInput, FitOptions, Recipe, fit, score};
use rows::{CLASSES, DIM, MadeRows};

const ROWS: usize = 10_000;
const RUNS: usize = 21;
/// d, as the rule of ViM's authors has it at this width.
const PRINCIPAL: usize = 1000;

fn main() {
    let rows = MemorySet::read(&MadeRows::new(ROWS as u64)).expect("rows in memory");
    let residual = DIM - PRINCIPAL;
    for (method, outputs) in [("residual", residual), ("vim", CLASSES + residual)] {
        let operations = (2 * ROWS * DIM * outputs) as f64;
        println!("{method:<12}{}", speed(method, operations, &rows));
    }
}

fn speed(method: &str, operations: f64, rows: &MemorySet) -> Speed {
    let head = rows::head();
    let input = FitInput {
        train: rows,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list(method).expect("a method");
    let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {});
    let bundle = fitted.expect("rows that can be fitted").bundle;
    Speed::measure(operations, RUNS, || {
        score(&bundle, rows, &mut |scored| {
            black_box(scored.scores(0));
            Ok(())
        })
        .expect("rows that can be scored");
    })
}
