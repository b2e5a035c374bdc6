//! Proxies that are optimised against.

use crate::desk::{Desk, Ran, says};

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
        &["manifold-32", "tf-bind-8", "roma", "coms", "cma-es", "cbas"],
    );
}
