//! Bootstrap AUROC of 1000 resamples of 10,000 + 10,000 rows, in rows resampled per second.
//!
//! `cargo bench -p qualm-stats --bench bootstrap`
//!
//! Nothing can resample faster than it draws row numbers, nor than it writes and reads the
//! counts: `draws_alone` and `counts_alone` do just that for the same number of rows on the
//! same threads. The rows per second of `auroc` over theirs are its share of those bounds.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use qualm_stats::random::DEFAULT_SEED;
use qualm_stats::{Bootstrap, Ranking, Stream};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

const ROWS_PER_CLASS: usize = 10_000;
const ROWS: usize = 2 * ROWS_PER_CLASS;
const RESAMPLES: usize = 1_000;

fn main() {
    divan::main();
}

fn rows_resampled() -> ItemsCount {
    ItemsCount::new(ROWS * RESAMPLES)
}

#[divan::bench]
fn auroc(bencher: Bencher) {
    let mut stream = Stream::new(DEFAULT_SEED, 0);
    let id: Vec<f64> = (0..ROWS_PER_CLASS).map(|_| stream.normal()).collect();
    let ood: Vec<f64> = (0..ROWS_PER_CLASS).map(|_| stream.normal() + 1.0).collect();
    let ranking = Ranking::new(&id, &ood).expect("two classes of finite scores");
    let bootstrap = Bootstrap {
        resamples: RESAMPLES,
        ..Bootstrap::default()
    };
    bencher
        .counter(rows_resampled())
        .bench(|| bootstrap.auroc(black_box(&ranking)));
}

/// The bound of the random numbers.
#[divan::bench]
fn draws_alone(bencher: Bencher) {
    bencher.counter(rows_resampled()).bench(|| {
        (0..RESAMPLES)
            .into_par_iter()
            .map(|replicate| {
                let mut stream = Stream::new(DEFAULT_SEED, replicate as u64);
                (0..ROWS)
                    .map(|_| stream.below(ROWS_PER_CLASS))
                    .sum::<usize>()
            })
            .sum::<usize>()
    });
}

/// The bound of the memory: each replicate clears and reads 8 bytes a row, in order.
#[divan::bench]
fn counts_alone(bencher: Bencher) {
    bencher
        .counter(rows_resampled())
        .counter(BytesCount::new(2 * 8 * ROWS * RESAMPLES))
        .bench(|| {
            (0..RESAMPLES)
                .into_par_iter()
                .map_init(
                    || vec![0_u64; ROWS],
                    |counts, replicate| {
                        counts.fill(replicate as u64);
                        black_box(&*counts).iter().sum::<u64>()
                    },
                )
                .sum::<u64>()
        });
}
