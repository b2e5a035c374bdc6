use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qualm_confidence::demo;
use qualm_confidence::evaluate::{self, By, Repair, Settings, evaluate};
use qualm_confidence::recalibrate::Method;
use qualm_data::AtomicFile;
use qualm_report::{Tone, Verdict};

use crate::{Ended, console, outputs};

/// The split that the model had examples of.
const TRAIN: &str = "add-subtract";

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm confidence demo",
    after_help = "\
The records are those of SmolLM2-135M-Instruct on sums, differences and, as the
shift, products of one and two digits; `confidence ask` wrote them. They are
measured as stated and as repaired by Platt scaling on sums and differences."
)]
pub(crate) struct Arguments {
    /// Where to write the report with diagrams
    #[arg(long, value_name = "FILE", default_value = "qualm-confidence.html")]
    html: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.html)?;
    let records = demo::records()?.strict()?;
    let settings = Settings {
        by: Some(By::Split),
        train: Some(TRAIN.into()),
        ..Settings::default()
    };
    let mut evaluation = evaluate(&records, &settings)?;
    let repair = Repair {
        method: Method::Platt,
        folds: 5,
        seed: settings.bootstrap.seed,
    };
    let repaired = evaluate::repaired(&records, settings.by.as_ref(), Some(TRAIN), &repair)?;
    evaluation.append_repaired(evaluate(&repaired, &settings)?, &repair);
    let mut report = evaluate::report(&evaluation, &[], &settings);
    let page = qualm_report::to_html(&report);
    AtomicFile::save(&arguments.html, |file| file.write_all(page.as_bytes()))?;
    report = report.push(Verdict::new(
        Tone::Note,
        format!("Diagrams are in {}.", arguments.html.display()),
    ));
    console::show(&report, &evaluation, arguments.json)?;
    Ok(Ended::Well)
}
