//! The products that fitting and scoring are made of, beside the matrix-multiply peak.
//!
//! `cargo bench -p qualm-linalg --bench products`
//!
//! `scatter` counts the operations of the lower half alone, `rows D (D + 1)`; tiles are those that
//! the crates above use. `shared` lines are the library's own way with threads, which share every
//! product and wait for each other; ours are pieces, one thread each. `eigen` is in seconds: its share of a peak of products says little.
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

use std::hint::black_box;
use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use qualm_linalg::{BlockScatter, Rows, Speed, packed_len, product_nt, symmetric_eigen};

/// Width of the rows.
const DIM: usize = 2048;
/// Rows of a block of fitting.
const BLOCK: usize = 4096;
/// Rows of a tile of scoring.
const TILE: usize = 2048;
const RUNS: usize = 9;

fn main() {
    let numbers: Vec<f32> = (0..BLOCK * DIM)
        .map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5)
        .collect();
    let rows = Rows::new(&numbers, DIM);

    let mut scatter = BlockScatter::<f32>::new(DIM);
    let mut packed = vec![0f64; packed_len(DIM)];
    let gram = Speed::measure((BLOCK * DIM * (DIM + 1)) as f64, RUNS, || {
        scatter.measure(black_box(rows), &numbers[..DIM], &mut packed);
    });
    println!("scatter of {BLOCK} rows             {gram}");

    for (name, outputs) in [
        ("logits", 1000),
        ("residual", 1048),
        ("both, stacked", 2048),
    ] {
        let matrix = rows.range(0, outputs);
        for tile in [512, 1024, 2048, 4096] {
            let mut out = vec![0f32; tile * outputs];
            let operations = (2 * BLOCK * DIM * outputs) as f64;
            let speed = Speed::measure(operations, RUNS, || {
                for start in (0..BLOCK).step_by(tile) {
                    product_nt(&mut out, black_box(rows.range(start, start + tile)), matrix);
                }
            });
            println!("{name:<14} in tiles of {tile:4} rows {speed}");
        }
        let mut out = vec![0f32; TILE * outputs];
        let speed = Speed::measure((2 * BLOCK * DIM * outputs) as f64, RUNS, || {
            for start in (0..BLOCK).step_by(TILE) {
                let tile = black_box(rows.range(start, start + TILE));
                matmul(
                    MatMut::from_row_major_slice_mut(&mut out, TILE, outputs),
                    Accum::Replace,
                    MatRef::from_row_major_slice(tile.data(), TILE, DIM),
                    MatRef::from_row_major_slice(matrix.data(), outputs, DIM).transpose(),
                    1.0,
                    Par::rayon(0),
                );
            }
        });
        println!("{name:<14} shared, {TILE:4} rows   {speed}");
    }

    let mut seconds: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            black_box(symmetric_eigen(&packed, DIM));
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_unstable_by(f64::total_cmp);
    println!(
        "eigen of {DIM} x {DIM}              {:7.0} ms",
        seconds[2] * 1e3
    );
}
