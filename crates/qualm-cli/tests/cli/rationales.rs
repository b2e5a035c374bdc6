//! Text classifiers that select their evidence, and attacks on them.

use crate::desk::{Desk, says};

/// Reviews of one's own: the class hangs on one word, which is the evidence.
fn reviews(rows: usize) -> String {
    let mut text = String::from("id,text,label,evidence\n");
    for row in 0..rows {
        let good = row % 2 == 0;
        let word = if good { "superb" } else { "dreadful" };
        let thing = ["film", "soup", "hotel", "song", "walk"][row % 5];
        let day = ["Monday", "Tuesday", "Friday"][row % 3];
        let label = if good { "good" } else { "bad" };
        let start = "The  was ".len() + thing.len();
        let end = start + word.len();
        text +=
            &format!("r{row},\"The {thing} was {word}. It was {day}.\",{label},{start}-{end}\n");
    }
    text
}

#[test]
fn a_model_of_ones_own_texts_is_trained_attacked_and_explained() {
    let desk = Desk::new();
    desk.put("reviews.csv", reviews(200));
    let ran = desk.ok(
        "rationale train --data reviews.csv --method vib-sup(ratio=.1) --epochs 6 -o m.safetensors",
    );
    says(ran.text(), &["Right on", "vib-sup(ratio=0.1) trained"]);
    let attack = "rationale attack --model m.safetensors --data reviews.csv \
                  --attacks add-template,pwws -o log.jsonl";
    let ran = desk.ok(attack);
    says(ran.text(), &["add-template", "pwws", "queries"]);
    let log = desk.text("log.jsonl");
    says(&log, &["\"attack\":\"add-template\"", "\"variant\":\""]);
    assert_eq!(desk.ok(attack).text(), ran.text());
    says(&log, &["\"start\":", "\"end\":"]);
    for attacks in ["add-template", "pwws"] {
        let ran = desk.ok(&format!(
            "rationale attack --model m.safetensors --data reviews.csv --attacks {attacks} \
             --queries 3 --json"
        ));
        let told: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
        let queries = told[0]["result"]["queries"].as_f64();
        assert!(queries.is_some_and(|queries| queries <= 3.0), "{queries:?}");
    }

    let mut explained = desk.command("rationale explain m.safetensors --json");
    let output = explained
        .arg("The hotel was dreadful. It was Friday.")
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["class"], "bad");
    assert_eq!(told["evidence"][0]["text"], "dreadful");
    assert_eq!(told["sentences"].as_array().map(Vec::len), Some(2));
    assert!(
        told["detectors"][0]["p_value"]
            .as_f64()
            .is_some_and(|p| p > 0.0)
    );

    let ran = desk.ok("rationale certify --model m.safetensors --data reviews.csv");
    says(ran.text(), &["provably stay", "certified and right"]);
}

#[test]
fn a_study_goes_on_where_it_stopped() {
    let desk = Desk::new();
    desk.put("reviews.csv", reviews(120));
    let study = "rationale study --data reviews.csv --methods fc,vib --attacks add-corpus,pwws \
                 --seeds 2 --epochs 2 -o study";
    let ran = desk.ok(study);
    says(
        ran.text(),
        &[
            "Under add-corpus full context",
            "random GR",
            "seeds 2022, 2023",
        ],
    );
    for line in ran.text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let page = desk.text("study/report.html");
    says(&page, &["piece selected", "piece added", "Training"]);
    assert!(!page.contains(" robust"));
    let whole = desk.text("study/study.json");
    let error = desk.run(study).error();
    says(&error, &["outcomes.jsonl", "--resume"]);
    let journal = desk.text("study/outcomes.jsonl");
    assert_eq!(journal.lines().count(), 4);
    let cut = journal.trim_end().len() - 40;
    desk.put("study/outcomes.jsonl", &journal[..cut]);
    desk.ok(&format!("{study} --resume"));
    // The model that was trained again took its own time.
    let but_seconds = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("\"seconds\""));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        but_seconds(&desk.text("study/study.json")),
        but_seconds(&whole)
    );
}

#[cfg(unix)]
#[test]
fn a_model_behind_a_command_is_attacked() {
    let desk = Desk::new();
    desk.put("reviews.csv", reviews(100));
    desk.put(
        "model.sh",
        "while read -r line; do case $line in *dreadful*) echo '[0.9, 0.1]';; \
         *) echo '[0.2, 0.8]';; esac; done\n",
    );
    let attack = "rationale attack --data reviews.csv --attacks deepwordbug --rows 10 --command";
    let mut command = desk.command(attack);
    let output = command.arg("sh model.sh").arg("--json").output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told[0]["result"]["attack"], "deepwordbug");
    let error = desk.command(attack).arg("exit 1").output().unwrap();
    assert_eq!(error.status.code(), Some(2));
    says(
        &String::from_utf8_lossy(&error.stderr),
        &["exit status: 1", "let it answer"],
    );
}

#[test]
fn each_fault_is_one_sentence() {
    let desk = Desk::new();
    desk.put("reviews.csv", reviews(60));
    desk.put("one.csv", "text,label\na b,x\nc d,x\ne f,x\n");
    desk.put("outside.csv", "text,label,evidence\nabc,0,2-9\nb,1,0-1\n");
    desk.put("empty.csv", "text,label\n,0\nb,1\n");
    desk.put("model.safetensors", "no model");
    for (line, parts) in [
        (
            "rationale train --data one.csv -o m",
            &["all", "are `x`", "two classes"][..],
        ),
        (
            "rationale train --data outside.csv -o m",
            &["row 1", "2 to 9", "3 characters"],
        ),
        (
            "rationale train --data empty.csv -o m",
            &["row 1", "text is empty"],
        ),
        ("rationale train --data gone.csv -o m", &["gone.csv"]),
        (
            "rationale train --method vibes -o m",
            &["unknown model `vibes`", "there are fc"],
        ),
        (
            "rationale train --method vib(ratio=7) -o m",
            &["`ratio`", "at most 0.99"],
        ),
        ("rationale train --keep 2 -o m", &["--keep is 2"]),
        (
            "rationale train --data tweets:empty.csv -o m",
            &["empty.csv", "no column `textID`"],
        ),
        (
            "rationale train --embeddings nowhere -o m",
            &["nowhere/tokenizer.json"],
        ),
        (
            "rationale attack --model model.safetensors",
            &["no model of `qualm rationale train`"],
        ),
        (
            "rationale attack --model m --attacks textfooler",
            &["unknown attack `textfooler`"],
        ),
        (
            "rationale attack --model m --attacks pwws,pwws",
            &["named twice"],
        ),
        ("rationale study --methods fc,fc", &["named twice"]),
        ("rationale certify --model m --keep .7", &["--keep is 0.7"]),
        ("rationale attack --model m --wordnet nowhere", &["nowhere"]),
    ] {
        let error = desk.run(line).error();
        says(&error, parts);
    }
    let lacking: String = reviews(60)
        .lines()
        .map(|line| {
            let end = line.rfind(',').unwrap_or(line.len());
            format!("{}\n", &line[..end])
        })
        .collect();
    desk.put("unmarked.csv", lacking);
    let error = desk
        .run("rationale train --data unmarked.csv --method vib-sup -o m")
        .error();
    says(&error, &["learns from evidence", "leave `sup` out"]);
}

#[test]
fn what_there_is_is_listed() {
    let desk = Desk::new();
    let ran = desk.ok("rationale list");
    says(
        ran.text(),
        &["vib-sup-art", "pwws-textattack", "tweets:PATH"],
    );
}
