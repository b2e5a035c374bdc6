//! Confidences that language models stated for MMLU questions, repaired: fitted on one half of the
//! questions, measured on the other (`docs/data.md`). `--nocapture` prints the table of
//! `docs/confidence.md`.
#![allow(clippy::print_stdout, reason = "figures for the documentation")]

#[path = "common/data.rs"]
mod data;

use data::data_file;
use qualm_confidence::Kind;
use qualm_confidence::recalibrate::{Change, Method, Part, compare, fit_records};
use qualm_confidence::records::{Record, RecordReader};

const MODELS: [&str; 10] = [
    "Claude_Opus_4_6",
    "Claude_Sonnet_4_6",
    "Claude_Haiku_4.5",
    "GPT-5.4",
    "GPT-5.4_mini",
    "Gemini_2.5_Pro",
    "Gemma_3_27B",
    "Gemma_3_12B",
    "Gemma_3_1B",
    "Qwen_3_235B_A22B_Instruct",
];

/// Answers to questions with even numbers, and to those with odd ones.
fn halves(model: &str) -> Option<(Vec<Record>, Vec<Record>)> {
    let file = data_file(&format!("data/verbal_confidence_mmlu/{model}.csv"))?;
    let columns = "id=item_id,correct=is_correct,verbal_number=confidence/100";
    let mut reader = RecordReader::default();
    reader.csv(file, &columns.parse().unwrap()).unwrap();
    let records = reader.finish().strict().unwrap();
    let even = |record: &Record| record.id.parse::<u64>().unwrap().is_multiple_of(2);
    Some(records.into_iter().partition(even))
}

fn repaired(fitting: &[Record], new: &[Record], method: Method) -> Change {
    let part = Part::Kind(Kind::VerbalNumber);
    let fitted = fit_records(fitting, part, method).unwrap().saved;
    fitted
        .ids
        .refuse(new.iter().map(|r| r.id.as_str()))
        .unwrap();
    let mut after = new.to_vec();
    fitted.apply(&mut after).unwrap();
    compare(new, &after, part, None).unwrap().remove(0)
}

#[test]
fn stated_confidence_is_repaired_for_new_questions() {
    let mut models = Vec::new();
    for model in MODELS {
        let Some(halves) = halves(model) else {
            return;
        };
        models.push(halves);
    }
    let count = models.len() as f64;
    println!("| method | ECE | Brier | NLL | models with a lower Brier score |");
    println!("|---|---|---|---|---|");
    let mut stated = 0.0;
    for method in Method::ALL
        .into_iter()
        .filter(|method| method.takes_confidence())
    {
        let changes = models.iter().map(|(a, b)| repaired(a, b, method));
        let changes: Vec<Change> = changes.collect();
        let mean = |of: &dyn Fn(&Change) -> f64| changes.iter().map(of).sum::<f64>() / count;
        if stated == 0.0 {
            stated = mean(&|c| c.before.brier);
            println!(
                "| as stated | {:.3} | {stated:.3} | {:.3} | |",
                mean(&|c| c.before.ece),
                mean(&|c| c.before.nll)
            );
        }
        let brier = mean(&|c| c.after.brier);
        let better = changes
            .iter()
            .filter(|c| c.after.brier < c.before.brier)
            .count();
        println!(
            "| {method} | {:.3} | {brier:.3} | {:.3} | {better} of {count} |",
            mean(&|c| c.after.ece),
            mean(&|c| c.after.nll)
        );
        assert!(brier < stated, "{method}: {brier} {stated}");
    }
}
