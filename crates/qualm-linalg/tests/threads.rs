//! The same bytes for any number of threads.

use qualm_linalg::{
    BlockScatter, Nearest, Rows, inverse_cholesky, packed_len, product_nt, product_tn,
    symmetric_eigen,
};

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

fn same_for_any_number_of_threads<T: PartialEq + Send>(work: impl Fn() -> T + Sync) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(&work)
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(
            run(threads) == one,
            "{threads} threads gave other bytes than one"
        );
    }
}

#[test]
fn products() {
    let (rows, width, outs) = (523, 301, 257);
    let (x, w) = (numbers(rows * width, 1), numbers(outs * width, 2));
    same_for_any_number_of_threads(|| {
        let mut out = vec![0f32; rows * outs];
        product_nt(&mut out, Rows::new(&x, width), Rows::new(&w, width));
        out
    });
    let y = numbers(rows * 17, 3);
    same_for_any_number_of_threads(|| {
        let mut out = vec![0f32; width * 17];
        product_tn(&mut out, Rows::new(&x, width), Rows::new(&y, 17));
        out
    });
}

/// A row's products must not depend on the rows beside it, or chunks would show in the scores.
#[test]
fn products_of_a_row_are_the_same_in_any_tile() {
    let (rows, width, outs) = (600, 301, 257);
    let (x, w) = (numbers(rows * width, 1), numbers(outs * width, 2));
    let (x, w) = (Rows::new(&x, width), Rows::new(&w, width));
    let mut whole = vec![0f32; rows * outs];
    product_nt(&mut whole, x, w);
    for tile in [2, 7, 64, 100, 333] {
        for start in (0..rows).step_by(tile) {
            let end = (start + tile).min(rows);
            let mut part = vec![0f32; (end - start) * outs];
            product_nt(&mut part, x.range(start, end), w);
            assert!(
                part == whole[start * outs..end * outs],
                "tiles of {tile} at row {start}"
            );
        }
    }
}

#[test]
fn scatters() {
    for (rows, dim) in [(2000, 300), (1500, 130)] {
        let x = numbers(rows * dim, 4);
        let near = vec![0.01; dim];
        same_for_any_number_of_threads(|| {
            let mut packed = vec![0.0; packed_len(dim)];
            let mut scatter = BlockScatter::<f32>::new(dim);
            let mean = scatter.measure(Rows::new(&x, dim), &near, &mut packed);
            (mean, packed)
        });
    }
}

#[test]
fn eigenvectors_and_factors() {
    let dim = 400;
    let mut packed: Vec<f64> = numbers(packed_len(dim), 5)
        .into_iter()
        .map(f64::from)
        .collect();
    for i in 0..dim {
        packed[packed_len(i) + i] += dim as f64;
    }
    same_for_any_number_of_threads(|| symmetric_eigen(&packed, dim).vectors);
    same_for_any_number_of_threads(|| inverse_cholesky(&packed, dim));
}

#[test]
fn neighbours() {
    let (bank, queries) = (numbers(3000 * 20, 6), numbers(50 * 20, 7));
    same_for_any_number_of_threads(|| {
        let mut nearest = Nearest::new(5);
        nearest.search(Rows::new(&bank, 20), Rows::new(&queries, 20));
        (0..50)
            .map(|row| nearest.of(row).to_vec())
            .collect::<Vec<_>>()
    });
}
