//! Extractions in parts go on where they were interrupted, and only where nothing has changed.
#![cfg(feature = "run")]

use std::fs;
use std::path::Path;

use qualm_data::{FeatureSet, Head, MemorySet};
use qualm_onnx::{
    ByteForm, ExtractOptions, Extraction, HeadSearch, InputFile, Inputs, Model, PartsDone,
    RuntimeOptions, Session, head_model,
};

/// More than two parts.
const FILES: usize = 2500;

fn folder_of_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..FILES {
        let bytes = [(file * 7 % 251) as u8, (file * 13 % 241) as u8];
        fs::write(folder.path().join(format!("{file:05}")), bytes).unwrap();
    }
    folder
}

fn extraction(files: &Path, weight: f32, options: ExtractOptions) -> Extraction {
    let head = Head::new(vec![weight, 0.0, 0.0, 1.0], vec![0.0; 2], 2).unwrap();
    let model = Model::from_bytes("head", head_model(&head)).unwrap();
    let found = HeadSearch::of(&model)
        .unwrap()
        .choose(&model, None)
        .unwrap();
    let session = Session::new(&model, &found, RuntimeOptions::with_threads(1)).unwrap();
    let form = ByteForm {
        begin: 1,
        end: 1,
        strip: None,
        least: 1,
    };
    let files = InputFile::all(files.to_str().unwrap()).unwrap();
    let inputs = Inputs::Bytes { files, form };
    Extraction::new("files", &session, inputs, options).unwrap()
}

fn run(files: &Path, parts: &Path, skip_bad: bool) -> Result<PartsDone, String> {
    let options = ExtractOptions {
        // No divisor of a part's inputs.
        batch: 100,
        skip_bad,
    };
    let extraction = extraction(files, 1.0, options);
    extraction
        .into_parts(parts)
        .map_err(|error| error.to_string())
}

fn rows(parts: &Path) -> MemorySet {
    MemorySet::read(&FeatureSet::open(parts.to_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn what_stands_is_kept_and_the_rest_is_made() {
    let files = folder_of_files();
    let parts = tempfile::tempdir().unwrap();
    let (files, parts) = (files.path(), parts.path());
    // An empty file stops the run in its third part.
    fs::write(files.join("02300"), []).unwrap();
    let error = run(files, parts, false).unwrap_err();
    assert!(error.contains("02300"), "{error}");
    assert!(parts.join("part-1.json").exists() && !parts.join("part-2.json").exists());
    fs::write(files.join("02300"), [1, 2]).unwrap();
    let done = run(files, parts, false).unwrap();
    assert_eq!((done.rows, done.stood), (2500, 2200));
    let resumed = rows(parts);
    assert_eq!(resumed.rows().features[4600..4602], [1.0, 2.0]);

    let whole = MemorySet::read(&extraction(files, 1.0, ExtractOptions::default())).unwrap();
    assert_eq!(resumed.rows().features[..], whole.rows().features[..]);
    assert_eq!(resumed.rows().ids, whole.rows().ids);

    // A changed file costs its part, a file less at the end the last part.
    fs::write(files.join("00007"), [8, 8]).unwrap();
    fs::remove_file(files.join("02499")).unwrap();
    let done = run(files, parts, false).unwrap();
    assert_eq!((done.rows, done.stood), (2499, 1100));
    assert_eq!(rows(parts).rows().features[14..16], [8.0, 8.0]);
    for file in 1000..FILES - 1 {
        fs::remove_file(files.join(format!("{file:05}"))).unwrap();
    }
    assert_eq!(run(files, parts, false).unwrap().rows, 1000);
    assert_eq!(rows(parts).rows().rows, 1000);
}

#[test]
fn files_that_were_passed_over_are_remembered() {
    let files = folder_of_files();
    let parts = tempfile::tempdir().unwrap();
    let (files, parts) = (files.path(), parts.path());
    // All of the last part, and one of the first.
    for file in (2200..FILES).chain([3]) {
        fs::write(files.join(format!("{file:05}")), []).unwrap();
    }
    let first = run(files, parts, true).unwrap();
    assert_eq!(
        (first.rows, first.stood, first.skipped.len()),
        (2199, 0, 301)
    );
    let again = run(files, parts, true).unwrap();
    assert_eq!((again.rows, again.stood), (2199, 2500));
    assert_eq!(again.skipped, first.skipped);
    assert_eq!(rows(parts).rows().rows, 2199);
}

#[test]
fn parts_of_another_run_are_not_touched() {
    let files = folder_of_files();
    let parts = tempfile::tempdir().unwrap();
    let (files, parts) = (files.path(), parts.path());
    run(files, parts, false).unwrap();
    let before = fs::read(parts.join("part-0.safetensors")).unwrap();
    let error = run(files, parts, true).unwrap_err();
    assert!(error.contains("parts of another model"), "{error}");
    let options = ExtractOptions {
        batch: 100,
        ..ExtractOptions::default()
    };
    let other = extraction(files, 2.0, options);
    let error = other.into_parts(parts).unwrap_err().to_string();
    assert!(error.contains("remove it"), "{error}");
    assert_eq!(fs::read(parts.join("part-0.safetensors")).unwrap(), before);
}

#[test]
fn answers_that_are_no_numbers_are_refused_by_row() {
    let (folder, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in 0..FILES {
        // The weight overflows for bytes above one: in the second part.
        let bytes = if file == 1500 { [9, 0] } else { [1, 0] };
        fs::write(folder.path().join(format!("{file:05}")), bytes).unwrap();
    }
    let extraction = extraction(folder.path(), f32::MAX, ExtractOptions::default());
    let error = extraction.into_parts(&parts.path().join("parts"));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("row 1500 ") && error.contains("logits"),
        "{error}"
    );
}
