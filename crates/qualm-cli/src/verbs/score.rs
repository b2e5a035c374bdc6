use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use qualm_data::{
    FeatureSet, KeyColumn, Source, TableColumn, TableField, TableFormat, TableWriter,
};
use qualm_ood::{Bundle, DecideOptions, Decided, Decider, Rule};

use crate::cli::SETS;
use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm score model.qualm demo-data/textures.npz --format csv -o scores.csv

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
}

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
    let input = FeatureSet::open(&arguments.input)?;
    bundle.check_rows(input.name(), input.schema())?;
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
    let mut writer = writer(arguments, fields(&bundle))?;
    let bar = console::progress("scoring", input.schema().rows);
    let outcome = decider.run(&input, &mut |decided| {
        bar.inc(decided.rows() as u64);
        Ok(write(&mut writer, &bundle, decided)?)
    })?;
    writer.finish()?;
    bar.finish_and_clear();
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
    Ok(Ended::Well)
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
