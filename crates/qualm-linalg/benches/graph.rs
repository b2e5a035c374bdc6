//! Searching a graph of neighbours beside the exact search, on rows of width 384 that spread in 24
//! directions, one after the other on one thread.
//!
//! `cargo bench -p qualm-linalg --bench graph --features hnsw -- 20000 100000`
#![allow(missing_docs, clippy::print_stdout)] // a program that prints its figures

use std::sync::Arc;
use std::time::Instant;

use qualm_linalg::{GraphBuilder, GraphSearch, Nearest, Rows, norm, product_nt};

const DIM: usize = 384;
const DIRECTIONS: usize = 24;
const QUERIES: usize = 1000;
const K: usize = 50;

/// Numbers of about a normal distribution.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            sum += (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
        sum
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// Rows of unit length.
fn rows(count: usize, basis: &[f32], noise: &mut Noise) -> Vec<f32> {
    let places = noise.numbers(count * DIRECTIONS);
    let mut rows = vec![0.0; count * DIM];
    product_nt(
        &mut rows,
        Rows::new(&places, DIRECTIONS),
        Rows::new(basis, DIRECTIONS),
    );
    for row in rows.chunks_mut(DIM) {
        row.iter_mut().for_each(|x| *x += 0.05 * noise.next());
        let norm = norm(row) as f32;
        row.iter_mut().for_each(|x| *x /= norm);
    }
    rows
}

fn main() {
    let sizes = std::env::args()
        .skip(1)
        .filter_map(|size| size.parse().ok());
    let mut sizes: Vec<usize> = sizes.collect();
    if sizes.is_empty() {
        sizes.push(20_000);
    }
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    one.expect("a thread")
        .install(|| sizes.iter().for_each(|&size| measure(size)));
}

fn measure(size: usize) {
    let mut noise = Noise(88_172_645_463_325_252);
    let basis = noise.numbers(DIRECTIONS * DIM);
    let bank = rows(size, &basis, &mut noise);
    let queries = rows(QUERIES, &basis, &mut noise);
    let (bank, queries) = (Rows::new(&bank, DIM), Rows::new(&queries, DIM));

    let mut exact = Nearest::new(K);
    let start = Instant::now();
    exact.search(bank, queries);
    let of_query = |start: Instant| start.elapsed().as_secs_f64() * 1e3 / QUERIES as f64;
    println!(
        "{size} rows, the {K} nearest: exact {:.3} ms a query",
        of_query(start)
    );

    let start = Instant::now();
    let mut builder = GraphBuilder::new(bank);
    (0..size).for_each(|row| builder.insert(row as u32));
    println!(
        "  built in {:.1} s, {:.2} ms a row; {}",
        start.elapsed().as_secs_f64(),
        start.elapsed().as_secs_f64() * 1e3 / size as f64,
        resident()
    );
    let graph = Arc::new(builder.graph().expect("rows"));
    drop(builder);
    let links: usize = graph.layers().iter().map(|layer| layer.links.len()).sum();
    println!("  {:.1} links a row", links as f64 / size as f64);
    for breadth in [64, 100, 200, 400, 800] {
        let mut search = GraphSearch::new(Arc::clone(&graph), K, breadth);
        let start = Instant::now();
        search.search(bank, queries);
        let time = of_query(start);
        let found = |row: usize| {
            let near =
                |a: &qualm_linalg::Neighbour| search.of(row).iter().any(|b| a.index == b.index);
            exact.of(row).iter().filter(|a| near(a)).count()
        };
        let found: usize = (0..QUERIES).map(found).sum();
        println!(
            "  breadth {breadth:4}  {time:.3} ms a query  recall {:.4}",
            found as f64 / (QUERIES * K) as f64
        );
    }
}

/// Memory of the process, where the system tells.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.unwrap_or("memory unknown").to_owned()
}
