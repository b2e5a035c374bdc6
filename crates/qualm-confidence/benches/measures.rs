//! All binary measures of a million records on one core, and 2,000 resamples of 10,000 records.
//!
//! `cargo bench -p qualm-confidence --bench measures`
//!
//! `sort_alone` orders the same records and does nothing else: no measure can do without.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use qualm_confidence::evaluate::{self, Settings, evaluate};
use qualm_confidence::measures::Levels;
use qualm_confidence::records::{Record, Stated};
use qualm_confidence::{Kind, records};
use qualm_stats::Stream;
use qualm_stats::random::DEFAULT_SEED;

const RECORDS: usize = 1_000_000;
const RESAMPLED: usize = 10_000;

fn main() {
    divan::main();
}

fn sample(records: usize) -> (Vec<f64>, Vec<bool>) {
    let mut stream = Stream::new(DEFAULT_SEED, 0);
    let confidences: Vec<f64> = (0..records).map(|_| stream.unit()).collect();
    let correct = confidences
        .iter()
        .map(|c| stream.unit() < 0.2 + 0.6 * c)
        .collect();
    (confidences, correct)
}

#[divan::bench(sample_count = 5)]
fn sort_alone(bencher: Bencher) {
    let (confidences, _) = sample(RECORDS);
    bencher
        .counter(ItemsCount::new(RECORDS))
        .with_inputs(|| confidences.clone())
        .bench_local_values(|mut confidences| {
            confidences.sort_unstable_by(f64::total_cmp);
            confidences
        });
}

#[divan::bench(sample_count = 5)]
fn all_measures(bencher: Bencher) {
    let (confidences, correct) = sample(RECORDS);
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        let levels = Levels::new(black_box(&confidences), &correct).expect("confidences");
        evaluate::all(&levels, 15)
    });
}

/// [`evaluate`] with its default of 2,000 resamples, on all cores.
#[divan::bench(sample_count = 3)]
fn resamples(bencher: Bencher) {
    let (confidences, correct) = sample(RESAMPLED);
    let records: Vec<records::Record> = confidences
        .iter()
        .zip(&correct)
        .enumerate()
        .map(|(row, (&confidence, &correct))| Record {
            id: row.to_string(),
            correct: Some(correct),
            confidence: vec![Stated::point(Kind::PTrue, confidence)],
            ..Record::default()
        })
        .collect();
    bencher
        .counter(ItemsCount::new(2000 * RESAMPLED))
        .bench_local(|| evaluate(black_box(&records), &Settings::default()).expect("records"));
}
