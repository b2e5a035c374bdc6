//! Every format holds what was written to it, and any chunk size reads the same rows.

use std::path::{Path, PathBuf};

use half::{bf16, f16};
use proptest::prelude::*;
use qualm_data::{
    Chunk, DataError, FeatureSet, FloatType, Format, KeyColumn, MemorySet, Precision, Source,
    convert, write_features,
};

/// Formats of this build, with the types that they can hold.
fn formats() -> Vec<(Format, Vec<FloatType>)> {
    use FloatType::{Bf16, F16, F32, F64};
    let mut formats = vec![
        (Format::Safetensors, vec![F16, Bf16, F32, F64]),
        (Format::Npz, vec![F16, F32, F64]),
    ];
    if cfg!(feature = "parquet") {
        formats.push((Format::Parquet, vec![F16, F32, F64]));
    }
    formats
}

/// What `float` makes of a number.
fn rounded(x: f32, float: FloatType) -> f32 {
    match float {
        FloatType::F16 => f16::from_f32(x).to_f32(),
        FloatType::Bf16 => bf16::from_f32(x).to_f32(),
        _ => x,
    }
}

fn keys(rows: usize) -> impl Strategy<Value = Option<KeyColumn>> {
    prop_oneof![
        Just(None),
        prop::collection::vec(any::<i64>(), rows).prop_map(|keys| Some(KeyColumn::Int(keys))),
        prop::collection::vec("[a-zé✓ ]{0,4}", rows).prop_map(|keys| Some(KeyColumn::Text(keys))),
    ]
}

prop_compose! {
    /// A set with some of all columns.
    fn sets()(rows in 1usize..40, dim in 1usize..6, classes in 0usize..4)(
        features in prop::collection::vec(-6e4f32..6e4, rows * dim),
        logits in prop::collection::vec(-10f32..10.0, rows * classes),
        labels in prop::option::of(prop::collection::vec(any::<i64>(), rows)),
        groups in keys(rows),
        ids in keys(rows),
        dim in Just(dim),
        classes in Just(classes),
    ) -> MemorySet {
        let build = || -> Result<MemorySet, DataError> {
            let mut set = MemorySet::new("made").with_features(features, dim)?;
            if classes > 0 {
                set = set.with_logits(logits, classes)?;
            }
            if let Some(labels) = labels {
                set = set.with_labels(labels)?;
            }
            if let Some(groups) = groups {
                set = set.with_groups(groups)?;
            }
            if let Some(ids) = ids {
                set = set.with_ids(ids)?;
            }
            Ok(set)
        };
        build().expect("columns were made with the same rows")
    }
}

fn read_by(source: &dyn Source, rows_at_once: usize) -> Chunk {
    let mut reader = source.reader().unwrap();
    let (mut all, mut chunk) = (Chunk::default(), Chunk::default());
    loop {
        reader.read(&mut chunk, rows_at_once).unwrap();
        assert_eq!(chunk.first_row, all.rows as u64);
        if chunk.rows == 0 {
            return all;
        }
        assert!(
            chunk.rows == rows_at_once || all.rows + chunk.rows == source.schema().rows as usize
        );
        all.features.to_fill().extend_from_slice(&chunk.features);
        all.logits.to_fill().extend_from_slice(&chunk.logits);
        all.labels.extend(&chunk.labels);
        extend(&mut all.groups, &chunk.groups);
        extend(&mut all.ids, &chunk.ids);
        all.rows += chunk.rows;
    }
}

fn read_from(source: &dyn Source, skipped: u64) -> Chunk {
    let mut reader = source.reader().unwrap();
    let mut chunk = Chunk::default();
    reader.skip(skipped).unwrap();
    reader.read(&mut chunk, usize::MAX).unwrap();
    chunk
}

fn extend(to: &mut KeyColumn, from: &KeyColumn) {
    match (&mut *to, from) {
        (KeyColumn::Int(to), KeyColumn::Int(from)) => to.extend(from),
        (KeyColumn::Text(to), KeyColumn::Text(from)) => to.extend(from.iter().cloned()),
        _ => *to = from.clone(),
    }
}

fn open(path: &Path) -> FeatureSet {
    FeatureSet::open(path.to_str().unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn file(folder: &tempfile::TempDir, name: &str, format: Format) -> PathBuf {
    folder.path().join(format!("{name}.{format}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read_by_chunks_of_any_size(set in sets(), rows_at_once in 1usize..50) {
        let folder = tempfile::tempdir().unwrap();
        for (format, floats) in formats() {
            for float in floats {
                let path = file(&folder, "set", format);
                write_features(&set, &path, format, Precision::uniform(float)).unwrap();
                let stored = open(&path);
                prop_assert_eq!(stored.schema(), set.schema());
                let read = read_by(&stored, rows_at_once);
                let expected = set.rows();
                let features: Vec<f32> = expected.features.iter().map(|&x| rounded(x, float)).collect();
                let logits: Vec<f32> = expected.logits.iter().map(|&x| rounded(x, float)).collect();
                prop_assert_eq!(&read.features, &features, "{} {}", format, float);
                prop_assert_eq!(&read.logits, &logits);
                prop_assert_eq!(&read.labels, &expected.labels);
                if set.schema().groups {
                    prop_assert_eq!(&read.groups, &expected.groups, "{}", format);
                }
                if set.schema().ids {
                    prop_assert_eq!(&read.ids, &expected.ids, "{}", format);
                }
            }
        }
    }

    #[test]
    fn shards_read_like_one_file(
        set in sets(),
        cut in 0usize..40,
        rows_at_once in 1usize..50,
        skipped in 0usize..45,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let rows = set.rows().rows;
        let cut = cut.min(rows);
        for (format, _) in formats() {
            let shards = tempfile::tempdir_in(&folder).unwrap();
            // Named so that plain sorting would turn them around.
            for (name, part) in [("part-9", 0..cut), ("part-10", cut..rows)] {
                if part.is_empty() {
                    continue;
                }
                let part = set.select(name, &part.collect::<Vec<_>>()).unwrap();
                write_features(&part, &file(&shards, name, format), format, Precision::default()).unwrap();
            }
            let stored = open(shards.path());
            prop_assert_eq!(stored.schema(), set.schema());
            let read = read_by(&stored, rows_at_once);
            prop_assert_eq!(&read.features, &set.rows().features);
            prop_assert_eq!(&read.labels, &set.rows().labels);
            let tail = read_from(&stored, skipped as u64);
            let skipped = skipped.min(rows);
            prop_assert_eq!(tail.first_row, skipped as u64);
            let dim = set.schema().dim.unwrap_or(0);
            prop_assert_eq!(&tail.features[..], &set.rows().features[skipped * dim..]);
            let other = file(&folder, "joined", Format::Safetensors);
            convert(&stored, &other, None).unwrap();
            prop_assert_eq!(&read_by(&open(&other), rows_at_once).logits, &set.rows().logits);
        }
    }
}

#[test]
fn a_lone_npy_is_features_unless_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let set = MemorySet::new("x")
        .with_logits(vec![1.0, 2.0, 3.0, 4.0], 2)
        .unwrap();
    write_features(&set, &path, Format::Npy, Precision::uniform(FloatType::F16)).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(FeatureSet::open(path).unwrap().schema().dim, Some(2));
    let named = FeatureSet::open(&format!("{path}:logits")).unwrap();
    assert_eq!(
        (named.schema().dim, named.schema().classes),
        (None, Some(2))
    );
    assert_eq!(read_by(&named, 1).logits, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn converting_keeps_the_type_that_the_target_can_hold() {
    let folder = tempfile::tempdir().unwrap();
    let set = MemorySet::new("x")
        .with_features(vec![1.5, 2.5], 1)
        .unwrap();
    for (stored, format, kept) in [
        (FloatType::F16, Format::Npz, FloatType::F16),
        (FloatType::Bf16, Format::Safetensors, FloatType::Bf16),
        (FloatType::Bf16, Format::Npy, FloatType::F32),
        (FloatType::F64, Format::Npy, FloatType::F32),
    ] {
        let from = file(&folder, "from", Format::Safetensors);
        let to = file(&folder, "to", format);
        write_features(&set, &from, Format::Safetensors, Precision::uniform(stored)).unwrap();
        assert_eq!(convert(&open(&from), &to, None).unwrap().features, kept);
        assert_eq!(read_by(&open(&to), 7).features, [1.5, 2.5]);
    }
}
