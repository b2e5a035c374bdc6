//! Proxies that are optimised against.

use qualm_data::MemorySet;

use crate::desk::{Desk, Ran, says};
use crate::made;

const SMALL: &str = "proxy study --tasks branin,manifold-32 --proxies ridge,mlp(epochs=2) \
                     --optimisers sgd(steps=5),random --seeds 1";

/// Sixty designs of two numbers and a word, labelled by a formula.
pub(crate) fn designs() -> String {
    let mut text = String::from("x,z,kind,y\n");
    for i in 0..60 {
        let (x, z) = (f64::from(i % 8) / 8.0, f64::from(i * 7 % 11) / 11.0);
        let kind = ["plain", "\"odd, really\""][i as usize % 2];
        let y = -(x - 0.5) * (x - 0.5) - z * z + f64::from(i % 2) * 0.1 + f64::from(i) * 1e-4;
        text += &format!("{x},{z},{kind},{y}\n");
    }
    text
}

#[test]
fn a_study_writes_what_it_found_and_goes_on_where_it_stopped() {
    let desk = Desk::new();
    let ran = desk.ok(&format!("{SMALL} -o study"));
    says(
        ran.text(),
        &["manifold-32", "branin", "verdict", "gap", "seeds  2022"],
    );
    for line in ran.text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let whole = desk.text("study/study.json");
    let csv = desk.text("study/study.csv");
    assert_eq!(csv.lines().count(), 9);
    assert!(desk.text("study/report.html").contains("<svg"));

    // Hours of work are not written over by a slip.
    let error = desk.run(&format!("{SMALL} -o study")).error();
    says(&error, &["outcomes.jsonl", "--resume"]);

    // All but the last outcome, which was being written when the power went.
    let journal = desk.text("study/outcomes.jsonl");
    let cut = journal.trim_end().len() - 40;
    desk.put("study/outcomes.jsonl", &journal[..cut]);
    desk.ok(&format!("{SMALL} -o study --resume"));
    assert_eq!(desk.text("study/study.json"), whole);
}

#[test]
fn threads_do_not_change_a_byte() {
    let desk = Desk::new();
    let one = desk.ok(&format!("{SMALL} --json --threads 1"));
    let three = desk.ok(&format!("{SMALL} --json --threads 3"));
    assert_eq!(one.text(), three.text());
}

#[test]
fn a_table_of_ones_own_with_an_oracle() {
    let desk = Desk::new();
    desk.put("designs.csv", designs());
    let study = "proxy study --csv designs.csv --target y --proxies ridge --optimisers sgd(steps=3) --seeds 1";
    let json = desk.ok(&format!("{study} --json")).json();
    assert_eq!(json[0]["oracle"], "table");
    assert_eq!(json[0]["curve"].as_array().unwrap().len(), 4);
}

#[cfg(unix)]
#[test]
fn an_oracle_that_fails_is_named_and_nothing_is_lost() {
    let desk = Desk::new();
    desk.put("designs.csv", designs());
    desk.put("oracle.sh", "awk -F, 'NR > 1 { print $1 }'\n");
    desk.put("broken.sh", "echo no licence >&2; exit 4\n");
    let asked = |oracle: &str, more: &str| {
        let study = "proxy study --csv designs.csv --target y --proxies ridge --optimisers \
                     sgd(steps=3),random --seeds 2 -o out";
        let mut command = desk.command(&format!("{study} {more}"));
        Ran::of(command.args(["--oracle", oracle]).output().unwrap())
    };
    // It fails once it has been asked five times.
    desk.put("broken.sh", "echo x >> asked; [ $(wc -l < asked) -lt 6 ] || { echo no licence >&2; exit 4; }\n. ./oracle.sh\n");
    let broken = asked("sh broken.sh", "--threads 1");
    assert_eq!(broken.code, Some(2));
    says(&broken.error(), &["oracle `sh broken.sh`", "no licence"]);
    assert!(desk.text("out/outcomes.jsonl").lines().count() >= 1);
    // Mended, it goes on; another command would begin anew.
    desk.put("broken.sh", ". ./oracle.sh\n");
    let whole = asked("sh broken.sh", "--resume");
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    assert_eq!(desk.text("out/outcomes.jsonl").lines().count(), 4);
}

#[test]
fn an_audit_says_when_to_stop_and_that_its_judge_is_no_truth() {
    let desk = Desk::new();
    desk.put("designs.csv", designs());
    let audit =
        "proxy audit --csv designs.csv --target y --proxies ridge --optimisers sgd(steps=50)";
    let ran = desk.ok(&format!("{audit} --html audit.html"));
    says(
        ran.text(),
        &["judge, not truth", "ridge climbed by sgd(steps=50)", "gap"],
    );
    assert!(desk.text("audit.html").contains("judge, not truth"));
}

/// A plane over `width` numbers as an ONNX model, which gives NaN where it is steep without end.
#[cfg(feature = "run-models")]
fn plane(width: u64, outputs: u64, factor: f32) -> Vec<u8> {
    use qualm_onnx::{Additions, Axis, Element};
    let n = Axis::Named("n".into());
    let mut graph = Additions::default();
    graph.input("x", Element::F32, &[n.clone(), Axis::Known(width)]);
    let weight = vec![factor; (width * outputs) as usize];
    graph.floats("w", &[width, outputs], &weight);
    graph.node("MatMul", "product", &["x", "w"], &["xw"], &[]);
    graph.node("Sub", "none", &["xw", "xw"], &["zero"], &[]);
    graph.node("Add", "sum", &["xw", "zero"], &["y"], &[]);
    graph.output("y", Element::F32, &[n, Axis::Known(outputs)]);
    graph.into_model(13)
}

/// The designs without the column of words.
#[cfg(feature = "run-models")]
fn numbers() -> String {
    let lines = designs().lines().map(str::to_owned).collect::<Vec<_>>();
    let cut = |line: &String| {
        let (x, rest) = line.split_once(',').unwrap();
        let (z, rest) = rest.split_once(',').unwrap();
        format!("{x},{z},{}\n", rest.rsplit(',').next().unwrap())
    };
    lines.iter().map(cut).collect()
}

#[cfg(feature = "run-models")]
#[test]
fn a_model_of_ones_own_is_audited_without_gradients() {
    let desk = Desk::new();
    desk.put("designs.csv", numbers());
    desk.put("proxy.onnx", plane(2, 1, 3.0));
    let audit = "proxy audit --csv designs.csv --target y --model proxy.onnx";
    let ran = desk.ok(&format!("{audit} --html audit.html"));
    says(
        ran.text(),
        &[
            "proxy.onnx climbed by best-of-n",
            "proxy.onnx climbed by cma-es",
            "gives no gradients",
            "judge, not truth",
        ],
    );
    let json = desk
        .ok(&format!("{audit} --optimisers random,cbas --json"))
        .json();
    assert_eq!(json.as_array().unwrap().len(), 2);
    // A plane does not know that the truth falls again.
    assert!(json[1]["gap"].as_f64() > json[0]["gap"].as_f64());
    assert_eq!(json[0]["proxy"], "proxy.onnx");
    assert!(json[0]["slopes"].is_null());
    let both = format!("{audit} --proxies ridge --optimisers random --json");
    assert_eq!(desk.ok(&both).json()[1]["proxy"], "ridge");
}

#[cfg(feature = "run-models")]
#[test]
fn a_model_that_is_no_proxy_of_the_designs_is_one_sentence() {
    let desk = Desk::new();
    desk.put("designs.csv", numbers());
    desk.put("words.csv", designs());
    desk.put("proxy.onnx", plane(2, 1, 3.0));
    desk.put("three.onnx", plane(3, 1, 3.0));
    desk.put("two.onnx", plane(2, 2, 3.0));
    desk.put("nan.onnx", plane(2, 1, f32::INFINITY));
    desk.put("text.onnx", "no model");
    let refused = |table: &str, model: &str, more: &str| {
        desk.refuses(&format!(
            "proxy audit --csv {table} --target y --model {model} {more}"
        ))
    };
    for (table, model, more, words) in [
        (
            "designs.csv",
            "three.onnx",
            "",
            "it takes 3 numbers a row, and designs of designs.csv have 2: x, z",
        ),
        (
            "designs.csv",
            "two.onnx",
            "",
            "its output `y` has the shape [22, 2] for 22 rows",
        ),
        (
            "designs.csv",
            "nan.onnx",
            "",
            "nan.onnx: it gives NaN for the design x=",
        ),
        ("designs.csv", "text.onnx", "", "text.onnx"),
        ("designs.csv", "missing.onnx", "", "missing.onnx"),
        ("words.csv", "three.onnx", "", "`kind` holds words"),
        (
            "designs.csv",
            "proxy.onnx",
            "--optimisers random,adam",
            "proxy.onnx: it gives no gradient for `adam` to climb; take random",
        ),
    ] {
        says(&refused(table, model, more), &[words]);
    }
}

#[test]
fn a_feature_set_is_audited_with_targets_from_elsewhere() {
    let desk = Desk::new();
    let set = made::usual(240, 5);
    made::write(&desk, &set, "set.safetensors");
    // In steps that half precision holds.
    let height = |row: &[f32]| f64::from((64.0 * (row[0] - row[1])).round()) / 64.0;
    let targets: Vec<f64> = set.rows().features.chunks(made::DIM).map(height).collect();
    let lines = targets.iter().map(|y| format!("{y}\n"));
    desk.put("y.csv", format!("y\n{}", lines.collect::<String>()));
    let column = MemorySet::new("y").with_features(targets.iter().map(|&y| y as f32).collect(), 1);
    made::write(&desk, &column.unwrap(), "y.npy");

    let audit = "proxy audit set.safetensors --proxies ridge --optimisers sgd(steps=20)";
    let ran = desk.ok(&format!("{audit} --targets y.csv"));
    says(ran.text(), &["set.safetensors", "judge, not truth"]);
    let of = |more: &str| desk.ok(&format!("{audit} --json {more}"));
    let (csv, npy) = (of("--targets y.csv").json(), of("--targets y.npy").json());
    assert_eq!(csv[0]["task"], "set.safetensors");
    assert_eq!(csv, npy);
    // Labels are amounts where nothing else is given, and that is said.
    says(&of("").stderr, &["the labels are the targets, as amounts"]);

    made::write(&desk, &made::unusual(240, 5), "unlabelled.npz");
    let negative = made::unusual(240, 5).with_labels(vec![-1; 240]);
    made::write(&desk, &negative.unwrap(), "outliers.npz");
    desk.put("short.csv", "y\n1\n2\n");
    desk.put("two.csv", "y,z\n1,2\n");
    for (line, words) in [
        ("unlabelled.npz", "it holds no labels; give the targets"),
        ("outliers.npz", "row 0 has the label -1"),
        ("set.safetensors --targets short.csv", "it holds 2 targets"),
        ("set.safetensors --targets two.csv", "--target which"),
        (
            "set.safetensors --targets set.safetensors",
            "one number a row",
        ),
        (
            "set.safetensors --targets y.npy --target y",
            "a column of a .csv",
        ),
        ("set.safetensors --target y", "it has no columns"),
        (
            "set.safetensors --csv y.csv --target y",
            "cannot be used with",
        ),
    ] {
        says(&desk.refuses(&format!("proxy audit {line}")), &[words]);
    }
}

#[test]
fn stop_rules_take_parameters_and_are_looked_at_as_asked() {
    let desk = Desk::new();
    let study = "proxy study --tasks branin --proxies ridge --optimisers sgd(steps=9) --seeds 1";
    let stops = |more: &str| -> Vec<(String, serde_json::Value)> {
        let json = desk.ok(&format!("{study} --json {more}")).json();
        let stops = json[0]["stops"].as_array().unwrap();
        let rule = |stop: &serde_json::Value| {
            (
                stop["rule"].as_str().unwrap().to_owned(),
                stop["step"].clone(),
            )
        };
        stops.iter().map(rule).collect()
    };
    let usual: Vec<String> = stops("").into_iter().map(|(rule, _)| rule).collect();
    assert!(usual.contains(&"mahalanobis x".to_owned()));
    assert_eq!(usual.last().unwrap(), "50 steps");
    let asked = stops("--stops support(level=0.5),steps(n=4)");
    assert_eq!(asked[0].0, "mahalanobis x at 0.5");
    assert_eq!(asked.last().unwrap(), &("4 steps".to_owned(), 4.into()));
    let refused = |list: &str| desk.refuses(&format!("{study} --stops {list}"));
    says(&refused("luck"), &["no such stop rule", "support, spread"]);
    says(&refused("support(level=95)"), &["a share above 0"]);
}

#[test]
fn bad_input_is_one_sentence() {
    let desk = Desk::new();
    desk.put("constant.csv", "x,y\n1,2\n2,2\n");
    desk.put("twice.csv", "x,y\n1,2\n1,3\n");
    desk.put("nan.csv", "x,y\n1,NaN\n2,3\n");
    desk.put("few.csv", "x,y\n1,2\n2,3\n");
    desk.put("empty.csv", "");
    desk.put("picture.csv", [0x89, b'P', b'N', b'G', 0xff, b'\n', 0xfe]);
    let refused = |file: &str| desk.refuses(&format!("proxy study --csv {file} --target y"));
    says(&refused("empty.csv"), &["empty.csv: it is empty"]);
    says(&refused("picture.csv"), &["picture.csv: it is no table"]);
    says(&refused("missing.csv"), &["missing.csv: No such file"]);
    says(&refused("constant.csv"), &["all 2 labels are 2"]);
    says(&refused("twice.csv"), &["rows 1 and 2", "--aggregate mean"]);
    says(&refused("nan.csv"), &["row 1", "`y` is NaN"]);
    says(&refused("few.csv"), &["few.csv", "too few"]);
    says(
        &desk.refuses("proxy study --tasks moon"),
        &["there is no such task", "manifold-32"],
    );
    says(&desk.refuses("proxy study --tasks tf-bind-8"), &["--data"]);
    says(
        &desk.refuses("proxy study --proxies mlp,mlp(noise=0)"),
        &["`mlp` is given twice"],
    );
    says(
        &desk.refuses("proxy study --proxies mlp(nois=1)"),
        &["there are noise=0"],
    );
}

#[test]
fn the_list_names_every_recipe() {
    let ran = Desk::new().ok("proxy list");
    says(
        ran.text(),
        &[
            "manifold-32",
            "tf-bind-8",
            "roma",
            "coms",
            "cma-es",
            "cbas",
            "support",
            "level=0.99",
        ],
    );
}
