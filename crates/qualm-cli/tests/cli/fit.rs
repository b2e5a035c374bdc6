//! Fitting: equal bytes, sources of references, warnings.

use crate::desk::{Desk, says};
use crate::made;

const FIT: &str = "fit --train train.npz --head head.npz --methods vim,mahalanobis,knn(k=5),energy";

#[test]
fn equal_fits_give_equal_bytes_for_any_number_of_threads() {
    let desk = Desk::with_sets();
    // More rows than a block and a chunk have.
    made::write(&desk, &made::usual(20_000, 9), "train.npz");
    desk.ok(&format!("{FIT} -o first"));
    for (name, threads) in [
        ("again", ""),
        ("one", "--threads 1"),
        ("seven", "--threads 7"),
    ] {
        desk.ok(&format!("{FIT} {threads} -o {name}"));
        assert!(desk.bytes(name) == desk.bytes("first"), "{name}");
    }
    desk.ok(&format!("{FIT} --seed 7 -o other"));
    assert!(desk.bytes("other") != desk.bytes("first"));
}

#[test]
fn formats_and_shards_of_one_set_give_equal_bytes() {
    let desk = Desk::with_sets();
    desk.ok(&format!("{FIT} -o model"));
    std::fs::create_dir(desk.path("parts")).unwrap();
    let train = made::usual(600, 1);
    // Natural order: part-10 comes after part-2.
    for (name, rows) in [
        ("part-1.npz", 0..100),
        ("part-2.npz", 100..350),
        ("part-10.npz", 350..600),
    ] {
        let rows: Vec<usize> = rows.collect();
        let part = train.select("part", &rows).unwrap();
        made::write(&desk, &part, &format!("parts/{name}"));
    }
    made::write(&desk, &train, "train.safetensors");
    let mut sets = vec!["train.safetensors", "parts", "parts/*.npz"];
    if cfg!(feature = "parquet") {
        made::write(&desk, &train, "train.parquet");
        sets.push("train.parquet");
    }
    for set in sets {
        desk.ok(&format!(
            "fit --train {set} --head head.npz --methods vim,mahalanobis,knn(k=5),energy -o other"
        ));
        assert!(desk.bytes("other") == desk.bytes("model"), "{set}");
    }
}

#[test]
fn a_held_back_reference_comes_with_its_caveat() {
    let desk = Desk::with_sets();
    let ran = desk.ok(&format!("{FIT} -o model"));
    says(
        &ran.stderr,
        &["note: the reference is held back", "--reference"],
    );
    says(
        &ran.stderr,
        &["fitted vim, mahalanobis, knn, energy on", "wrote model"],
    );

    let ran = desk.ok(&format!("{FIT} --reference val.npz -o model"));
    assert!(!ran.stderr.contains("held back"), "{}", ran.stderr);
    says(
        &ran.stderr,
        &["on 600 rows in 2 passes, 200 reference rows"],
    );

    let ran = desk.ok(&format!("{FIT} --hold-back 0 -o model"));
    says(&ran.stderr, &["on 600 rows", "0 reference rows"]);
}

#[test]
fn rows_with_a_negative_label_are_passed_over() {
    let desk = Desk::with_sets();
    let usual = made::usual(600, 1);
    let labels = usual.rows().labels.iter().enumerate();
    let labels = labels.map(|(row, label)| if row < 60 { -1 } else { *label });
    let some = usual.clone().with_labels(labels.collect()).unwrap();
    made::write(&desk, &some, "train.npz");
    let ran = desk.ok(&format!("{FIT} --hold-back 0 -o model"));
    says(&ran.stderr, &["on 540 rows"]);
}

#[test]
fn arrays_of_other_names_are_found_and_left_out() {
    let desk = Desk::with_sets();
    desk.ok(&format!("{FIT} -o model"));
    // A safetensors file whose arrays have other names.
    let rows = made::usual(600, 1);
    made::write(&desk, &rows, "a.safetensors");
    let renamed = replace(
        &desk.bytes("a.safetensors"),
        b"\"features\"",
        b"\"penultim\"",
    );
    desk.put(
        "b.safetensors",
        replace(&renamed, b"\"labels\"", b"\"target\""),
    );
    desk.ok(
        "fit --train b.safetensors:features=penultim,labels=target --head head.npz \
         --methods vim,mahalanobis,knn(k=5),energy -o other",
    );
    assert!(desk.bytes("other") == desk.bytes("model"));

    let error = desk
        .refuses("fit --train train.npz:labels= --head head.npz --methods mahalanobis -o model");
    says(&error, &["mahalanobis: needs labels", "train.npz"]);
}

/// `bytes` with the one place where `old` stands replaced by `new`, of equal length.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let at = bytes
        .windows(old.len())
        .position(|window| window == old)
        .unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + old.len()].copy_from_slice(new);
    bytes
}

/// The fit ran first, and only then the folder turned out not to be there.
#[test]
fn an_output_that_cannot_be_written_was_found_out_after_the_work() {
    let desk = Desk::with_sets();
    std::fs::create_dir(desk.path("folder")).unwrap();
    for output in ["no/such/folder/model", "folder"] {
        let ran = desk.run(&format!("{FIT} -o {output}"));
        assert_eq!(ran.code, Some(2));
        says(&ran.error(), &[output, "create failed"]);
        // Nothing else was said: no warning and no note of the fit.
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}
