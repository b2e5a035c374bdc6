//! Scoring one row of width 2048 with ViM and 1000 classes, beside the memory's bandwidth.
//!
//! `cargo bench -p qualm-ood --bench latency`
//!
//! One row is one product of a matrix and a vector, which cannot be faster than the matrix is read:
//! the bound is the time in which the same threads add up as many numbers, measured between the
//! rows. Head and residual basis, 2048 x 2048 numbers, are 16.8 MB in `f32` and 8.4 MB in `f16`. What `f16`
//! costs in accuracy is measured on real rows: `cargo test -p qualm-ood --test half_weights -- --nocapture`.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

mod rows;

use std::hint::black_box;
use std::time::{Duration, Instant};

use qualm_data::{MemorySet, Source};
use qualm_ood::{FitInput, FitOptions, Recipe, TileRows, Weights, fit};
use rayon::prelude::*;
use rows::{CLASSES, DIM, MadeRows};

const TRAIN: u64 = 4096;
const RUNS: usize = 2000;
/// d, as the rule of ViM's authors has it at this width.
const PRINCIPAL: usize = 1000;

fn main() {
    let train = MemorySet::read(&MadeRows::new(TRAIN)).expect("rows in memory");
    let head = rows::head();
    let numbers = (CLASSES + DIM - PRINCIPAL) * DIM;
    for (name, weights, width) in [("f32", Weights::F32, 4), ("f16", Weights::F16, 2)] {
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let options = FitOptions {
            weights,
            ..FitOptions::default()
        };
        let recipes = Recipe::parse_list("vim(dim=rule)").expect("a method");
        let fitted = fit(input, &recipes, &options, &mut |_| {});
        let bundle = fitted.expect("rows that can be fitted").bundle;
        let mut scorer = bundle.scorer("rows", train.schema()).expect("a scorer");
        // As many bytes as the matrices have.
        let bytes = vec![0.5f32; numbers * width / 4];
        let (mut scored, mut read) = (Vec::with_capacity(RUNS), Vec::with_capacity(RUNS));
        for features in train.rows().features.chunks(DIM).cycle().take(RUNS) {
            let start = Instant::now();
            scorer.measure(TileRows {
                features,
                logits: &[],
                rows: 1,
            });
            black_box(scorer.score(0, 0));
            scored.push(start.elapsed());
            let start = Instant::now();
            black_box(add_up(&bytes));
            read.push(start.elapsed());
        }
        let bound = quantile(&mut read, 0.5);
        println!(
            "{name}: bound (adding up {:4.1} MB)   p50 {:7.1} us   {:.1} GB/s",
            (numbers * width) as f64 * 1e-6,
            bound * 1e6,
            (numbers * width) as f64 / bound / 1e9
        );
        for (which, share) in [("p50", 0.5), ("p99", 0.99)] {
            let time = quantile(&mut scored, share);
            println!(
                "{name}: one row, {which}                {:7.1} us   {:.2} x the bound",
                time * 1e6,
                time / bound
            );
        }
    }
}

/// The sum of all numbers, on all threads, in lanes as wide as vectors.
fn add_up(numbers: &[f32]) -> f32 {
    let threads = rayon::current_num_threads();
    let part = |numbers: &[f32]| {
        let mut lanes = [0f32; 64];
        for block in numbers.as_chunks::<64>().0 {
            lanes.iter_mut().zip(block).for_each(|(lane, x)| *lane += x);
        }
        lanes.iter().sum::<f32>()
    };
    numbers
        .par_chunks(numbers.len().div_ceil(threads))
        .map(part)
        .sum()
}

/// Seconds below which this share of the times lies.
fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    times[(share * (times.len() - 1) as f64) as usize].as_secs_f64()
}
