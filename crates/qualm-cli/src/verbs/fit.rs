use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use qualm_data::{FeatureSet, Head, Source};
use qualm_ood::{
    FitInput, FitOptions, Recipe, RulerRows, Shard, Split, Weights, calibrate, fit,
    fit_shard_pass1, fit_shard_pass2, fit_with_checkpoints,
};
use qualm_stats::random::DEFAULT_SEED;

use crate::cli::SETS;
#[cfg(feature = "run-models")]
use crate::verbs::model::running::{self, WithModel};
use crate::{Ended, console, inputs, outputs};

/// Share of rows held back where no reference is given.
const HOLD_BACK: f64 = 0.2;

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example:
  qualm demo --export demo-data
  qualm fit --train demo-data/train.npz --head demo-data/head.npz \\
    --reference demo-data/val.npz --methods 'vim,knn(k=50)' -o model.qualm

With a model file, from pictures to detectors:
# qualm fit --model model.onnx --preset imagenet --train photos/ -o model.qualm

In shards, on any number of machines: see qualm merge --help",
    after_help = SETS
)]
pub(crate) struct Arguments {
    /// Rows to fit on, in distribution; rows with a negative label are passed over
    #[arg(long, value_name = "SET")]
    train: String,

    /// The classifier's last layer: a .npz or .safetensors file with weight (C x D) and bias (C)
    #[arg(long, value_name = "HEAD", conflicts_with = "plan")]
    head: Option<String>,

    /// Methods, separated by commas, or `all` that can be fitted; see `qualm methods`
    #[arg(
        long,
        default_value = "vim",
        value_name = "LIST",
        conflicts_with = "plan"
    )]
    methods: String,

    /// In-distribution rows that neither classifier nor detector has seen: they turn scores into
    /// p-values and thresholds; `combined` compares its parts on a third of them
    #[arg(long, value_name = "SET", conflicts_with_all = ["hold_back", "pass"])]
    reference: Option<String>,

    /// Share of the training rows to hold back as reference instead, whole groups at a time
    /// [default: 0.2 without --reference]
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "plan")]
    hold_back: Option<f64>,

    /// Seed of the rows that are held back
    #[arg(long, default_value_t = DEFAULT_SEED, value_name = "N", conflicts_with = "plan")]
    seed: u64,

    /// Gigabytes that statistics may take; a method that needs more is refused
    #[arg(long, default_value_t = 8.0, value_name = "GB", value_parser = gigabytes)]
    memory: f64,

    /// Numbers that matrices are held in: f16 halves the bundle's
    #[arg(long, value_enum, default_value_t = Numbers::F32, conflicts_with = "plan")]
    weights: Numbers,

    /// Where to write the bundle, or the part of a fit
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Keep what is done in this folder, so that the same command goes on where it was interrupted;
    /// the folder is removed when the bundle stands
    #[arg(long, value_name = "FOLDER", conflicts_with = "pass")]
    checkpoint: Option<PathBuf>,

    /// Run pass 1 or 2 over one shard; `qualm merge` joins the parts
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    pass: Option<u8>,

    /// Which part of --train to read, as in 2/5; cuts fall between blocks of 4096 rows
    #[arg(long, value_name = "I/N", value_parser = part, requires = "pass")]
    shard: Option<Shard>,

    /// Where --train is itself a shard: the number of its first row in the whole
    #[arg(long, value_name = "ROW", requires = "pass", conflicts_with = "shard")]
    first_row: Option<u64>,

    /// For --pass 2: what `qualm merge` made of the parts of pass 1
    #[arg(long, value_name = "FILE", requires = "pass")]
    plan: Option<PathBuf>,

    #[cfg(feature = "run-models")]
    #[command(flatten)]
    with_model: WithModel,
}

/// [`Weights`] as a word.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Numbers {
    F32,
    F16,
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..1.0).contains(&share) {
        Ok(share)
    } else {
        Err("must be from 0 to below 1".to_owned())
    }
}

fn gigabytes(text: &str) -> Result<f64, String> {
    let size: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if size > 0.0 && size < 1e9 {
        Ok(size)
    } else {
        Err("must be above 0".to_owned())
    }
}

fn part(text: &str) -> Result<Shard, String> {
    let parsed = text
        .split_once('/')
        .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((index, count)) if index >= 1 && index <= count => {
            let index: u64 = index;
            Ok(Shard::Part {
                index: index - 1,
                count,
            })
        }
        _ => Err("write I/N with I from 1 to N, as in 2/5".to_owned()),
    }
}

/// Where a model's answers stand while detectors are fitted to them. Fitting reads rows twice, and a
/// model is run once: its answers go to files beside the bundle, not to memory, which a million
/// rows of a thousand features would fill.
#[derive(Default)]
struct Models {
    parts: Vec<PathBuf>,
}

impl Models {
    /// A set of rows, with the head of the model that made them, where one was run.
    #[cfg(feature = "run-models")]
    fn open(
        &mut self,
        arguments: &Arguments,
        inputs: &str,
        role: &str,
    ) -> anyhow::Result<(FeatureSet, Option<Head>)> {
        let Some(mut run) = arguments.with_model.open(inputs)? else {
            return Ok((FeatureSet::open(inputs)?, None));
        };
        if arguments.pass.is_some() {
            anyhow::bail!(
                "--pass fits to a shard of a set; run `qualm model extract` first, or leave --pass out"
            );
        }
        let folder = running::parts_beside(&arguments.output, role);
        let set = run.spool(&folder)?;
        self.parts.push(folder);
        Ok((set, run.head))
    }

    /// A set of rows; a build without models takes no others.
    #[cfg(not(feature = "run-models"))]
    fn open(
        &mut self,
        _: &Arguments,
        inputs: &str,
        _: &str,
    ) -> anyhow::Result<(FeatureSet, Option<Head>)> {
        Ok((FeatureSet::open(inputs)?, None))
    }

    /// Removes the files, which have served.
    fn remove_parts(&self) -> anyhow::Result<()> {
        for folder in &self.parts {
            std::fs::remove_dir_all(folder)
                .with_context(|| format!("{}: cannot be removed", folder.display()))?;
        }
        Ok(())
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let mut models = Models::default();
    let (train, head_of_model) = models.open(arguments, &arguments.train, ".train")?;
    let held_back = match arguments.reference {
        Some(_) => 0.0,
        None => arguments.hold_back.unwrap_or(HOLD_BACK),
    };
    let options = FitOptions {
        split: Split {
            fraction: held_back,
            seed: arguments.seed,
        },
        // A fit in shards cannot be given --reference; what it lacks, `calibrate` gives.
        ruler: match held_back > 0.0 || (arguments.reference.is_none() && arguments.pass.is_none())
        {
            true => RulerRows::default(),
            false => RulerRows::Reference,
        },
        memory: (arguments.memory * 1e9) as u64,
        weights: match arguments.weights {
            Numbers::F32 => Weights::F32,
            Numbers::F16 => Weights::F16,
        },
    };
    let shard = arguments
        .shard
        .unwrap_or(Shard::Starting(arguments.first_row.unwrap_or(0)));
    let output = &arguments.output;
    if arguments.pass == Some(2) {
        let Some(plan) = &arguments.plan else {
            anyhow::bail!("--pass 2 needs the merged first pass: give --plan FILE");
        };
        let bar = console::progress("second pass", train.schema().rows);
        fit_shard_pass2(&train, plan, shard, output, &mut |rows| bar.inc(rows))?;
        bar.finish_and_clear();
        console::note(&format!("wrote {}", output.display()));
        return Ok(Ended::Well);
    }
    let head = inputs::head(arguments.head.as_deref())?.or(head_of_model);
    let input = FitInput {
        train: &train,
        head: head.as_ref(),
    };
    let recipes = Recipe::parse_list(&arguments.methods)?;
    if arguments.pass == Some(1) {
        let bar = console::progress("first pass", train.schema().rows);
        fit_shard_pass1(input, &recipes, &options, shard, output, &mut |rows| {
            bar.inc(rows)
        })?;
        bar.finish_and_clear();
        console::note(&format!("wrote {}", output.display()));
        return Ok(Ended::Well);
    }
    let reference = match &arguments.reference {
        Some(reference) => Some(models.open(arguments, reference, ".reference")?.0),
        None => None,
    };
    let bar = console::progress("fitting", 2 * train.schema().rows);
    let mut progress = |rows| bar.inc(rows);
    let mut fitted = match &arguments.checkpoint {
        None => fit(input, &recipes, &options, &mut progress)?,
        Some(folder) => fit_with_checkpoints(input, &recipes, &options, folder, &mut progress)?,
    };
    bar.finish_and_clear();
    for warning in &fitted.warnings {
        console::warn(warning);
    }
    if let Some(reference) = &reference {
        calibrate(&mut fitted.bundle, reference)?;
    } else if held_back > 0.0 {
        console::note(
            "note: the reference is held back from --train. If the classifier was trained on these \
             rows, inputs to come will look stranger than they do and raise more false alarms than \
             promised; give rows that it has not seen with --reference.",
        );
    }
    fitted.bundle.save(output)?;
    models.remove_parts()?;
    if let Some(folder) = &arguments.checkpoint {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("{}: cannot be removed", folder.display()))?;
    }
    for detector in fitted.bundle.detectors() {
        if let Some(note) = detector.note() {
            console::note(&format!("{}: {note}", detector.name()));
        }
    }
    let tally = fitted.bundle.tally();
    let names: Vec<&str> = fitted.bundle.names().collect();
    let reference = fitted
        .bundle
        .reference()
        .map_or(0, |reference| reference.len());
    console::note(&format!(
        "fitted {} on {} rows in {} {}, {reference} reference rows: wrote {}",
        names.join(", "),
        tally.fitted,
        fitted.passes,
        if fitted.passes == 1 { "pass" } else { "passes" },
        output.display()
    ));
    Ok(Ended::Well)
}
