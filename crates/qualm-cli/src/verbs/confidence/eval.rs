use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qualm_confidence::evaluate::{self, By, Evaluation, Repair, Settings, evaluate};
use qualm_confidence::recalibrate::Method;
use qualm_confidence::records::BadLine;
use qualm_data::AtomicFile;
use qualm_stats::Bootstrap;
use serde::Serialize;

use super::input::{Input, RECORDS};
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(before_help = super::EXAMPLE, after_help = RECORDS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,

    /// Tell groups of records apart: shift (by split), model, or tag:NAME
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,

    /// The group whose accuracy a constant states, for comparison [default: each group's own]
    #[arg(long, value_name = "GROUP", requires = "by")]
    train: Option<String>,

    /// Measure also what confidence becomes by this recalibrator, fitted to other records: to the
    /// group that --train names, else by cross-validation within each group
    #[arg(long, value_name = "METHOD")]
    recalibrate: Option<Method>,

    /// Folds of that cross-validation
    #[arg(long, default_value_t = 5, value_name = "N")]
    folds: usize,

    /// Bins, for measures that have bins
    #[arg(long, default_value_t = Settings::default().bins, value_name = "N")]
    bins: usize,

    /// Resamples behind the 95 % intervals; records that share a source are drawn together. 0
    /// gives no intervals
    #[arg(long = "ci", default_value_t = Settings::default().bootstrap.resamples, value_name = "N")]
    resamples: usize,

    /// Seed of the resamples
    #[arg(long, default_value_t = Settings::default().bootstrap.seed, value_name = "N")]
    seed: u64,

    /// Write the report with diagrams here
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    bins: usize,
    resamples: usize,
    seed: u64,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    bad_lines: &'a [BadLine],
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.html {
        outputs::check(path)?;
    }
    let records = arguments.input.read()?;
    let settings = Settings {
        by: arguments.by.clone(),
        bins: arguments.bins,
        bootstrap: Bootstrap {
            resamples: arguments.resamples,
            seed: arguments.seed,
            ..Bootstrap::default()
        },
        train: arguments.train.clone(),
    };
    let mut evaluation = evaluate(&records.records, &settings)?;
    if evaluation.results.is_empty() {
        anyhow::bail!("no graded record states a confidence: see the fields in --help");
    }
    if let Some(method) = &arguments.recalibrate {
        let repair = Repair {
            method: *method,
            folds: arguments.folds,
            seed: arguments.seed,
        };
        let (by, train) = (settings.by.as_ref(), settings.train.as_deref());
        let repaired = evaluate::repaired(&records.records, by, train, &repair)?;
        evaluation.append_repaired(evaluate(&repaired, &settings)?, &repair);
    }
    let report = evaluate::report(&evaluation, &records.bad, &settings);
    if let Some(path) = &arguments.html {
        let page = qualm_report::to_html(&report);
        AtomicFile::save(path, |file| file.write_all(page.as_bytes()))?;
    }
    let data = Data {
        bins: settings.bins,
        resamples: settings.bootstrap.resamples,
        seed: settings.bootstrap.seed,
        evaluation: &evaluation,
        bad_lines: &records.bad,
    };
    console::show(&report, &data, arguments.json)?;
    Ok(Ended::Well)
}
