use clap::Args;
use qualm_rationale::certify::{Certified, Vote, certify_all};
use qualm_report::{Cell, Column, Report, Table, Tone, Verdict};
use qualm_stats::random::DEFAULT_SEED;
use serde_json::json;

use super::shared::{Data, Whose};
use crate::{Ended, console};

/// Inserted sentences up to which the table goes.
const MOST: usize = 3;

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale train --keep 0.3 -o model.safetensors
  qualm rationale certify --model model.safetensors

The class of a text is put to a vote over random parts of it. Each keeps every
sentence with probability --keep, so an inserted sentence is in few of them.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    whose: Whose,

    #[command(flatten)]
    data: Data,

    /// Probability with which each sentence is kept; below 0.5
    #[arg(long, value_name = "SHARE", default_value_t = Vote::default().keep)]
    keep: f64,

    /// Parts that choose the class
    #[arg(long, value_name = "N", default_value_t = Vote::default().choosing)]
    choosing: usize,

    /// Fresh parts that bound its share of the votes
    #[arg(long, value_name = "N", default_value_t = Vote::default().bounding)]
    bounding: usize,

    /// Probability with which the bound of a text may be wrong
    #[arg(long, value_name = "SHARE", default_value_t = Vote::default().error)]
    error: f64,

    /// Seed of the parts
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let (keep, error) = (arguments.keep, arguments.error);
    if !(keep > 0.0 && keep < 0.5) {
        anyhow::bail!("--keep is {keep}; between 0 and 0.5 something can be certified");
    }
    if !(error > 0.0 && error < 1.0) {
        anyhow::bail!("--error is {error}; it must lie between 0 and 1");
    }
    if arguments.choosing == 0 || arguments.bounding == 0 {
        anyhow::bail!("--choosing and --bounding must be at least 1");
    }
    let vote = Vote {
        keep,
        choosing: arguments.choosing,
        bounding: arguments.bounding,
        error,
        seed: arguments.seed,
    };
    let splits = arguments.data.open()?;
    let subject = arguments.whose.open(&splits.training.classes)?;
    let texts: usize = splits.tests.iter().map(|set| set.examples.len()).sum();
    let bar = console::progress("texts", texts as u64);
    let mut found = Vec::new();
    for set in &splits.tests {
        let certified = certify_all(subject.victim(), set, &vote, &|| bar.inc(1))?;
        found.push((set.name.clone(), certified));
    }
    bar.finish_and_clear();
    let data: Vec<_> = found
        .iter()
        .map(|(name, certified)| as_json(name, certified))
        .collect();
    console::show(&report(&found, &vote), &data, arguments.json)?;
    Ok(Ended::Well)
}

fn as_json(name: &str, certified: &Certified) -> serde_json::Value {
    let texts = certified.certificates.iter().zip(&certified.right);
    let texts: Vec<_> = texts
        .map(|(certificate, right)| match certificate {
            None => json!(null),
            Some(c) => json!({
                "class": c.class,
                "right": right,
                "share": c.share,
                "exact": c.exact,
                "insertions": c.insertions,
            }),
        })
        .collect();
    json!({
        "data": name,
        "accuracy": certified.accuracy(),
        "certified": (0..=MOST).map(|n| certified.certified(n)).collect::<Vec<_>>(),
        "certified_accuracy":
            (0..=MOST).map(|n| certified.certified_accuracy(n)).collect::<Vec<_>>(),
        "of_one_sentence": certified.meaningless(),
        "texts": texts,
    })
}

fn report(found: &[(String, Certified)], vote: &Vote) -> Report {
    let mut report = Report::new("What no inserted sentence can change").summary(format!(
        "Votes over parts that keep each sentence with probability {}; a class that has more than \
         {:.0} % of the votes keeps one half of them whatever one more sentence says.",
        vote.keep,
        50.0 / (1.0 - vote.keep)
    ));
    for (name, certified) in found {
        let texts = certified.certificates.len();
        let share = 100.0 * certified.certified(1);
        let text = format!(
            "On {name}, {share:.1} % of {texts} votes provably stay when one sentence is inserted."
        );
        report = report.push(Verdict::new(Tone::Note, text));
        if certified.meaningless() > 0 {
            let text = format!(
                "{} texts are one sentence: a vote over parts of them means nothing, and they count \
                 as not certified.",
                certified.meaningless()
            );
            report = report.push(Verdict::new(Tone::Note, text));
        }
        let mut table = Table::new([
            Column::number("inserted"),
            Column::number("certified, %"),
            Column::number("certified and right, %"),
        ])
        .title(name)
        .note(format!(
            "The vote is right on {:.1} %. Shares are exact where a text has no more than {} parts; \
             else each bound is wrong with probability {} at most (Clopper and Pearson, one-sided).",
            100.0 * certified.accuracy(),
            vote.choosing + vote.bounding,
            vote.error
        ));
        for inserted in 0..=MOST {
            table = table.row([
                Cell::number(inserted as f64, 0),
                Cell::number(100.0 * certified.certified(inserted), 1),
                Cell::number(100.0 * certified.certified_accuracy(inserted), 1),
            ]);
        }
        report = report.push(table);
    }
    report
}
