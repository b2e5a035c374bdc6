//! Files that are not what they should be: one sentence that names them and says what to do.

use std::collections::BTreeMap;

use qualm_data::MemorySet;

use crate::desk::{Desk, says};
use crate::made;

/// What each verb that takes a set says of `set`; they agree, so one answer comes back.
fn refused(desk: &Desk, set: &str) -> String {
    desk.put("old", "the old output");
    let verbs = [
        format!("fit --train {set} --head head.npz -o old"),
        format!("fit --train train.npz --head head.npz --reference {set} -o old"),
        format!("score model.qualm {set} -o old --format csv"),
        format!("calibrate model.qualm {set} -o old"),
        format!("explain model.qualm {set} --row 0"),
        format!("bench --train train.npz --head head.npz --test {set} --ood odd=odd.npz --csv old"),
        format!("bench --train train.npz --head head.npz --test val.npz --ood odd={set} --csv old"),
        format!("check {set} --head head.npz"),
    ];
    let said: BTreeMap<String, String> = verbs
        .into_iter()
        .map(|verb| (desk.refuses(&verb), verb))
        .collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    said.into_keys().next().unwrap()
}

#[test]
fn files_that_are_not_there() {
    let desk = Desk::with_model();
    says(
        &refused(&desk, "nowhere.npz"),
        &["nowhere.npz: open failed: No such file"],
    );
    says(
        &refused(&desk, "train.npz/inside"),
        &["train.npz/inside: open failed"],
    );
    std::fs::create_dir(desk.path("empty")).unwrap();
    says(
        &refused(&desk, "empty"),
        &["empty: the directory holds no .safetensors"],
    );
    says(
        &refused(&desk, "nowhere-*.npz"),
        &["nowhere-*.npz: no file matches"],
    );
    for (line, name) in [
        (
            "fit --train train.npz --head nowhere.npz -o model",
            "nowhere.npz",
        ),
        ("score nowhere.qualm new.npz", "nowhere.qualm"),
        ("calibrate nowhere.qualm new.npz -o other", "nowhere.qualm"),
        ("inspect nowhere.npz", "nowhere.npz"),
        ("convert nowhere.npz a.npz", "nowhere.npz"),
        ("head fit nowhere.npz -o a.npz", "nowhere.npz"),
        ("merge nowhere -o plan", "nowhere"),
    ] {
        says(&desk.refuses(line), &[name, "No such file"]);
    }
}

#[cfg(unix)]
#[test]
fn files_that_must_not_be_read() {
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    let desk = Desk::with_model();
    symlink(desk.path("loop.npz"), desk.path("loop.npz")).unwrap();
    says(
        &refused(&desk, "loop.npz"),
        &["loop.npz: open failed: Too many levels"],
    );
    desk.put("locked.npz", desk.bytes("new.npz"));
    std::fs::set_permissions(desk.path("locked.npz"), Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    if File::open(desk.path("locked.npz")).is_err() {
        says(
            &refused(&desk, "locked.npz"),
            &["locked.npz: open failed: Permission denied"],
        );
    }
}

#[test]
fn files_that_are_empty_or_something_else() {
    let desk = Desk::with_model();
    for name in [
        "empty.npz",
        "empty.npy",
        "empty.safetensors",
        "empty.parquet",
    ] {
        desk.put(name, "");
        says(&refused(&desk, name), &[name, ": the file is empty"]);
    }
    desk.put("table.npz", "id,x,y\n0,0.5,1.5\n");
    says(
        &refused(&desk, "table.npz"),
        &["table.npz: neither safetensors, npy, npz nor Parquet"],
    );
    let error = desk.refuses_with("score model.qualm -", Vec::new());
    says(&error, &["standard input", "empty"]);
    let error = desk.refuses_with("score model.qualm -", b"no features".to_vec());
    says(&error, &["standard input: neither safetensors"]);
}

#[test]
fn files_that_are_cut_short_anywhere() {
    let desk = Desk::with_model();
    desk.ok("convert new.npz:labels= new.npy");
    desk.ok("convert new.npz new.safetensors");
    let mut names = vec!["new.npz", "new.npy", "new.safetensors"];
    if cfg!(feature = "parquet") {
        desk.ok("convert new.npz new.parquet");
        names.push("new.parquet");
    }
    for name in names {
        let whole = desk.bytes(name);
        // Inside the magic number, the header, the rows, and at the last byte.
        for length in [3, 40, whole.len() / 2, whole.len() - 1] {
            let cut = format!("cut-{name}");
            desk.put(&cut, &whole[..length]);
            let error = refused(&desk, &cut);
            assert!(error.starts_with(&format!("{cut}: ")), "{error}");
            assert!(
                ["cut short", "neither safetensors"]
                    .iter()
                    .any(|word| error.contains(word)),
                "{name} of {length} bytes: {error}"
            );
            let piped = desk.refuses_with("score model.qualm -", whole[..length].to_vec());
            assert!(piped.starts_with("standard input: "), "{piped}");
        }
    }
}

#[test]
fn headers_that_promise_more_than_the_file_holds() {
    let desk = Desk::with_model();
    let mut bytes = (1_u64 << 50).to_le_bytes().to_vec();
    bytes.extend(b"{}");
    desk.put("huge.safetensors", &bytes);
    says(
        &refused(&desk, "huge.safetensors"),
        &["huge.safetensors", "header claims"],
    );

    let header =
        br#"{"features":{"dtype":"F32","shape":[4000000000,4000000000],"data_offsets":[0,64]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([0; 64]);
    desk.put("large.safetensors", &bytes);
    says(
        &refused(&desk, "large.safetensors"),
        &["large.safetensors", "header is damaged"],
    );

    let mut header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 8), }".to_vec();
    header.resize(118 - 1, b' ');
    header.push(b'\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header);
    bytes.extend([0; 64]);
    desk.put("large.npy", &bytes);
    says(
        &refused(&desk, "large.npy"),
        &["large.npy", "promises", "64 follow"],
    );
}

#[test]
fn arrays_that_are_missing() {
    let desk = Desk::with_model();
    let error = refused(&desk, "new.npz:features=penultimate");
    says(&error, &["new.npz", "no array named `penultimate`"]);
    says(
        &error,
        &["the file holds features f32 [100, 8], labels i64 [100]"],
    );
    says(
        &refused(&desk, "head.npz"),
        &["no array named `features`", "weight", "bias", "rename"],
    );
    let error = refused(&desk, "new.npz:feature=penultimate");
    says(&error, &["feature=penultimate", "features, logits, labels"]);
}

#[test]
fn rows_without_features() {
    let desk = Desk::with_model();
    let logits = MemorySet::new("logits")
        .with_logits(vec![0.5; 30], 3)
        .unwrap();
    made::write(&desk, &logits, "logits.npz");
    desk.put("old", "the old output");
    for line in [
        "score model.qualm logits.npz -o old --format csv",
        "calibrate model.qualm logits.npz -o old",
        "fit --train logits.npz --head head.npz -o old",
    ] {
        says(&desk.refuses(line), &["logits.npz", "features"]);
    }
}

#[test]
fn rows_of_another_width() {
    let desk = Desk::with_model();
    let wide = MemorySet::new("wide")
        .with_features(vec![0.5; 120], 12)
        .unwrap();
    made::write(&desk, &wide, "wide.npz");
    desk.put("old", "the old output");
    for line in [
        "score model.qualm wide.npz -o old --format csv",
        "score model.qualm wide.npz",
        "calibrate model.qualm wide.npz -o old",
        "explain model.qualm wide.npz --row 0",
        "fit --train wide.npz --head head.npz -o old",
        "fit --train train.npz --head head.npz --reference wide.npz -o old",
        "bench --train train.npz --head head.npz --test val.npz --ood wide=wide.npz --csv old",
    ] {
        says(&desk.refuses(line), &["wide.npz", "12", "8"]);
    }
    // Shards of different widths are no set.
    std::fs::create_dir(desk.path("parts")).unwrap();
    desk.put("parts/1.npz", desk.bytes("new.npz"));
    desk.put("parts/2.npz", desk.bytes("wide.npz"));
    says(
        &refused(&desk, "parts"),
        &["2.npz", "12", "the first shard of parts", "same columns"],
    );
}

#[test]
fn labels_that_name_no_class() {
    let desk = Desk::with_model();
    let mut labels = made::usual(600, 1).rows().labels.clone();
    labels[17] = 3;
    let train = made::usual(600, 1).with_labels(labels).unwrap();
    made::write(&desk, &train, "odd.npz");
    for line in [
        "fit --train odd.npz --head head.npz --methods vim -o out",
        "fit --train odd.npz --head head.npz --methods mahalanobis -o out",
        "fit --train train.npz --head head.npz --reference odd.npz -o out",
        "calibrate model.qualm odd.npz -o out",
        "bench --train train.npz --head head.npz --reference odd.npz --test val.npz --ood x=odd.npz",
        "bench --train train.npz --head head.npz --test odd.npz --ood x=val.npz",
        "check odd.npz --head head.npz",
    ] {
        says(
            &desk.refuses(line),
            &["odd.npz: row 17: label 3 is out of range: there are 3 classes"],
        );
    }
    // Where labels do not tell classes they may be anything, and a negative one always says that
    // a row is out of distribution.
    desk.ok("score model.qualm odd.npz -o out --format csv");
    let outliers = vec![-3; 600];
    let train = made::usual(600, 1).with_labels(outliers).unwrap();
    made::write(&desk, &train, "outliers.npz");
    says(
        desk.ok("check outliers.npz --head head.npz").text(),
        &["0 of them labelled"],
    );
}

#[test]
fn numbers_that_are_not_finite_are_named_by_their_row() {
    let desk = Desk::with_model();
    for (value, word) in [(f32::NAN, "NaN"), (f32::NEG_INFINITY, "-inf")] {
        let mut features = made::usual(600, 1).rows().features.to_vec();
        features[17 * made::DIM + 5] = value;
        let rows = MemorySet::new("odd")
            .with_features(features, made::DIM)
            .unwrap();
        made::write(&desk, &rows, "bad.npz");
        desk.put("old", "the old output");
        let column = format!("bad.npz: row 17 holds {word} in `features` column 5");
        for line in [
            "fit --train bad.npz --head head.npz -o old",
            "fit --train train.npz --head head.npz --reference bad.npz -o old",
            "score model.qualm bad.npz -o old --format csv",
            "score model.qualm bad.npz --format jsonl",
            "calibrate model.qualm bad.npz -o old",
            "explain model.qualm bad.npz --row 17",
            "bench --train train.npz --head head.npz --test val.npz --ood bad=bad.npz --csv old",
            "check bad.npz --head head.npz",
        ] {
            says(&desk.refuses(line), &[&column, "remove the row"]);
        }
    }
    // In the second shard, rows count on.
    std::fs::create_dir(desk.path("parts")).unwrap();
    desk.ok("convert val.npz:labels= parts/1.npz");
    desk.ok("convert bad.npz parts/2.npz");
    let error = desk.refuses("score model.qualm parts -o old --format csv");
    says(&error, &["parts: row 217 holds -inf"]);
}
