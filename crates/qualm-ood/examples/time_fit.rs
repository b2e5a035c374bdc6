//! Fits ViM, Mahalanobis++ and energy on the files that `generate_rows` wrote, with checkpoints,
//! and prints rows, seconds, memory and the share of the matrix-multiply peak, for `bench/scale`.
//!
//! `cargo run --release -p qualm-ood --example time_fit -- CHECKPOINTS FOLDER...`
//!
//! Operations are those of the products alone: the halves of two second moments, of the rows and of
//! the rows of unit length, in the first pass; logits, residuals, whitened rows and class terms in
//! the second. Time is all of it: reading f16 from the file, both passes, eigenvectors,
//! checkpoints.
#![allow(clippy::print_stdout)] // a program that prints its figures

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use qualm_data::{FeatureSet, Head, Source};
use qualm_linalg::{Speed, matrix_multiply_peak};
use qualm_ood::{FitInput, FitOptions, Recipe, fit_with_checkpoints};

const METHODS: &str = "vim(dim=rule),mahalanobis++,energy";
/// d of the rule of ViM's authors at width 2048.
const PRINCIPAL: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let checkpoints = arguments.next().ok_or("give a folder for checkpoints")?;
    let mut points = Vec::new();
    for folder in arguments {
        let train = FeatureSet::open(&format!("{folder}/rows.safetensors"))?;
        let head = Head::open(&format!("{folder}/head.npz"))?;
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let before = matrix_multiply_peak();
        let start = Instant::now();
        let checkpoints = Path::new(&checkpoints);
        let recipes = Recipe::parse_list(METHODS)?;
        let options = FitOptions::default();
        fit_with_checkpoints(input, &recipes, &options, checkpoints, &mut |_| {})?;
        let time = start.elapsed();
        std::fs::remove_dir_all(checkpoints)?;
        let (rows, dim) = (train.schema().rows as usize, head.dim());
        let first = 2 * dim * (dim + 1);
        let second = 2 * dim * (head.classes() + dim - PRINCIPAL + dim + head.classes());
        let speed = Speed {
            operations: (rows * (first + second)) as f64,
            time,
            peak: before.max(matrix_multiply_peak()),
        };
        println!("{rows:>9} rows {speed}{}", resident());
        points.push((rows as f64, time.as_secs_f64()));
    }
    if let [(rows_a, time_a), .., (rows_b, time_b)] = points[..] {
        let slope = (time_b - time_a) / (rows_b - rows_a);
        println!(
            "slope: {:.1} s a million rows; from point to point:",
            slope * 1e6
        );
        for pair in points.windows(2) {
            let slope = (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0);
            println!(
                "{:>9} to {:>9} rows: {:.1} s",
                pair[0].0,
                pair[1].0,
                slope * 1e6
            );
        }
    }
    Ok(())
}

/// Memory resident at most so far, where the system tells.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.map_or_else(String::new, |kb| {
        format!(", {:.0} MB resident", kb * 1024.0 / 1e6)
    })
}
