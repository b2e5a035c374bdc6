//! Models that are run: over texts, over files of any kind, for `fit` and `score`, and after an
//! interruption.

use std::fmt::Write;

use qualm_data::{Head, Key, KeyColumn, MemorySet};
use qualm_onnx::{Additions, Attribute, Axis, Element, head_model};

use crate::desk::{Desk, says};
use crate::made;

const TOKENIZER: &str = r#"{"version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [], "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
    "model": {"type": "WordLevel", "unk_token": "c", "vocab": {"a": 0, "b": 1, "c": 2}}}"#;

/// A model of texts: each token is the vector that stands in its row, [1, 0], [0, 1] or [-5, -5].
fn encoder() -> Additions {
    let axis = |name: &str| Axis::Named(name.to_owned());
    let mut graph = Additions::default();
    let tokens = [axis("texts"), axis("tokens")];
    graph.input("input_ids", Element::I64, &tokens);
    graph.input("attention_mask", Element::I64, &tokens);
    graph.floats("table", &[3, 2], &[1.0, 0.0, 0.0, 1.0, -5.0, -5.0]);
    graph.node("Gather", "look", &["table", "input_ids"], &["hidden"], &[]);
    graph
}

fn with_texts() -> Desk {
    let desk = Desk::new();
    desk.put("tokenizer.json", TOKENIZER);
    desk.put(
        "texts.csv",
        "id,text,label\none,a b b b,greeting\ntwo,\"b\",bill\nthree,a a a b a,greeting\n",
    );
    let mut graph = encoder();
    graph.output_of_any_shape("hidden", Element::F32);
    desk.put("encoder.onnx", graph.into_model(13));
    desk
}

fn read(desk: &Desk, name: &str) -> MemorySet {
    let set = qualm_data::FeatureSet::open(desk.path(name).to_str().unwrap()).unwrap();
    MemorySet::read(&set).unwrap()
}

#[test]
fn texts_come_out_pooled_in_their_order() {
    let desk = with_texts();
    let ran = desk.ok("model extract encoder.onnx texts.csv --tokenizer tokenizer.json --pool mean --batch 2 -o set.safetensors");
    says(
        &ran.stderr,
        &[
            "2 classes by name, bill = 0 to greeting = 1",
            "3 rows, 2 features, labels",
        ],
    );
    let set = read(&desk, "set.safetensors");
    assert_eq!(set.rows().features, [0.25, 0.75, 0.0, 1.0, 0.8, 0.2]);
    assert_eq!(set.rows().labels, [1, 0, 1]);
    assert_eq!(set.rows().ids.get(2), Some(Key::Text("three")));

    let line = "model extract encoder.onnx texts.csv --tokenizer tokenizer.json -o set.safetensors";
    desk.ok(&format!("{line} --pool max --max-tokens 2 --normalize"));
    let half = 0.5f32.sqrt();
    let set = read(&desk, "set.safetensors");
    for (found, wanted) in set
        .rows()
        .features
        .iter()
        .zip([half, half, 0.0, 1.0, 1.0, 0.0])
    {
        assert!((found - wanted).abs() < 1e-6);
    }
    desk.put("classes.txt", "greeting\nbill\n");
    desk.ok(&format!(
        "{line} --pool cls --classes classes.txt --id-column label"
    ));
    let set = read(&desk, "set.safetensors");
    assert_eq!(set.rows().features, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(set.rows().labels, [0, 1, 0]);
    assert_eq!(set.rows().ids.get(1), Some(Key::Text("bill")));

    for (more, words) in [
        ("", &["encoder.onnx", "no linear head", "--pool mean"][..]),
        ("--pool none", &["--pool mean, cls or max"]),
        ("--pool mean --hidden other", &["no tensor `other`"]),
        (
            "--pool mean --text-column words",
            &["no column `words`, but id, text, label"],
        ),
        ("--pool mean --preset raw", &["cannot be used with"]),
    ] {
        says(&desk.refuses(&format!("{line} {more}")), words);
    }
    says(
        &desk.refuses("model extract encoder.onnx texts.csv -o x.npz"),
        &["texts.csv", "--tokenizer"],
    );
}

#[test]
fn a_text_classifier_gives_what_enters_its_head_and_logits() {
    let desk = with_texts();
    let mut graph = encoder();
    let axes = [
        Attribute::Integers("axes", &[1]),
        Attribute::Integer("keepdims", 0),
    ];
    graph.node("ReduceMean", "mean", &["hidden"], &["pooled"], &axes);
    graph.floats("weight", &[2, 2], &[2.0, 0.0, 0.0, 4.0]);
    graph.floats("bias", &[2], &[0.5, 0.0]);
    graph.node(
        "Gemm",
        "head",
        &["pooled", "weight", "bias"],
        &["logits"],
        &[],
    );
    graph.output_of_any_shape("logits", Element::F32);
    desk.put("classifier.onnx", graph.into_model(13));
    let ran = desk.ok(
        "model extract classifier.onnx texts.csv --tokenizer tokenizer.json --batch 1 -o set.npz",
    );
    says(&ran.stderr, &["3 rows, 2 features, 2 logits, labels"]);
    let set = read(&desk, "set.npz");
    assert_eq!(set.rows().features[..2], [0.25, 0.75]);
    assert_eq!(set.rows().logits[..4], [1.0, 3.0, 0.5, 4.0]);

    // The same model under attack, which changes words and sees probabilities alone.
    let rows = (0..40).map(|row| format!("how are you {row},{}\n", row % 2));
    desk.put(
        "asked.csv",
        format!("text,label\n{}", rows.collect::<String>()),
    );
    let ran = desk.ok(
        "rationale attack --model classifier.onnx --tokenizer tokenizer.json --data asked.csv \
         --attacks deepwordbug --test asked.csv",
    );
    says(ran.text(), &["deepwordbug", "40", "50.0"]);
    desk.put("three.csv", "text,label\na,0\nb,1\nc,2\n");
    let error = desk.refuses(
        "rationale attack --model classifier.onnx --tokenizer tokenizer.json --data three.csv \
         --test three.csv",
    );
    says(&error, &["tells 2 classes apart and the data have 3"]);
}

#[test]
fn a_table_of_token_vectors_is_an_encoder() {
    let desk = with_texts();
    let table = MemorySet::new("table")
        .with_features(vec![1.0, 0.0, 0.0, 1.0, -5.0, -5.0], 2)
        .unwrap();
    made::write(&desk, &table, "table.safetensors");
    let line = "model extract table.safetensors:features=features texts.csv -o set.npz";
    desk.ok(&format!("{line} --tokenizer tokenizer.json"));
    let set = read(&desk, "set.npz");
    assert_eq!(set.rows().features, [0.25, 0.75, 0.0, 1.0, 0.8, 0.2]);
    says(
        &desk.refuses(&format!("{line} --tokenizer tokenizer.json --pool max")),
        &["the mean alone"],
    );
    says(
        &desk.refuses(
            "model extract table.safetensors texts.csv --tokenizer tokenizer.json -o x.npz",
        ),
        &["embedding.weight", "features=NAME"],
    );
}

#[test]
fn files_of_any_kind_are_given_as_bytes() {
    let desk = Desk::new();
    for (name, bytes) in [("b/one", "abcdef"), ("b/two", "xyz"), ("a/three", "")] {
        let path = desk.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    // The head keeps the bytes as they are.
    let mut weight = vec![0.0; 9];
    (0..3).for_each(|at| weight[at * 4] = 1.0);
    let head = Head::new(weight, vec![0.0; 3], 3).unwrap();
    desk.put("model.onnx", head_model(&head));
    let ran = desk.ok("model extract model.onnx . --bytes 2+1 -o set.npz");
    says(&ran.stderr, &["rows, 3 features, 3 logits"]);
    desk.ok("model extract model.onnx a --bytes 2+1 -o set.npz");
    let set = read(&desk, "set.npz");
    assert_eq!(set.rows().features, [256.0, 256.0, 256.0]);
    desk.ok("model extract model.onnx b --bytes 2+1 -o set.npz");
    let set = read(&desk, "set.npz");
    assert_eq!(
        set.rows().features,
        [97.0, 98.0, 102.0, 120.0, 121.0, 122.0]
    );
    assert_eq!(
        set.rows().ids,
        KeyColumn::Text(vec!["one".into(), "two".into()])
    );

    for (line, words) in [
        ("--bytes magika", &["[2048]", "f32 n x 3"][..]),
        ("--bytes 2", &["1024+1024"]),
        ("--bytes 0+0", &["1024+1024"]),
    ] {
        says(
            &desk.refuses(&format!("model extract model.onnx b {line} -o x.npz")),
            words,
        );
    }
    let mut weight = vec![0.0; 2048 * 2];
    weight[0] = 1.0;
    let head = Head::new(weight, vec![0.0; 2], 2048).unwrap();
    desk.put("wide.onnx", head_model(&head));
    says(
        &desk.refuses("model extract wide.onnx b --bytes magika -o x.npz"),
        &["b/one", "fewer than the 8 bytes", "--skip-bad"],
    );
}

/// A desk with `model.onnx`, which is a head over two bytes, and `files/` of so many files.
fn with_files(count: usize) -> Desk {
    let desk = Desk::new();
    let head = Head::new(vec![1.0, 0.0, 0.0, 1.0, 1.0, -1.0], vec![0.0; 3], 2).unwrap();
    desk.put("model.onnx", head_model(&head));
    std::fs::create_dir(desk.path("files")).unwrap();
    for file in 0..count {
        let bytes = [(file * 7 % 251) as u8, (file * 13 % 241) as u8];
        desk.put(&format!("files/{file:05}"), bytes);
    }
    desk
}

const LINE: &str = "model extract model.onnx files --bytes 1+1 -o set.safetensors";

#[test]
fn an_extraction_goes_on_where_it_was_interrupted() {
    let desk = with_files(2500);
    let mut child = desk.command(LINE).spawn().unwrap();
    // Killed as soon as one part stands.
    let record = desk.path("set.safetensors.parts/part-0.json");
    let patience = std::time::Instant::now();
    while !record.exists() && child.try_wait().unwrap().is_none() {
        assert!(patience.elapsed().as_secs() < 120, "no part was written");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let parts = desk.path("set.safetensors.parts");
    // On a machine that is fast enough the run has ended well before it was killed.
    if !desk.path("set.safetensors").exists() {
        let ran = desk.ok(LINE);
        says(&ran.stderr, &["of 2500 inputs stood in", "2500 rows"]);
    }
    assert!(!parts.exists());
    let resumed = std::fs::read(desk.path("set.safetensors")).unwrap();
    desk.ok(LINE);
    assert_eq!(
        resumed,
        std::fs::read(desk.path("set.safetensors")).unwrap()
    );
}

#[test]
fn fit_and_score_run_the_model_themselves() {
    let desk = Desk::with_sets();
    desk.put("model.onnx", head_model(&made::head()));
    desk.ok("fit --train train.npz --head head.npz --reference val.npz --methods vim,msp -o by_hand.qualm");
    let ran = desk.ok("fit --model model.onnx --train train.npz --reference val.npz --methods vim,msp -o model.qualm");
    says(
        &ran.stderr,
        &["fitted vim, msp on 600 rows", "200 reference rows"],
    );
    assert!(!desk.path("model.qualm.train.parts").exists());
    // The model is a head, so its answers are the rows that it was given.
    desk.ok("score by_hand.qualm new.npz -o by_hand.csv");
    desk.ok("score model.qualm new.npz --model model.onnx -o scores.csv");
    let column = |name: &str| -> Vec<f64> {
        let text = desk.text(name);
        let scores = text.lines().skip(1);
        scores
            .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
            .collect()
    };
    let (by_hand, scores) = (column("by_hand.csv"), column("scores.csv"));
    assert_eq!(scores.len(), 100);
    for (a, b) in by_hand.iter().zip(&scores) {
        assert!((a - b).abs() < 1e-4 * a.abs().max(1.0), "{a} {b}");
    }
    let refused = |line: &str, words: &[&str]| says(&desk.refuses(line), words);
    refused(
        "fit --model model.onnx --train train.npz --pass 1 -o x.part",
        &["--pass fits to a shard", "model extract"],
    );
    refused(
        "fit --train train.npz --preset raw -o x.qualm",
        &["required arguments"],
    );
    refused("fit --model model.onnx --train . -o x.qualm", &["--preset"]);
    refused(
        "score model.qualm new.npz --bytes magika",
        &["required arguments"],
    );
}

#[test]
fn texts_are_fitted_and_scored_without_a_file_between() {
    let desk = with_texts();
    let mut train = String::new();
    for row in 0..400 {
        let words = ["a a b", "a b", "b b a", "a a a b"][row % 4];
        writeln!(train, "{{\"text\": \"{words}{}\"}}", " a".repeat(row % 7)).unwrap();
    }
    desk.put("train.jsonl", train);
    desk.put("new.txt", "a b\nc c c\n");
    let with = "--model encoder.onnx --tokenizer tokenizer.json --pool mean";
    desk.ok(&format!(
        "fit --train train.jsonl {with} --methods knn(k=3) -o m.qualm"
    ));
    desk.ok(&format!("score m.qualm new.txt {with} -o scores.csv"));
    let text = desk.text("scores.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((rows[1][3], rows[2][3]), ("0", "1"), "{text}");
    // A report looks at the inputs once more, for which the model is not run again.
    desk.ok(&format!(
        "score m.qualm new.txt {with} -o again.csv --html page.html --inputs new.txt"
    ));
    assert_eq!(desk.text("again.csv"), text);
    says(
        &desk.text("page.html"),
        &["Scores of new.txt", "c c c", "Most suspicious"],
    );
    assert!(!desk.path("page.html.parts").exists());
}
