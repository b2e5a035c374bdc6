//! Every kind of bad input is one sentence that names the file and what to do.

use std::fs;
use std::io::Write;
use std::path::Path;

use qualm_data::{
    Chunk, DataError, FeatureSet, FloatType, Format, Head, MemorySet, Precision, Source,
    write_features,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Opens and reads everything, or says what is wrong with it.
fn refusal(opened: Result<FeatureSet, DataError>) -> String {
    let read = |set: FeatureSet| -> Result<(), DataError> {
        let mut chunk = Chunk::default();
        let mut reader = set.reader()?;
        loop {
            reader.read(&mut chunk, 2)?;
            if chunk.rows == 0 {
                return Ok(());
            }
            chunk.check_finite(set.name(), set.schema())?;
        }
    };
    let message = opened
        .and_then(read)
        .expect_err("this is bad input")
        .to_string();
    assert!(!message.contains('\n'), "more than one line: {message}");
    assert!(message.len() < 400, "more than a sentence: {message}");
    message
}

fn of_bytes(bytes: Vec<u8>) -> String {
    let message = refusal(FeatureSet::from_bytes("made.bin", bytes));
    assert!(
        message.starts_with("made.bin"),
        "does not name the file: {message}"
    );
    message
}

fn corpus(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    fs::read(folder.join(name)).unwrap()
}

#[track_caller]
fn says(message: &str, words: &str) {
    assert!(message.contains(words), "`{words}` is not in: {message}");
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn npy_of(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    npy(
        &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"),
        data,
    )
}

fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn empty_and_foreign_files() {
    says(&of_bytes(vec![]), "empty");
    says(
        &of_bytes(b"id,score\n1,2\n".to_vec()),
        "neither safetensors",
    );
    says(&of_bytes(vec![0; 100]), "neither safetensors");
}

#[test]
fn safetensors_whose_header_lies() {
    let whole = corpus("f16.safetensors");
    says(&of_bytes(whole[..100].to_vec()), "header claims");
    says(&of_bytes(whole[..whole.len() - 1].to_vec()), "cut short");
    let mut larger = whole.clone();
    larger[..8].copy_from_slice(&(1u64 << 40).to_le_bytes());
    says(&of_bytes(larger), "header claims 1099511627776 bytes");
    says(&of_bytes(safetensors("{nonsense", 0)), "header is damaged");

    let beyond = r#"{"features":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    says(&of_bytes(safetensors(beyond, 12)), "promises 16 bytes");
    let overlap = r#"{"features":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"labels":{"dtype":"I64","shape":[2],"data_offsets":[8,24]}}"#;
    says(&of_bytes(safetensors(overlap, 24)), "offset");
    let absurd = r#"{"features":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,16]}}"#;
    says(&of_bytes(safetensors(absurd, 16)), "damaged");
}

#[test]
fn npy_whose_header_lies() {
    says(
        &of_bytes(corpus("features.npy")[..30].to_vec()),
        "header is cut short",
    );
    says(
        &of_bytes(corpus("features.npy")[..150].to_vec()),
        "cut short",
    );
    says(&of_bytes(npy("{'descr': <f4}", &[])), "header is damaged");
    let absurd = "(4294967296, 4294967296, 4294967296)";
    says(
        &of_bytes(npy_of("<f4", absurd, &[0; 16])),
        "promises more than 2^64 bytes",
    );
    says(
        &of_bytes(npy_of("<f4", "(1000000000, 2048)", &[0; 16])),
        "promises 8192000000000 bytes",
    );
    says(
        &of_bytes(npy_of("<f4", "(0, 99999999999)", &[])),
        "99999999999 columns",
    );
    says(&of_bytes(npy_of("<f4", "(3, 0)", &[])), "no columns");
    let mut version = corpus("features.npy");
    version[6] = 9;
    says(&of_bytes(version), "version 9");
    let mut long = corpus("version2.npy");
    long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    says(&of_bytes(long), "header claims 4294967295 bytes");
}

#[test]
fn arrays_of_the_wrong_kind_say_how_to_mend_them() {
    says(&of_bytes(corpus("fortran.npy")), "numpy.ascontiguousarray");
    says(&of_bytes(corpus("pooled_not.npz")), "pool it");
    says(&of_bytes(corpus("pickled.npy")), "pickled objects");
    says(&of_bytes(corpus("bool_labels.npz")), "store integers");
    says(
        &of_bytes(corpus("one_row_short.npz")),
        "has 4 rows where `features` has 5",
    );
    says(&of_bytes(corpus("huge_label.npz")), "row 3 of `labels`");
    says(&of_bytes(npy_of("<f4", "(4,)", &[0; 16])), "reshape it");
    says(&of_bytes(npy_of("<i4", "(2, 2)", &[0; 16])), "holds i32");
    let surrogate = npy_of("<U1", "(1,)", &0xd800u32.to_le_bytes());
    let features = npy_of("<f4", "(1, 1)", &[0; 4]);
    says(
        &of_bytes(npz(&[("features.npy", features), ("ids.npy", surrogate)])),
        "row 0 of `ids` holds text that is not Unicode",
    );
}

#[test]
fn archives_that_are_damaged_or_promise_too_much() {
    let whole = corpus("deflated.npz");
    says(
        &of_bytes(whole[..whole.len() / 2].to_vec()),
        "damaged or cut short",
    );
    says(&of_bytes(corpus("bzip2.npz")), "numpy.savez");
    let mut flipped = corpus("stored.npz");
    let header = flipped
        .windows(6)
        .position(|bytes| bytes == b"\x93NUMPY")
        .unwrap();
    flipped[header + 140] ^= 1;
    says(&of_bytes(flipped), "checksum");

    // The archive's directory says how large a member is; here it says 4 GB.
    let mut bomb = npz(&[("features.npy", npy_of("<f4", "(2, 2)", &[0; 16]))]);
    let directory = bomb
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    bomb[directory + 24..directory + 28].copy_from_slice(&0xfff0_0000u32.to_le_bytes());
    says(&of_bytes(bomb), "which cannot be");
}

#[test]
fn a_missing_array_lists_those_that_are_there() {
    let message = refusal(FeatureSet::from_bytes(
        "made.npz:features=penultimate",
        corpus("stored.npz"),
    ));
    says(&message, "no array named `penultimate`");
    says(&message, "logits f16 [5, 2]");
    says(&of_bytes(corpus("head.npz")), "weight f64 [2, 3]");
}

#[test]
fn a_number_that_is_not_finite_is_named_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.npz");
    let mut values = vec![1.0; 60];
    values[17 * 3 + 1] = f32::NAN;
    let rows = MemorySet::new("rows").with_features(values, 3).unwrap();
    write_features(&rows, &path, Format::Npz, Precision::default()).unwrap();
    let message = refusal(FeatureSet::open(path.to_str().unwrap()));
    says(&message, "row 17 holds NaN in `features` column 1");
    let large = npy_of("<f8", "(1, 1)", &1e300f64.to_le_bytes());
    says(&of_bytes(large), "row 0 holds inf");
}

#[test]
fn a_file_that_shrinks_or_changes_between_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    fs::write(&path, npy_of("<f4", "(1000, 1000)", &vec![0; 4_000_000])).unwrap();
    let set = FeatureSet::open(path.to_str().unwrap()).unwrap();

    let mut reader = set.reader().unwrap();
    let mut chunk = Chunk::default();
    reader.read(&mut chunk, 10).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1_000_000)
        .unwrap();
    let message = reader.read(&mut chunk, 990).unwrap_err().to_string();
    says(&message, "cut short");
    says(&message, "x.npy");
    let again = set.reader().unwrap().read(&mut chunk, 10).unwrap_err();
    says(&again.to_string(), "changed while it was in use");
}

#[test]
fn paths_that_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let open = |spec: &str| {
        let message = refusal(FeatureSet::open(spec));
        says(&message, path);
        message
    };
    says(&open(&format!("{path}/none.npz")), "open failed");
    says(&open(path), "holds no .safetensors");
    says(&open(&format!("{path}/*.npz")), "no file matches");
    says(
        &open(&format!("{path}/a.npz:feature=x")),
        "renames no array",
    );
    assert!(Head::open(path).is_err());
}

#[test]
fn shards_that_do_not_fit_together_name_the_odd_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("part-1.npy"),
        npy_of("<f4", "(1, 2)", &[0; 8]),
    )
    .unwrap();
    fs::write(
        folder.path().join("part-2.npy"),
        npy_of("<f4", "(1, 3)", &[0; 12]),
    )
    .unwrap();
    let message = refusal(FeatureSet::open(folder.path().to_str().unwrap()));
    says(&message, "part-2.npy: has features of width 3");
    says(&message, "features of width 2");
}

#[test]
fn heads_that_are_none() {
    let head = |weight: Vec<u8>, bias: Vec<u8>| {
        let bytes = npz(&[("weight.npy", weight), ("bias.npy", bias)]);
        Head::from_bytes("made.npz", bytes).unwrap_err().to_string()
    };
    let two_by_three = npy_of("<f4", "(2, 3)", &[0; 24]);
    let three = npy_of("<f4", "(3,)", &[0; 12]);
    let four = npy_of("<f4", "(4,)", &[0; 16]);
    says(&head(two_by_three.clone(), three), "transposed");
    says(&head(two_by_three.clone(), four), "from the same layer");
    let infinite = npy_of("<f2", "(2,)", &[0, 0, 0, 0x7c]);
    says(
        &head(two_by_three.clone(), infinite),
        "row 1 holds inf in `bias`",
    );

    let alone = npz(&[("weight.npy", two_by_three.clone())]);
    let message = Head::from_bytes("made.npz", alone).unwrap_err().to_string();
    says(&message, "needs an array of zeros");
    let message = Head::from_bytes("made.npy", two_by_three)
        .unwrap_err()
        .to_string();
    says(&message, "weight and bias");
    let message = Head::from_bytes("x.npz", corpus("renamed_head.npz"))
        .unwrap_err()
        .to_string();
    says(&message, "fc.weight f32 [2, 3]");
}

#[cfg(feature = "parquet")]
#[test]
fn tables_that_hold_no_matrix() {
    says(&of_bytes(corpus("zstd.parquet")), "compressed with ZSTD");
    says(
        &of_bytes(corpus("ragged.parquet")),
        "row 2 of `features` has 1 numbers",
    );
    says(
        &of_bytes(corpus("null_row.parquet")),
        "row 1 of `features` is null",
    );
    says(
        &of_bytes(corpus("null_item.parquet")),
        "row 2 of `features` is null in column 1",
    );
    says(
        &of_bytes(corpus("null_label.parquet")),
        "row 1 of `labels` is null",
    );
    let whole = corpus("snappy.parquet");
    says(
        &of_bytes(whole[..whole.len() / 2].to_vec()),
        "damaged or cut short",
    );
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_a_table_says_which_one_is_missing() {
    says(
        &of_bytes(corpus("snappy.parquet")),
        "cargo feature `parquet`",
    );
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    fs::write(&path, "old").unwrap();
    let rows = MemorySet::new("rows").with_features(vec![1e30], 1).unwrap();
    let half = Precision::uniform(FloatType::F16);
    let error = write_features(&rows, &path, Format::Npz, half).unwrap_err();
    says(
        &error.to_string(),
        "row 0 holds 1e30 in `features` column 0, too large for f16",
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
