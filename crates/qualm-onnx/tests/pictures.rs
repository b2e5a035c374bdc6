//! Folders of pictures through a small model.
#![cfg(feature = "run")]

use std::fs;
use std::path::Path;

use qualm_data::{KeyColumn, MemorySet};
use qualm_onnx::{
    Additions, Attribute, Axis, Channels, Element, ExtractOptions, Extraction, HeadSearch,
    InputFile, Inputs, Model, Preparation, Preset, RuntimeKind, RuntimeOptions, Session,
    picture_size,
};

/// Means of the channels, then a head that tells whether red or blue is stronger.
fn model(batch: Axis) -> Model {
    let mut graph = Additions::default();
    let side = Axis::Known(4);
    graph.input(
        "x",
        Element::F32,
        &[batch, Axis::Known(3), side.clone(), side],
    );
    graph.node("GlobalAveragePool", "pool", &["x"], &["p"], &[]);
    graph.node(
        "Flatten",
        "flat",
        &["p"],
        &["f"],
        &[Attribute::Integer("axis", 1)],
    );
    graph.floats("w", &[2, 3], &[1.0, 0.0, -1.0, -1.0, 0.0, 1.0]);
    graph.node(
        "Gemm",
        "fc",
        &["f", "w"],
        &["y"],
        &[Attribute::Integer("transB", 1)],
    );
    graph.output(
        "y",
        Element::F32,
        &[Axis::Named("n".into()), Axis::Known(2)],
    );
    Model::from_bytes("mean.onnx", graph.into_model(13)).unwrap()
}

fn png(path: &Path, width: u32, height: u32, rgb: [u8; 3]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..width * height).flat_map(|_| rgb).collect();
    writer.write_image_data(&pixels).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, rgb) in [
        ("red/a.png", [200, 10, 0]),
        ("red/b.PNG", [100, 0, 50]),
        ("blue/c.png", [0, 0, 99]),
    ] {
        png(&folder.path().join(name), 7, 5, rgb);
    }
    fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    folder
}

fn extract(
    model: &Model,
    folder: &Path,
    options: ExtractOptions,
) -> (Result<MemorySet, String>, Vec<String>) {
    let head = HeadSearch::of(model).unwrap().choose(model, None).unwrap();
    let session = Session::new(model, &head, RuntimeOptions::with_threads(1)).unwrap();
    let (height, width, channels) = picture_size(model, None).unwrap();
    assert_eq!(channels, Channels::First);
    let inputs = Inputs::Pictures {
        files: InputFile::pictures(folder.to_str().unwrap()).unwrap(),
        preparation: Preparation::new(Preset::Raw, width, height, channels),
    };
    let extraction = Extraction::new("folder", &session, inputs, options).unwrap();
    let set = MemorySet::read(&extraction).map_err(|error| error.to_string());
    (set, extraction.skipped())
}

#[test]
fn features_logits_ids_and_labels_come_out() {
    let folder = folder();
    for batch in [Axis::Named("n".into()), Axis::Known(2), Axis::Known(5)] {
        let (set, skipped) = extract(
            &model(batch),
            folder.path(),
            ExtractOptions {
                batch: 2,
                skip_bad: false,
            },
        );
        let set = set.unwrap();
        let rows = set.rows();
        // Classes are numbered in the order of their names.
        assert_eq!(rows.labels, [0, 1, 1]);
        let ids = ["blue/c.png", "red/a.png", "red/b.PNG"].map(str::to_owned);
        assert_eq!(rows.ids, KeyColumn::Text(ids.into()));
        assert_eq!(
            rows.features,
            [0.0, 0.0, 99.0, 200.0, 10.0, 0.0, 100.0, 0.0, 50.0]
        );
        assert_eq!(rows.logits, [-99.0, 99.0, 200.0, -200.0, 50.0, -50.0]);
        assert!(skipped.is_empty());
    }
}

#[test]
fn a_bad_picture_is_named_or_passed_over_and_counted() {
    let folder = folder();
    fs::write(
        folder.path().join("red/broken.jpg"),
        [0xff, 0xd8, 0xff, 0x00],
    )
    .unwrap();
    let model = model(Axis::Named("n".into()));
    let (set, _) = extract(&model, folder.path(), ExtractOptions::default());
    let error = set.unwrap_err();
    assert!(
        error.contains("broken.jpg") && error.contains("--skip-bad"),
        "{error}"
    );
    let (set, skipped) = extract(
        &model,
        folder.path(),
        ExtractOptions {
            skip_bad: true,
            ..ExtractOptions::default()
        },
    );
    assert_eq!(set.unwrap().rows().rows, 3);
    assert!(
        skipped.len() == 1 && skipped[0].contains("broken.jpg"),
        "{skipped:?}"
    );
}

#[test]
fn damaged_pictures_are_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole/x.png");
    png(&whole, 9, 9, [1, 2, 3]);
    let bytes = fs::read(&whole).unwrap();
    for (at, flip) in (0..bytes.len()).map(|at| (at, 0xff)) {
        let mut bytes = bytes.clone();
        bytes[at] ^= flip;
        fs::write(folder.path().join(format!("{at}.png")), &bytes).unwrap();
        fs::write(folder.path().join(format!("cut{at}.png")), &bytes[..at]).unwrap();
    }
    let options = ExtractOptions {
        skip_bad: true,
        ..ExtractOptions::default()
    };
    let (set, skipped) = extract(&model(Axis::Unknown), folder.path(), options);
    let rows = set.unwrap().rows().rows;
    assert!(rows >= 1 && rows + skipped.len() == 2 * bytes.len() + 1);
}

#[test]
fn labels_come_from_a_csv_too() {
    let folder = folder();
    let mut files = InputFile::pictures(folder.path().to_str().unwrap()).unwrap();
    let csv = folder.path().join("labels.csv");
    fs::write(
        &csv,
        "file,label\nred/a.png,4\nb.PNG,5\n\"blue/c.png\",-1\n",
    )
    .unwrap();
    InputFile::label_by_csv(&mut files, &csv).unwrap();
    let labels: Vec<_> = files.iter().map(|file| file.label.unwrap()).collect();
    assert_eq!(labels, [-1, 4, 5]);
    fs::write(&csv, "file,label\nred/a.png,4\n").unwrap();
    let error = InputFile::label_by_csv(&mut files, &csv)
        .unwrap_err()
        .to_string();
    assert!(error.contains("no label for `blue/c.png`"), "{error}");
}

#[test]
fn an_operator_that_the_runtime_lacks_is_named_with_its_node() {
    let mut graph = Additions::default();
    let shape = [Axis::Named("n".into()), Axis::Known(2)];
    graph.input("x", Element::F32, &shape);
    graph.node("Bernoulli", "coin", &["x"], &["f"], &[]);
    graph.floats("w", &[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    graph.node("MatMul", "fc", &["f", "w"], &["y"], &[]);
    graph.output("y", Element::F32, &shape);
    let model = Model::from_bytes("coin.onnx", graph.into_model(15)).unwrap();
    let head = HeadSearch::of(&model)
        .unwrap()
        .choose(&model, None)
        .unwrap();
    let error = Session::new(&model, &head, RuntimeOptions::with_threads(1))
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("coin") && error.contains("Bernoulli") && error.contains("--runtime ort"),
        "{error}"
    );
    assert!(!error.contains('\n') && error.len() < 400, "{error}");

    let options = RuntimeOptions {
        kind: RuntimeKind::OnnxRuntime,
        threads: 1,
    };
    match Session::new(&model, &head, options) {
        // Which knows the operator.
        Ok(_) => {}
        Err(error) => {
            let error = error.to_string();
            let way_out = if cfg!(feature = "ort") {
                "ORT_DYLIB_PATH"
            } else {
                "cargo feature `ort`"
            };
            assert!(error.contains(way_out), "{error}");
        }
    }
}
