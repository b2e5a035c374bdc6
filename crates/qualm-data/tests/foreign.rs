//! Files that other libraries wrote (`tests/corpus/make.py`) hold what was put into them.

use std::path::Path;

use qualm_data::{Chunk, FeatureSet, Head, KeyColumn, Source};

fn path(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    folder.join(name).to_str().unwrap().to_owned()
}

fn read(name: &str) -> Chunk {
    let set = FeatureSet::open(&path(name)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(set.schema().rows, 5, "{name}");
    let mut chunk = Chunk::default();
    set.reader()
        .and_then(|mut reader| reader.read(&mut chunk, 5))
        .unwrap_or_else(|error| panic!("{error}"));
    chunk
}

fn check(name: &str) {
    let chunk = read(name);
    assert_eq!(chunk.rows, 5, "{name}");
    let features: Vec<f32> = (0..15)
        .map(|i| (i / 3) as f32 - (i % 3) as f32 / 4.0)
        .collect();
    assert_eq!(chunk.features, features, "{name}");
    if !chunk.logits.is_empty() {
        let logits: Vec<f32> = (0..10)
            .map(|i| (i % 2) as f32 - (i / 2) as f32 / 2.0)
            .collect();
        assert_eq!(chunk.logits, logits, "{name}");
    }
    if !chunk.labels.is_empty() {
        assert_eq!(chunk.labels, [-1, 0, 1, 2, 3], "{name}");
    }
    if !chunk.groups.is_empty() {
        assert_eq!(
            chunk.groups,
            KeyColumn::Int(vec![10, 10, 11, 11, 12]),
            "{name}"
        );
    }
    if !chunk.ids.is_empty() {
        let ids = ["a", "bé", "", "row 3", "e"].map(str::to_owned);
        assert_eq!(chunk.ids, KeyColumn::Text(ids.into()), "{name}");
    }
}

#[test]
fn safetensors_of_the_reference_library() {
    for name in ["f16.safetensors", "bf16.safetensors", "f64.safetensors"] {
        check(name);
    }
}

#[test]
fn numpy_arrays_and_archives() {
    for name in ["features.npy", "version2.npy", "version3.npy"] {
        check(name);
    }
    for name in ["stored.npz", "deflated.npz", "big_endian.npz"] {
        check(name);
        assert_eq!(read(name).ids.len(), 5);
    }
    let ids = ["a", "b", "", "row 3", "e"].map(str::to_owned);
    assert_eq!(read("byte_strings.npz").ids, KeyColumn::Text(ids.into()));
}

#[cfg(feature = "parquet")]
#[test]
fn tables_of_the_reference_library() {
    for name in [
        "snappy.parquet",
        "gzip.parquet",
        "lz4.parquet",
        "lists.parquet",
    ] {
        check(name);
        assert_eq!(read(name).ids.len(), 5);
        assert_eq!(read(name).labels.len(), 5);
    }
    assert_eq!(read("lz4.parquet").logits.len(), 10);
}

#[test]
fn heads_of_every_origin() {
    let expected = Head::new(vec![1.0, 0.5, -1.0, 0.0, 2.0, 0.25], vec![0.5, -0.5], 3).unwrap();
    for spec in [
        "head.safetensors",
        "head.npz",
        "renamed_head.npz:weight=fc.weight,bias=fc.bias",
    ] {
        assert_eq!(Head::open(&path(spec)).unwrap(), expected, "{spec}");
    }
}
