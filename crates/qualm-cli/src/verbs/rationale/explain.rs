use std::path::PathBuf;

use clap::Args;
use qualm_ood::Bundle;
use qualm_rationale::model::{Classifier, best};
use qualm_rationale::{Doubt, Explained, doubts, explain, passage};
use qualm_report::{Block, Cell, Column, Exhibit, Gallery, Report, Shown, Table, Tone, Verdict};
use serde_json::json;

use crate::{Ended, console};

/// Texts like those of the reference are called unlike them this often.
const LEVEL: f64 = 0.05;

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale train --method vib-sup -o model.safetensors
  qualm rationale explain model.safetensors \\
    'The soup was awful. The staff was lovely.'

Selected parts stand in [brackets].")]
pub(crate) struct Arguments {
    /// A model that `qualm rationale train` wrote
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// The text
    #[arg(value_name = "TEXT")]
    text: String,

    /// The claim or question that the text is read for
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if arguments.text.trim().is_empty() {
        anyhow::bail!("the text is empty; give one");
    }
    let classifier = Classifier::load(&arguments.model)?;
    let detectors = arguments.model.with_extension("qualm");
    let explained = explain(&classifier, &arguments.text, arguments.query.as_deref());
    let doubted = if detectors.is_file() {
        doubts(&Bundle::load(&detectors)?, &explained.reading)?
    } else {
        console::note(&format!(
            "{} is not there; whether the text is unlike the training texts is left open",
            detectors.display()
        ));
        Vec::new()
    };
    let report = report(&classifier, &arguments.text, &explained, &doubted);
    let classes = classifier.class_names();
    let sentences: Vec<_> = explained
        .sentences
        .iter()
        .map(|s| {
            json!({
                "text": arguments.text[s.span.clone()],
                "share_of_selection": s.of_selection,
                "share_of_text": s.of_text,
                "probabilities_without": s.without,
            })
        })
        .collect();
    let evidence = explained.reading.evidence.spans().into_iter();
    let detectors = doubted.iter();
    let data = json!({
        "classes": classes,
        "class": classes[explained.reading.class()],
        "probabilities": explained.reading.probabilities,
        "evidence": evidence.map(|span| json!({"start": span.start, "end": span.end,
            "text": arguments.text[span]})).collect::<Vec<_>>(),
        "probabilities_without_evidence": explained.without_evidence,
        "sentences": sentences,
        "tokens_left_out": explained.reading.left_out,
        "detectors": detectors.map(|d| json!({"detector": d.detector, "score": d.score,
            "p_value": d.p_value})).collect::<Vec<_>>(),
    });
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}

fn report(classifier: &Classifier, text: &str, explained: &Explained, doubted: &[Doubt]) -> Report {
    let classes = classifier.class_names();
    let told = |p: &[f64]| format!("{} with {:.2}", classes[best(p)], p[best(p)]);
    let reading = &explained.reading;
    let mut report = Report::new(format!("Read as {}", told(&reading.probabilities)));
    let pieces = passage(text, &reading.evidence.spans(), &[]);
    let caption = match &explained.without_evidence {
        Some(rest) => format!("without the evidence: {}", told(rest)),
        None => "this model shows no evidence".to_owned(),
    };
    report = report.push(Gallery::new("Evidence").push(Exhibit {
        name: classifier.method().label(),
        caption,
        shown: Shown::Passage { pieces },
    }));
    if reading.left_out > 0 {
        let text = format!("{} tokens at the end were not read.", reading.left_out);
        report = report.push(Verdict::new(Tone::Note, text));
    }
    let (tone, sign) = signs(text, explained, doubted);
    report = report.push(Verdict::new(tone, sign));
    if explained.sentences.len() > 1 {
        let mut table = Table::new([
            Column::text("sentence"),
            Column::number("of selection, %"),
            Column::number("of text, %"),
            Column::text("without it"),
        ])
        .title("Sentences");
        for sentence in &explained.sentences {
            let without = sentence.without.as_ref();
            table = table.row([
                Cell::text(&text[sentence.span.clone()]),
                Cell::number(100.0 * sentence.of_selection, 0),
                Cell::number(100.0 * sentence.of_text, 0),
                without.map_or(Cell::Missing, |p| Cell::text(told(p))),
            ]);
        }
        report = report.push(table);
    }
    if !doubted.is_empty() {
        let mut table = Table::new([
            Column::text("detector"),
            Column::number("score"),
            Column::number("p-value"),
        ])
        .title("How unlike the training texts");
        for doubt in doubted {
            table = table.row([
                Cell::text(&doubt.detector),
                Cell::number(doubt.score, 3),
                Cell::PValue(doubt.p_value),
            ]);
        }
        report = report.push(table);
    }
    report.push(Block::Text(
        "A sentence that decides may have been inserted, or be all that the text says: these are \
         signs, not proof."
            .to_owned(),
    ))
}

/// What speaks for an inserted sentence.
fn signs(text: &str, explained: &Explained, doubted: &[Doubt]) -> (Tone, String) {
    let unlike = doubted.iter().find(|doubt| doubt.p_value < LEVEL);
    let unlike = match unlike {
        Some(d) => format!(
            " {} calls it unlike the training texts (p = {:.3}).",
            d.detector, d.p_value
        ),
        None => String::new(),
    };
    match explained.deciding() {
        Some(sentence) => {
            let share = 100.0 * sentence.of_selection;
            let words = &text[sentence.span.clone()];
            let text = format!(
                "One sentence decides, and holds {share:.0} % of the selection: `{words}` Without it \
                 another class is predicted.{unlike}"
            );
            (Tone::Mixed, text)
        }
        None if unlike.is_empty() => (Tone::Good, "No single sentence decides.".to_owned()),
        None => (Tone::Mixed, format!("No single sentence decides.{unlike}")),
    }
}
