use std::path::PathBuf;

use clap::Args;
use qualm_rationale::fit_doubts;
use qualm_rationale::model::{Material, Method, train};
use qualm_report::{Block, Report, Tone, Verdict};
use qualm_stats::random::DEFAULT_SEED;
use serde_json::json;

use super::shared::{Data, SuppliesArguments, TrainingArguments};
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale train --method vib-sup -o model.safetensors

Beside the model stand detectors of texts unlike those it was trained on, in
model.qualm; `qualm rationale explain` takes them from there.")]
pub(crate) struct Arguments {
    /// What is trained; see `qualm rationale list`
    #[arg(long, value_name = "MODEL", default_value = "vib")]
    method: String,

    #[command(flatten)]
    data: Data,

    #[command(flatten)]
    training: TrainingArguments,

    #[command(flatten)]
    supplies: SuppliesArguments,

    /// Seed of first parameters, order and draws
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Where the model is written
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let method = Method::parse(&arguments.method)?;
    let options = arguments.training.with_seed(arguments.seed)?;
    let splits = arguments.data.open()?;
    let supplies = arguments.supplies.open(&splits.training)?;
    let bar = console::progress("passes", options.epochs as u64);
    let pretrained = arguments.training.pretrained()?;
    let material = Material {
        training: &splits.training,
        validation: &splits.validation,
        neutral: &supplies.taught,
        pretrained: pretrained.as_ref(),
    };
    let trained = train(method, &options, material, &mut |epoch| {
        bar.set_position(epoch.number as u64);
    });
    bar.finish_and_clear();
    let (classifier, course) = trained?;
    classifier.save(&arguments.output)?;
    let detectors = arguments.output.with_extension("qualm");
    fit_doubts(&classifier, &splits.training, &splits.validation)?.save(&detectors)?;
    let kept = course.kept();
    let (tone, text) = if kept.collapsed {
        (
            Tone::Bad,
            "All validation texts get one class: training collapsed. Try another seed.".to_owned(),
        )
    } else {
        let text = format!(
            "Right on {:.1} % of {} validation texts.",
            100.0 * kept.accuracy,
            splits.validation.examples.len()
        );
        (Tone::Good, text)
    };
    let settings = [
        ("model", method.to_string()),
        ("training texts", splits.training.examples.len().to_string()),
        ("texts cut", course.cut.to_string()),
        ("passes", course.epochs.len().to_string()),
        ("pass kept", course.best.to_string()),
        ("seed", arguments.seed.to_string()),
        ("seconds", format!("{:.1}", course.seconds)),
        ("written", arguments.output.display().to_string()),
        ("detectors", detectors.display().to_string()),
    ];
    let report = Report::new(format!("{} trained", method.label()))
        .push(Verdict::new(tone, text))
        .push(Block::Settings(
            settings
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
        ));
    let data = json!({
        "method": method.to_string(),
        "seed": arguments.seed,
        "validation_accuracy": kept.accuracy,
        "collapsed": kept.collapsed,
        "passes": course.epochs.len(),
        "best": course.best,
        "texts_cut": course.cut,
        "seconds": course.seconds,
    });
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}
