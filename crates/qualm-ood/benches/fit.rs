//! Fitting ViM on rows of width 2048, pass by pass, beside the matrix-multiply peak.
//!
//! `cargo bench -p qualm-ood --bench fit`
//!
//! The clock of a pass runs from its first block of rows to its last, so that it holds everything
//! that a long fit repeats: reading (here copying) rows, the check for NaN, the products, and the
//! sums beyond a block. Operations are those of the products alone: `D (D + 1)` a row for the half
//! of the second moment that is not a mirror image, and `2 D (C + D - d)` for the second pass.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

mod rows;

use std::time::{Duration, Instant};

use qualm_data::MemorySet;
use qualm_linalg::{Speed, beside_peak};
use qualm_ood::{BLOCK_ROWS, FitInput, FitOptions, Recipe, fit};
use rows::{CLASSES, DIM, MadeRows};

/// Blocks of rows, the first of which starts the clock.
const BLOCKS: usize = 17;
const RUNS: usize = 9;
/// d, as the rule of ViM's authors has it at this width.
const PRINCIPAL: usize = 1000;

fn main() {
    let set = MadeRows::new(BLOCKS as u64 * BLOCK_ROWS);
    let set = MemorySet::read(&set).expect("rows in memory");
    run(&set);
    let times = beside_peak(RUNS, || run(&set));

    let rows = ((BLOCKS - 1) as u64 * BLOCK_ROWS) as f64;
    let outputs = CLASSES + DIM - PRINCIPAL;
    let speed = |operations_a_row: usize, part: fn(&Times) -> Duration| {
        let runs: Vec<(Duration, f64)> = times.iter().map(|(t, peak)| (part(t), *peak)).collect();
        Speed::of_median(rows * operations_a_row as f64, &runs)
    };
    let first = speed(DIM * (DIM + 1), |t| t.first);
    let second = speed(2 * DIM * outputs, |t| t.second);
    println!("first pass      {first}");
    println!("second pass     {second}");
    let mut between: Vec<Duration> = times.iter().map(|(t, _)| t.between).collect();
    between.sort_unstable();
    println!(
        "between passes  {:7.1} ms",
        between[RUNS / 2].as_secs_f64() * 1e3
    );
}

/// What the parts of a fit took.
struct Times {
    first: Duration,
    /// From the last block of the first pass to the end of the first block of the second:
    /// eigenvectors, mostly.
    between: Duration,
    second: Duration,
}

fn run(set: &MemorySet) -> Times {
    let head = rows::head();
    let input = FitInput {
        train: set,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list("vim(dim=rule)").expect("a method");
    let mut blocks = Vec::with_capacity(2 * BLOCKS);
    fit(input, &recipes, &FitOptions::default(), &mut |_| {
        blocks.push(Instant::now());
    })
    .expect("rows that can be fitted");
    Times {
        first: blocks[BLOCKS - 1] - blocks[0],
        between: blocks[BLOCKS] - blocks[BLOCKS - 1],
        second: blocks[2 * BLOCKS - 1] - blocks[BLOCKS],
    }
}
