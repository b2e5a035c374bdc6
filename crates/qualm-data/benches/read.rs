//! How fast files become chunks, beside the copy of memory that bounds it.
//!
//! `cargo bench -p qualm-data --bench read`; throughput counts bytes of the file, which is in the
//! page cache after the first pass.
#![allow(missing_docs)] // divan's macros make public items

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::BytesCount;
use qualm_data::{Chunk, FeatureSet, FloatType, Format, MemorySet, Precision, Source};

const ROWS: usize = 40_000;
const DIM: usize = 2048;

fn main() {
    divan::main();
}

/// A file of [`ROWS`] rows, made once a run and removed with its folder.
fn file(format: Format, float: FloatType) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder"));
    let path = folder.path().join(format!("{float}.{format}"));
    if !path.exists() {
        let values = (0..ROWS * DIM).map(|i| (i % 1021) as f32 / 64.0).collect();
        let set = MemorySet::new("made")
            .with_features(values, DIM)
            .expect("whole rows");
        qualm_data::write_features(&set, &path, format, Precision::uniform(float))
            .expect("the temporary folder has room");
    }
    path
}

fn read_all(set: &FeatureSet, chunk: &mut Chunk, check: bool) {
    let mut reader = set.reader().expect("the file is there");
    loop {
        reader
            .read(chunk, set.schema().rows_per_chunk())
            .expect("the file is whole");
        if chunk.rows == 0 {
            break;
        }
        if check {
            chunk
                .check_finite("bench", set.schema())
                .expect("finite numbers");
        }
        black_box(&chunk.features);
    }
}

fn bench(bencher: Bencher, format: Format, float: FloatType, check: bool) {
    let path = file(format, float);
    let set = FeatureSet::open(path.to_str().expect("an ASCII path")).expect("a feature set");
    let mut chunk = Chunk::default();
    bencher
        .counter(BytesCount::new(ROWS * DIM * float.size()))
        .bench_local(|| read_all(&set, &mut chunk, check));
}

#[divan::bench(args = [FloatType::F16, FloatType::Bf16, FloatType::F32, FloatType::F64])]
fn safetensors(bencher: Bencher, float: FloatType) {
    bench(bencher, Format::Safetensors, float, false);
}

#[divan::bench(args = [FloatType::F16, FloatType::F32])]
fn safetensors_checked_finite(bencher: Bencher, float: FloatType) {
    bench(bencher, Format::Safetensors, float, true);
}

#[divan::bench(args = [FloatType::F16, FloatType::F32])]
fn npz_with_checksum(bencher: Bencher, float: FloatType) {
    bench(bencher, Format::Npz, float, false);
}

#[cfg(feature = "parquet")]
#[divan::bench(args = [FloatType::F16, FloatType::F32])]
fn parquet(bencher: Bencher, float: FloatType) {
    bench(bencher, Format::Parquet, float, false);
}

/// The bound: the bytes of the `f16` file copied once, in pieces as large as the reader's.
#[divan::bench]
fn memory_copy(bencher: Bencher) {
    let from = vec![1u8; ROWS * DIM * 2];
    let mut to = vec![0u8; ROWS * DIM * 2];
    bencher
        .counter(BytesCount::new(from.len()))
        .bench_local(|| black_box(&mut to).copy_from_slice(black_box(&from)));
}

/// Reading alone, without conversion.
#[divan::bench]
fn file_read(bencher: Bencher) {
    use std::io::Read;
    let path = file(Format::Safetensors, FloatType::F16);
    let mut piece = vec![0u8; 1 << 18];
    bencher
        .counter(BytesCount::new(ROWS * DIM * 2))
        .bench_local(|| {
            let mut from = std::fs::File::open(&path).expect("the file is there");
            while from.read(black_box(&mut piece)).expect("the file is whole") > 0 {}
        });
}
