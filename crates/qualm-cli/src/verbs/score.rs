use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use qualm_data::{
    AtomicFile, FeatureSet, KeyColumn, Source, TableColumn, TableField, TableFormat, TableWriter,
};
use qualm_ood::{Bundle, DecideOptions, Decided, Decider, Outcome, Rule};
use qualm_report::{Block, Gallery, Histograms, Report};

use crate::cli::SETS;
use crate::gallery::{Place, SHOWN};
#[cfg(feature = "run-models")]
use crate::verbs::model::running::{self, Run, WithModel};
use crate::{Ended, console, gallery, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm score model.qualm demo-data/textures.npz --format csv -o scores.csv
# qualm score model.qualm photos/ --model model.onnx --preset imagenet

Columns: id, then for each method NAME.score (higher = less like the training
data), NAME.p (share of the reference that looks at least as unlike) and
NAME.flag (1 where p is small enough for --false-alarms or --fdr).",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Rows to score; `-` reads standard input
    #[arg(value_name = "SET")]
    input: String,

    /// Format to write [default: by the extension of the output, else csv]
    #[arg(long)]
    format: Option<Format>,

    /// Where to write; `-` is standard output [default: -]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Flag rows so that this share of in-distribution rows is flagged, on average
    #[arg(
        long,
        default_value_t = 0.05,
        value_name = "RATE",
        conflicts_with = "fdr"
    )]
    false_alarms: f64,

    /// Flag rows so that this share of the flags is false, on average, over the batch
    /// (Benjamini-Hochberg); keeps the batch's scores in memory
    #[arg(long, value_name = "RATE")]
    fdr: Option<f64>,

    /// Compare each row with the reference rows that are predicted as the same class
    #[arg(long)]
    per_class: bool,

    /// Write a report here: scores of each method, and the most and the least suspicious inputs
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Where the inputs are, for the report: a folder of pictures that ids are paths in, or a file
    /// of texts (.txt, .jsonl, .csv, .tsv)
    #[arg(long, value_name = "PATH", requires = "html")]
    inputs: Option<PathBuf>,

    #[cfg(feature = "run-models")]
    #[command(flatten)]
    with_model: WithModel,
}

/// Bins of a histogram.
const BINS: usize = 60;

/// The path that means standard output.
const STDOUT: &str = "-";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Parquet,
    Safetensors,
}

impl Format {
    fn table(self) -> TableFormat {
        match self {
            Self::Csv => TableFormat::Csv,
            Self::Jsonl => TableFormat::Jsonl,
            Self::Parquet => TableFormat::Parquet,
            Self::Safetensors => TableFormat::Safetensors,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let bundle = Bundle::load(&arguments.bundle)?;
    if let Some(path) = &arguments.html {
        outputs::check(path)?;
    }
    let opened = Opened::of(arguments)?;
    bundle.check_rows(opened.source().name(), opened.source().schema())?;
    let decider = if bundle.reference().is_some() {
        let rule = arguments.fdr.map_or(
            Rule::FalseAlarms(arguments.false_alarms),
            Rule::FalseDiscovery,
        );
        Decider::new(
            &bundle,
            DecideOptions {
                rule,
                per_class: arguments.per_class,
            },
        )?
    } else if arguments.fdr.is_some() || arguments.per_class {
        // Says that a reference is missing, and how to get one.
        Decider::new(&bundle, DecideOptions::default())?
    } else {
        console::warn(
            "the bundle holds no reference, so there are scores alone, without p-values and flags; \
             give it one with `qualm calibrate`",
        );
        Decider::scores_alone(&bundle)
    };
    for warning in decider.warnings() {
        console::warn(warning);
    }
    let place = arguments.inputs.as_deref().map(Place::of).transpose()?;
    let mut writer = writer(arguments, fields(&bundle))?;
    #[cfg(feature = "run-models")]
    let opened = match &arguments.html {
        Some(report) => opened.kept_for(report)?,
        None => opened,
    };
    let input = opened.source();
    let bar = console::progress("scoring", input.schema().rows);
    // For the report, the scores of each detector.
    let mut scores = vec![Vec::new(); bundle.detectors().len()];
    let outcome = decider.run(input, &mut |decided| {
        bar.inc(decided.rows() as u64);
        if arguments.html.is_some() {
            let each = scores.iter_mut().enumerate();
            each.for_each(|(at, scores)| scores.extend_from_slice(decided.scores(at)));
        }
        Ok(write(&mut writer, &bundle, decided)?)
    })?;
    writer.finish()?;
    bar.finish_and_clear();
    opened.warn_of_skipped();
    for warning in &outcome.warnings {
        console::warn(warning);
    }
    for (name, flagged) in bundle.names().zip(outcome.flagged.iter().flatten()) {
        console::note(&format!(
            "{name}: {flagged} of {} rows flagged",
            outcome.rows
        ));
    }
    if let Some(path) = arguments
        .output
        .as_ref()
        .filter(|path| *path != Path::new(STDOUT))
    {
        console::note(&format!("wrote {}", path.display()));
    }
    if let Some(path) = &arguments.html {
        let title = format!("Scores of {}", arguments.input);
        let report = report(title, place.as_ref(), &bundle, input, &scores, &outcome)?;
        let page = qualm_report::to_html(&report);
        AtomicFile::save(path, |file| file.write_all(page.as_bytes()))?;
        console::note(&format!("wrote {}", path.display()));
    }
    opened.remove_parts()?;
    Ok(Ended::Well)
}

/// What a person looks at first: how scores lie, and the inputs at their ends.
fn report(
    title: String,
    place: Option<&Place>,
    bundle: &Bundle,
    input: &dyn Source,
    scores: &[Vec<f64>],
    outcome: &Outcome,
) -> anyhow::Result<Report> {
    let mut report = Report::new(title).summary(format!(
        "{} rows. Outlier scores: higher means less like the training data.",
        outcome.rows
    ));
    for (at, (name, scores)) in bundle.names().zip(scores).enumerate() {
        report = report.push(Block::Heading(name.to_owned()));
        if let Some(flagged) = outcome.flagged.as_ref().and_then(|flagged| flagged.get(at)) {
            let text = format!("{flagged} of {} rows flagged.", outcome.rows);
            report = report.push(Block::Text(text));
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let ends = [
            ("Most suspicious", order.iter().take(SHOWN).collect()),
            ("Least suspicious", order.iter().rev().take(SHOWN).collect()),
        ];
        for (title, rows) in ends {
            let rows: Vec<&usize> = rows;
            let caption = |&&row: &&usize| (row as u64, format!("score {:.3}", scores[row]));
            let rows: Vec<(u64, String)> = rows.iter().map(caption).collect();
            let mut gallery = Gallery::new(title);
            gallery.exhibits = gallery::exhibits(input, place, &rows)?;
            report = report.push(gallery);
        }
        let label = "outlier score";
        let lies = Histograms::of(
            format!("Scores of {name}"),
            label,
            BINS,
            [("rows", &scores[..])],
        );
        report = report.push(lies);
    }
    Ok(report)
}

/// What is scored: a set, or what a model says of inputs.
enum Opened {
    Set(Box<FeatureSet>),
    /// While the model runs: its answers are read once, so nothing of them is kept.
    #[cfg(feature = "run-models")]
    Run(Box<Run>),
    /// From a folder of parts, which a report looks into once more.
    #[cfg(feature = "run-models")]
    Parts(Box<FeatureSet>, PathBuf),
}

impl Opened {
    fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        #[cfg(feature = "run-models")]
        if let Some(run) = arguments.with_model.open(&arguments.input)? {
            return Ok(Self::Run(Box::new(run)));
        }
        Ok(Self::Set(Box::new(FeatureSet::open(&arguments.input)?)))
    }

    /// What can be read more than once, for this report: what a model says is kept beside it.
    #[cfg(feature = "run-models")]
    fn kept_for(self, report: &Path) -> anyhow::Result<Self> {
        match self {
            Self::Run(mut run) => {
                let folder = running::parts_beside(report, "");
                Ok(Self::Parts(Box::new(run.spool(&folder)?), folder))
            }
            kept => Ok(kept),
        }
    }

    fn source(&self) -> &dyn Source {
        match self {
            Self::Set(set) => set.as_ref(),
            #[cfg(feature = "run-models")]
            Self::Run(run) => run.source(),
            #[cfg(feature = "run-models")]
            Self::Parts(set, _) => set.as_ref(),
        }
    }

    /// Warns of files that were passed over, where that was not done before.
    fn warn_of_skipped(&self) {
        #[cfg(feature = "run-models")]
        if let Self::Run(run) = self {
            run.warn_of_skipped();
        }
    }

    /// Removes the folder of parts, which has served.
    fn remove_parts(&self) -> anyhow::Result<()> {
        #[cfg(feature = "run-models")]
        if let Self::Parts(_, folder) = self {
            running::remove_parts(folder)?;
        }
        Ok(())
    }
}

fn fields(bundle: &Bundle) -> Vec<TableField> {
    let mut fields = vec![TableField::key("id")];
    for name in bundle.names() {
        fields.push(TableField::float(format!("{name}.score")));
        if bundle.reference().is_some() {
            fields.push(TableField::float(format!("{name}.p")));
            fields.push(TableField::flag(format!("{name}.flag")));
        }
    }
    fields
}

fn writer(arguments: &Arguments, fields: Vec<TableField>) -> anyhow::Result<TableWriter> {
    let path = arguments.output.as_deref().unwrap_or(Path::new(STDOUT));
    let format = match arguments.format {
        Some(format) => format.table(),
        None if path == Path::new(STDOUT) => TableFormat::Csv,
        None => TableFormat::from_path(path)?,
    };
    Ok(TableWriter::create(path, format, fields)?)
}

fn write(
    writer: &mut TableWriter,
    bundle: &Bundle,
    decided: &Decided,
) -> Result<(), qualm_data::DataError> {
    let first = decided.first_row() as i64;
    let numbers = KeyColumn::Int((first..first + decided.rows() as i64).collect());
    let ids = if decided.ids().is_empty() {
        &numbers
    } else {
        decided.ids()
    };
    let mut columns = vec![TableColumn::Keys(ids)];
    for detector in 0..bundle.detectors().len() {
        columns.push(TableColumn::Floats(decided.scores(detector)));
        columns.extend(decided.p_values(detector).map(TableColumn::Floats));
        columns.extend(decided.flags(detector).map(TableColumn::Flags));
    }
    writer.append(&columns)
}
