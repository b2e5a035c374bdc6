use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use qualm_confidence::display::{Scenario, Study, StudyOptions, data, file, report};
use qualm_data::AtomicFile;

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm confidence display --simulate better --html display.html

Analysis only: fits how people take advice, finds the confidence that would help
them most, and tells when showing it harms. No other verb shows or stores it.",
    after_help = "\
FILE holds a JSON object a line: `first`, `advice` and `final`, the probabilities
of \"yes\" that a person gave before, that was shown as advice, and that the
person gave after it; `truth`, true where \"yes\" is right; `person` where known."
)]
pub(crate) struct Arguments {
    /// Answers before and after advice, as JSONL
    #[arg(value_name = "FILE", conflicts_with = "simulate")]
    file: Option<PathBuf>,

    /// Make people and model up instead
    #[arg(long, value_name = "CASE")]
    simulate: Option<Case>,

    /// Trials to make up
    #[arg(long, default_value_t = 8000, value_name = "N", requires = "simulate")]
    trials: usize,

    /// Write the made-up trials here, as JSONL
    #[arg(long, value_name = "FILE", requires = "simulate")]
    save: Option<PathBuf>,

    /// Share of trials (of people, where named) to fit on; the rest tests
    #[arg(long, default_value_t = StudyOptions::default().fit_share, value_name = "SHARE")]
    fit_share: f64,

    /// Bootstrap replicates behind each interval
    #[arg(long, default_value_t = StudyOptions::default().resamples, value_name = "N")]
    resamples: usize,

    /// Seed of made-up trials, split and bootstrap
    #[arg(long, default_value_t = StudyOptions::default().seed, value_name = "N")]
    seed: u64,

    /// Write an HTML report here
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Case {
    /// A calibrated model that is better than people who follow it too seldom
    Better,
    /// The same people, a model that is worse than they are and sounds as sure
    Worse,
    /// The better model and people who take over whatever they are shown
    Trusting,
}

impl Case {
    fn scenario(self) -> Scenario {
        match self {
            Case::Better => Scenario::BETTER,
            Case::Worse => Scenario::WORSE,
            Case::Trusting => Scenario::TRUSTING,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    for path in arguments.html.iter().chain(&arguments.save) {
        outputs::check(path)?;
    }
    let options = StudyOptions {
        fit_share: arguments.fit_share,
        resamples: arguments.resamples,
        seed: arguments.seed,
    };
    let (study, source) = match (&arguments.file, arguments.simulate) {
        (_, Some(case)) => {
            let scenario = case.scenario();
            if let Some(path) = &arguments.save {
                file::write(path, &scenario.draw(arguments.trials, arguments.seed))?;
            }
            let study = Study::simulated(&scenario, arguments.trials, &options)?;
            (study, format!("made up, {case:?}").to_lowercase())
        }
        (Some(path), None) => {
            let study = Study::of(&file::read(path)?, &options)?;
            (study, path.display().to_string())
        }
        (None, None) => anyhow::bail!("name a FILE of trials, or make them up with --simulate"),
    };
    let report = report(&study, &options, vec![("trials".into(), source)]);
    if let Some(path) = &arguments.html {
        let page = qualm_report::to_html(&report);
        AtomicFile::save(path, |file| file.write_all(page.as_bytes()))?;
        console::note(&format!("wrote {}", path.display()));
    }
    console::show(&report, &data(&study), arguments.json)?;
    Ok(Ended::Well)
}
