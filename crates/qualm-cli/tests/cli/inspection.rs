//! Looking: inspect, explain, convert, methods.

use qualm_data::{KeyColumn, MemorySet};

use crate::desk::{Desk, says};
use crate::made;

#[test]
fn inspect_shows_arrays_labels_and_norms() {
    let desk = Desk::with_sets();
    let ran = desk.ok("inspect train.npz");
    says(
        ran.text(),
        &["features", "f32", "600 x 8", "3 labels", "mean row norm"],
    );
    says(ran.text(), &["All features are finite."]);
    let json = desk.ok("inspect train.npz --json").json();
    assert_eq!(json["set"]["labels"]["rows_by_label"]["2"], 200);
    assert_eq!(json["set"]["features"]["not_finite_rows"], 0);
    assert_eq!(
        json["files"][0]["arrays"][0]["shape"],
        serde_json::json!([600, 8])
    );

    let piped = desk.run_with("inspect - --json", desk.bytes("train.npz"));
    assert_eq!(piped.json()["set"], json["set"]);
}

#[test]
fn inspect_knows_a_head() {
    let desk = Desk::with_sets();
    let ran = desk.ok("inspect head.npz");
    says(
        ran.text(),
        &[
            "weight",
            "3 x 8",
            "A head: 3 classes from features of width 8",
        ],
    );
    let json = desk.ok("inspect head.npz --json").json();
    assert_eq!(json["head"], serde_json::json!({ "classes": 3, "dim": 8 }));
    assert!(json["set"].is_null());
}

#[test]
fn inspect_knows_a_bundle() {
    let desk = Desk::with_model();
    let ran = desk.ok("inspect model.qualm");
    says(
        ran.text(),
        &["A bundle: ", "fitted on", "detector/vim/alpha"],
    );
    let json = desk.ok("inspect model.qualm --json").json();
    assert_eq!(json["bundle"]["detectors"][0]["name"], "vim");
    assert!(json["bundle"]["detectors"][0]["note"].is_null());
    let mut bytes = desk.bytes("model.qualm");
    let at = bytes
        .windows(5)
        .position(|text| text == b"\"vim\\")
        .unwrap();
    bytes[at + 1] = b'w';
    desk.put("model.qualm", bytes);
    says(
        desk.ok("inspect model.qualm").text(),
        &["No bundle: model.qualm"],
    );
}

#[cfg(feature = "hnsw")]
#[test]
fn recall_is_told_and_kept() {
    let desk = Desk::with_sets();
    let line = "fit --train train.npz --hold-back 0 --methods knn(k=5,index=hnsw) -o model.qualm";
    says(
        &desk.ok(line).stderr,
        &["knn: its graph finds 100.00 % of the 5 nearest"],
    );
    says(
        desk.ok("inspect model.qualm").text(),
        &["its graph finds", "100.00"],
    );
}

#[test]
fn inspect_finds_rows_that_are_not_finite_and_columns_that_are_constant() {
    let desk = Desk::new();
    let mut numbers: Vec<f32> = (0..40).map(|i| (i % 7) as f32).collect();
    numbers[17] = f32::NAN;
    numbers[31] = f32::INFINITY;
    let rows = numbers.chunks(2).flat_map(|pair| [pair[0], pair[1], 5.0]);
    let set = MemorySet::new("odd")
        .with_features(rows.collect(), 3)
        .unwrap();
    let set = set
        .with_labels((0..20).map(|i| i % 2 - 1).collect())
        .unwrap();
    made::write(&desk, &set, "odd.npz");
    let ran = desk.ok("inspect odd.npz");
    says(
        ran.text(),
        &[
            "2 rows of features hold NaN or infinity",
            "8, 15",
            "10 rows out of",
        ],
    );
    let json = desk.ok("inspect odd.npz --json").json();
    let features = &json["set"]["features"];
    assert_eq!(features["first_not_finite"], serde_json::json!([8, 15]));
    assert_eq!(features["constant_columns"], serde_json::json!([2]));
    assert_eq!(json["set"]["labels"]["negative_rows"], 10);
}

#[test]
fn explain_takes_a_score_apart() {
    let desk = Desk::with_model();
    let ran = desk.ok("explain model.qualm odd.npz --row 7");
    says(
        ran.text(),
        &[
            "Row 7",
            "predicts class 1",
            "virtual logit",
            "minus energy",
            "Nearest",
        ],
    );
    let json = desk.ok("explain model.qualm odd.npz --row 7 --json").json();
    let scored = desk.ok("score model.qualm odd.npz --format jsonl");
    let scored: serde_json::Value =
        serde_json::from_str(scored.text().lines().nth(7).unwrap()).unwrap();
    for detector in json["detectors"].as_array().unwrap() {
        let name = detector["name"].as_str().unwrap();
        assert_eq!(detector["p_value"], scored[format!("{name}.p")], "{name}");
        let score = scored[format!("{name}.score")].as_f64().unwrap();
        // Products over one row and over many may round differently in f32.
        let close = |x: f64| (x - score).abs() <= 1e-6 * score.abs();
        assert!(close(detector["score"].as_f64().unwrap()), "{name}");
        let terms = detector["terms"].as_array().unwrap().iter();
        assert!(
            close(terms.map(|term| term[1].as_f64().unwrap()).sum()),
            "{name}"
        );
    }
    let error = desk.refuses("explain model.qualm odd.npz --row 80");
    says(
        &error,
        &["odd.npz", "80 rows", "numbered from 0", "no row 80"],
    );
}

#[test]
fn converting_there_and_back_changes_nothing() {
    let desk = Desk::new();
    let rows = made::usual(50, 1);
    let ids = (0..50).map(|row| format!("input {row}")).collect();
    let rows = rows
        .with_ids(KeyColumn::Text(ids))
        .and_then(|rows| rows.with_groups(KeyColumn::Int((0..50).map(|row| row / 2).collect())))
        .unwrap();
    made::write(&desk, &rows, "a.npz");
    let mut formats = vec!["npz", "safetensors"];
    if cfg!(feature = "parquet") {
        formats.push("parquet");
    }
    for (format, next) in formats.iter().zip(formats.iter().cycle().skip(1)) {
        let ran = desk.ok(&format!("convert a.{format} a.{next}"));
        says(&ran.stderr, &["50 rows", &format!("wrote a.{next}")]);
        desk.ok(&format!("convert a.{next} back.{format}"));
        assert!(desk.bytes(&format!("back.{format}")) == desk.bytes(&format!("a.{format}")));
    }
    // One array makes an npy, more do not.
    let error = desk.refuses("convert a.npz a.npy");
    says(&error, &["a.npy", "one array"]);
    desk.ok("convert a.npz:labels=,groups=,ids= a.npy");
    desk.ok("convert a.npy b.npz");
    let json = desk.ok("inspect b.npz --json").json();
    assert_eq!(
        json["set"]["arrays"],
        serde_json::json!({ "features": "features" })
    );
}

#[test]
fn converting_to_another_type_rounds_and_refuses_what_it_cannot_hold() {
    let desk = Desk::with_sets();
    desk.ok("convert new.npz half.safetensors --float f16");
    let json = desk.ok("inspect half.safetensors --json").json();
    let arrays = json["files"][0]["arrays"].as_array().unwrap();
    assert!(
        arrays
            .iter()
            .any(|array| array["name"] == "features" && array["type"] == "f16")
    );
    let large = MemorySet::new("large")
        .with_features(vec![1.0, 1e9], 1)
        .unwrap();
    made::write(&desk, &large, "large.npz");
    let error = desk.refuses("convert large.npz new.npz --float f16");
    says(&error, &["large.npz", "row 1", "too large for f16"]);
    let error = desk.refuses("convert new.npz new.txt");
    says(&error, &["new.txt", ".safetensors"]);
}

#[test]
fn methods_are_listed_with_formula_paper_and_inputs() {
    let desk = Desk::new();
    let text = desk.ok("methods");
    let json = desk.ok("methods --json").json();
    for word in [
        "vim",
        "residual",
        "msp",
        "maxlogit",
        "energy",
        "mahalanobis",
        "knn",
    ] {
        says(text.text(), &[word]);
        let listed = json.as_array().unwrap().iter();
        let method = listed
            .clone()
            .find(|method| method["word"] == word)
            .unwrap();
        for field in ["formula", "paper", "inputs"] {
            assert!(
                !method[field].as_str().unwrap().is_empty(),
                "{word}: {field}"
            );
        }
    }
}
