//! Scores in every format, from files and pipes, and the decisions made of them.

use std::collections::BTreeMap;

use qualm_data::KeyColumn;
use serde_json::Value;

use crate::desk::{Desk, says};
use crate::made;

/// The columns of a CSV table of numbers.
pub(crate) type Columns = BTreeMap<String, Vec<f64>>;

/// What `qualm score` prints.
pub(crate) fn scores(desk: &Desk, bundle: &str, set: &str) -> Columns {
    columns(desk.ok(&format!("score {bundle} {set}")).text())
}

fn columns(csv: &str) -> Columns {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut columns = Columns::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), names.len(), "{line}");
        for (name, cell) in names.iter().zip(cells) {
            let number = cell.parse().unwrap();
            columns.entry((*name).to_owned()).or_default().push(number);
        }
    }
    columns
}

#[test]
fn every_format_holds_the_same_numbers() {
    let desk = Desk::with_model();
    let printed = desk.ok("score model.qualm new.npz");
    let csv = columns(printed.text());
    assert_eq!(
        csv.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "id",
            "knn.flag",
            "knn.p",
            "knn.score",
            "msp.flag",
            "msp.p",
            "msp.score",
            "vim.flag",
            "vim.p",
            "vim.score"
        ]
    );
    assert_eq!(csv["id"], (0..100).map(f64::from).collect::<Vec<_>>());
    says(&printed.stderr, &["vim: ", " of 100 rows flagged"]);

    // To a file, by its extension or by name, and to standard output.
    let ran = desk.ok("score model.qualm new.npz -o scores.csv");
    assert_eq!(
        (ran.text(), desk.text("scores.csv").as_str()),
        ("", printed.text())
    );
    says(&ran.stderr, &["wrote scores.csv"]);
    desk.ok("score model.qualm new.npz --format csv -o scores");
    assert_eq!(desk.text("scores"), printed.text());
    assert_eq!(
        desk.ok("score model.qualm new.npz -o -").text(),
        printed.text()
    );

    desk.ok("score model.qualm new.npz -o scores.jsonl");
    let jsonl = desk.ok("score model.qualm new.npz --format jsonl");
    assert_eq!(desk.text("scores.jsonl"), jsonl.text());
    for (row, line) in jsonl.text().lines().enumerate() {
        let object: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(object.len(), csv.len());
        for (name, value) in object {
            let number = value
                .as_f64()
                .unwrap_or_else(|| f64::from(value.as_bool().unwrap()));
            assert_eq!(number, csv[&name][row], "{name} {row}");
        }
    }

    desk.ok("score model.qualm new.npz -o scores.safetensors");
    let ran = desk.ok("score model.qualm new.npz --format safetensors");
    assert!(ran.stdout == desk.bytes("scores.safetensors"));
    let tensors = safetensors::SafeTensors::deserialize(&ran.stdout).unwrap();
    assert_eq!(tensors.len(), csv.len());
    for name in ["vim.score", "knn.p"] {
        let data = tensors.tensor(name).unwrap().data().chunks(8);
        let numbers: Vec<f64> = data
            .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect();
        assert_eq!(numbers, csv[name], "{name}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_the_same_numbers() {
    use arrow_array::RecordBatch;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Float64Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    let desk = Desk::with_model();
    let csv = scores(&desk, "model.qualm", "new.npz");
    desk.ok("score model.qualm new.npz -o scores.parquet");
    let printed = desk.ok("score model.qualm new.npz --format parquet").stdout;
    assert!(printed == desk.bytes("scores.parquet"));
    let file = std::fs::File::open(desk.path("scores.parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    for name in ["vim.score", "vim.p", "msp.score"] {
        let numbers: Vec<f64> = batches
            .iter()
            .flat_map(|batch| {
                let column = batch.column_by_name(name).unwrap();
                column.as_primitive::<Float64Type>().values().to_vec()
            })
            .collect();
        assert_eq!(numbers, csv[name], "{name}");
    }
    let flags: Vec<f64> = batches
        .iter()
        .flat_map(|batch| {
            batch
                .column_by_name("vim.flag")
                .unwrap()
                .as_boolean()
                .iter()
        })
        .map(|flag| f64::from(flag.unwrap()))
        .collect();
    assert_eq!(flags, csv["vim.flag"]);
}

#[test]
fn a_pipe_gives_the_scores_of_the_file() {
    let desk = Desk::with_model();
    let of_file = desk.ok("score model.qualm new.npz");
    desk.ok("convert new.npz:labels= new.npy");
    desk.ok("convert new.npz new.safetensors");
    for name in ["new.npz", "new.npy", "new.safetensors"] {
        let ran = desk.run_with("score model.qualm -", desk.bytes(name));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.text(), of_file.text(), "{name}");
    }
    // A fit reads twice what comes through the pipe once.
    let fit = "--head head.npz --methods vim -o";
    desk.ok(&format!("fit --train train.npz {fit} a"));
    let ran = desk.run_with(&format!("fit --train - {fit} b"), desk.bytes("train.npz"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(desk.bytes("a") == desk.bytes("b"));
}

#[test]
fn ids_come_through_as_they_are() {
    let desk = Desk::with_model();
    let ids = ["plain", "with, comma", "with \"quotes\"", "ünïcödé"].map(str::to_owned);
    let rows = made::usual(4, 3)
        .with_ids(KeyColumn::Text(ids.to_vec()))
        .unwrap();
    made::write(&desk, &rows, "named.npz");
    let ran = desk.ok("score model.qualm named.npz --format jsonl");
    let read: Vec<String> = ran
        .text()
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(read, ids);
    let ran = desk.ok("score model.qualm named.npz");
    says(
        ran.text(),
        &[
            "\nplain,",
            "\n\"with, comma\",",
            "\n\"with \"\"quotes\"\"\",",
            "\nünïcödé,",
        ],
    );
}

#[test]
fn a_new_reference_changes_p_values_and_no_scores() {
    let desk = Desk::with_model();
    let before = scores(&desk, "model.qualm", "new.npz");
    let ran = desk.ok("calibrate model.qualm new.npz -o other.qualm");
    says(&ran.stderr, &["100 reference rows", "wrote other.qualm"]);
    let after = scores(&desk, "other.qualm", "new.npz");
    for name in ["vim", "knn", "msp"] {
        assert_eq!(
            before[&format!("{name}.score")],
            after[&format!("{name}.score")]
        );
        assert_ne!(before[&format!("{name}.p")], after[&format!("{name}.p")]);
    }
    // The bundle may be its own output; back with the first reference it is the first bundle.
    desk.ok("calibrate other.qualm val.npz -o other.qualm");
    assert!(desk.bytes("other.qualm") == desk.bytes("model.qualm"));
}

#[test]
fn flags_keep_the_promise_that_was_asked_for() {
    let desk = Desk::with_model();
    // Rows of both kinds; a p-value cannot be below 1 / 201.
    for rate in [0.01, 0.05, 0.3] {
        for set in ["new.npz", "odd.npz"] {
            let ran = desk.ok(&format!("score model.qualm {set} --false-alarms {rate}"));
            let table = columns(ran.text());
            for (p, flag) in table["vim.p"].iter().zip(&table["vim.flag"]) {
                assert_eq!(*flag == 1.0, *p <= rate, "{p} at {rate}");
            }
        }
    }
    let flagged = |set: &str| {
        scores(&desk, "model.qualm", set)["vim.flag"]
            .iter()
            .sum::<f64>()
    };
    assert!(flagged("new.npz") <= 15.0, "of 100 usual rows");
    assert!(flagged("odd.npz") >= 40.0, "of 80 unusual rows");
}

/// Benjamini & Hochberg (1995): flag the k smallest p-values, where k is the largest number whose
/// p-value is at most rate * k / n.
#[test]
fn false_discoveries_are_controlled_over_the_batch() {
    let desk = Desk::with_model();
    let (rate, table) = (0.2, |set: &str| {
        columns(
            desk.ok(&format!("score model.qualm {set} --fdr 0.2"))
                .text(),
        )
    });
    for set in ["new.npz", "odd.npz"] {
        let table = table(set);
        let mut sorted = table["vim.p"].clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let bound = (1..=sorted.len())
            .rev()
            .find(|k| sorted[k - 1] <= rate * *k as f64 / n)
            .map_or(0.0, |k| sorted[k - 1]);
        for (p, flag) in table["vim.p"].iter().zip(&table["vim.flag"]) {
            assert_eq!(*flag == 1.0, *p <= bound, "{p} against {bound}");
        }
        assert_eq!(bound > 0.0, set == "odd.npz");
    }
}

#[test]
fn each_class_can_have_its_own_reference() {
    let desk = Desk::with_model();
    let together = scores(&desk, "model.qualm", "new.npz");
    let apart = columns(desk.ok("score model.qualm new.npz --per-class").text());
    assert_eq!(together["vim.score"], apart["vim.score"]);
    assert_ne!(together["vim.p"], apart["vim.p"]);
    // A third of 200 reference rows predicts each class: p-values are coarser.
    let smallest = |table: &Columns| table["vim.p"].iter().copied().fold(1.0, f64::min);
    assert!(smallest(&apart) >= 1.0 / 69.0);
    let of_all = |p: &f64| (p * 201.0 - (p * 201.0).round()).abs() < 1e-9;
    assert!(together["vim.p"].iter().all(of_all) && !apart["vim.p"].iter().all(of_all));
}

#[test]
fn without_a_reference_there_are_scores_alone() {
    let desk = Desk::with_model();
    desk.ok("fit --train train.npz --head head.npz --hold-back 0 -o bare.qualm");
    let ran = desk.ok("score bare.qualm new.npz");
    says(
        &ran.stderr,
        &["warning: the bundle holds no reference", "qualm calibrate"],
    );
    let table = columns(ran.text());
    assert_eq!(
        table.keys().map(String::as_str).collect::<Vec<_>>(),
        ["id", "vim.score"]
    );
    assert_eq!(
        table["vim.score"],
        scores(&desk, "model.qualm", "new.npz")["vim.score"]
    );
    for more in ["--fdr 0.1", "--per-class"] {
        let error = desk.refuses(&format!("score bare.qualm new.npz {more}"));
        says(&error, &["reference", "qualm calibrate"]);
    }
}

#[test]
fn variants_of_a_method_are_told_apart_by_name() {
    let desk = Desk::with_sets();
    desk.ok("fit --train train.npz --methods near=knn(k=5),far=knn(k=200) --hold-back 0 -o m");
    let table = scores(&desk, "m", "new.npz");
    for (near, far) in table["near.score"].iter().zip(&table["far.score"]) {
        assert!(near < far);
    }
}

#[test]
fn logits_alone_can_be_scored() {
    let desk = Desk::new();
    let logits = |rows: usize| {
        let numbers = (0..rows * 3)
            .map(|i| ((i * 7919) % 101) as f32 / 10.0)
            .collect();
        qualm_data::MemorySet::new("logits")
            .with_logits(numbers, 3)
            .unwrap()
    };
    made::write(&desk, &logits(200), "train.npz");
    made::write(&desk, &logits(10), "new.npz");
    desk.ok("fit --train train.npz --methods msp,energy(T=2) -o model");
    assert_eq!(scores(&desk, "model", "new.npz")["energy.score"].len(), 10);
    let error = desk.refuses("fit --train train.npz --methods vim -o model");
    says(&error, &["vim: needs features", "train.npz"]);
}
