//! How a model is run over inputs: what `model extract`, `fit --model` and `score --model` share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use qualm_data::{FeatureSet, Format, Head, Precision, Source, TensorFile, write_features};
use qualm_onnx::{
    ByteForm, ExtractOptions, Extraction, HeadSearch, InputFile, Inputs, Model, Preparation,
    Preset, Session, TextFeatures, TextSession, picture_size,
};
use qualm_text::{Pool, TextColumns, Texts, TokenTable, Tokenizer, Vectors};

use crate::console;

/// What models are run on, at the end of the help of each verb that runs one.
pub(crate) const INPUTS: &str = "\
INPUTS of a model: a folder of pictures (JPEG, PNG, WebP; folders in it are the
classes), a picture, a glob of them; with --bytes files of any kind; with
--tokenizer texts (.csv, .tsv, .jsonl, or .txt with a text a line); or rows of a
tensor: an .npy file, or the array `features` of an .npz or .safetensors file
(another: FILE:features=NAME).
Presets: imagenet (middle 87.5 %, bilinear, (x/255 - mean) / std of ImageNet),
imagenet-127 (middle 87.5 %, bicubic, (x - 127) / 128), raw (stretched, 0-255).";

#[derive(Debug, Args)]
#[command(next_help_heading = "Running the model")]
pub(crate) struct Running {
    /// How pictures are prepared; the five below change parts of it
    #[arg(long, value_name = "NAME", requires = "model")]
    preset: Option<PresetName>,

    /// Numbers taken off red, green and blue, after --scale
    #[arg(long, value_name = "R,G,B", value_parser = three, requires = "model")]
    mean: Option<[f32; 3]>,

    /// Numbers that the rest is divided by
    #[arg(long, value_name = "R,G,B", value_parser = three, requires = "model")]
    std: Option<[f32; 3]>,

    /// What bytes are divided by first
    #[arg(long, value_name = "X", requires = "model")]
    scale: Option<f32>,

    /// Share of the shorter side that the middle cut takes; 0 stretches the picture
    #[arg(long, value_name = "SHARE", requires = "model")]
    crop: Option<f64>,

    /// Size of pictures, where the model takes any
    #[arg(long, value_name = "HxW", value_parser = size, requires = "model")]
    size: Option<(usize, usize)>,

    /// Labels of files from a CSV of lines file,label
    #[arg(long, value_name = "CSV", requires = "model")]
    labels: Option<PathBuf>,

    /// Files of any kind as bytes: as Magika's models take them, or so many from the beginning and
    /// from the end, as in 1024+1024
    #[arg(
        long,
        value_name = "magika|N+M",
        value_parser = bytes,
        requires = "model",
        conflicts_with_all = ["preset", "tokenizer"]
    )]
    bytes: Option<ByteForm>,

    /// Texts, cut into tokens by this tokenizer.json (cargo feature `texts`)
    #[arg(
        long,
        value_name = "FILE",
        requires = "model",
        conflicts_with = "preset"
    )]
    tokenizer: Option<PathBuf>,

    /// How the vectors of a text's tokens become its features; `none` where the model pools itself
    /// [default: features of the model's head]
    #[arg(long, value_name = "HOW", requires = "tokenizer")]
    pool: Option<PoolName>,

    /// Divide each text's features by their length
    #[arg(long, requires = "tokenizer")]
    normalize: bool,

    /// Tensor to pool [default: the model's first output of floats]
    #[arg(long, value_name = "TENSOR", requires = "pool")]
    hidden: Option<String>,

    /// Tokens beyond which a text is cut [default: what the tokenizer says, else 512]
    #[arg(long, value_name = "N", requires = "tokenizer")]
    max_tokens: Option<usize>,

    /// Column of the texts
    #[arg(
        long,
        value_name = "NAME",
        requires = "tokenizer",
        default_value = "text"
    )]
    text_column: String,

    /// Column of their classes: whole numbers, or names [default: label, where there is one]
    #[arg(long, value_name = "NAME", requires = "tokenizer")]
    label_column: Option<String>,

    /// Column of what they are called [default: id, where there is one]
    #[arg(long, value_name = "NAME", requires = "tokenizer")]
    id_column: Option<String>,

    /// Names of the classes, one a line, where labels are names: the first is class 0 [default:
    /// the names in the file, in their order]
    #[arg(long, value_name = "FILE", requires = "tokenizer")]
    classes: Option<PathBuf>,

    /// Pass over files that cannot be read, and count them
    #[arg(long, requires = "model")]
    skip_bad: bool,

    /// Rows at once
    #[arg(
        long,
        value_name = "N",
        requires = "model",
        default_value_t = ExtractOptions::default().batch
    )]
    batch: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PresetName {
    Imagenet,
    #[value(name = "imagenet-127")]
    Imagenet127,
    Raw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PoolName {
    Mean,
    Cls,
    Max,
    None,
}

fn three(text: &str) -> Result<[f32; 3], String> {
    let numbers: Option<Vec<f32>> = text
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect();
    match numbers.as_deref() {
        Some(&[r, g, b]) => Ok([r, g, b]),
        Some(&[all]) => Ok([all; 3]),
        _ => Err("write three numbers, as in 0.485,0.456,0.406, or one for all".to_owned()),
    }
}

fn size(text: &str) -> Result<(usize, usize), String> {
    let sides = text.split_once('x').unwrap_or((text, text));
    match (sides.0.parse(), sides.1.parse()) {
        (Ok(height), Ok(width)) if height > 0 && width > 0 => Ok((height, width)),
        _ => Err("write height and width, as in 224x224".to_owned()),
    }
}

/// Bytes of one end of a file beyond which rows would fill the memory.
const LONGEST_END: usize = 1 << 24;

fn bytes(text: &str) -> Result<ByteForm, String> {
    if text == "magika" {
        return Ok(ByteForm::MAGIKA);
    }
    let parsed: Option<(usize, usize)> = text
        .split_once('+')
        .and_then(|(begin, end)| Some((begin.parse().ok()?, end.parse().ok()?)));
    match parsed {
        Some((begin, end)) if begin.max(end) <= LONGEST_END && begin + end > 0 => Ok(ByteForm {
            begin,
            end,
            strip: None,
            least: 0,
        }),
        _ => Err("write magika, or bytes of beginning and end, as in 1024+1024".to_owned()),
    }
}

/// The model of a verb that can do without.
#[derive(Debug, Args)]
#[command(next_help_heading = "Running the model")]
pub(crate) struct WithModel {
    /// Run this model over the inputs, which are no sets then but what `model extract` takes
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<PathBuf>,

    /// Take the linear layer of this node as the model's head
    #[arg(long, value_name = "NODE", requires = "model")]
    pub(crate) head_node: Option<String>,

    #[command(flatten)]
    running: Running,
}

impl WithModel {
    /// The model and these inputs, where there is a model.
    pub(crate) fn open(&self, inputs: &str) -> anyhow::Result<Option<Run>> {
        let Some(model) = &self.model else {
            return Ok(None);
        };
        open(&self.running, model, self.head_node.as_deref(), inputs).map(Some)
    }
}

/// A model and its inputs, ready to run.
pub(crate) struct Run {
    kind: Kind,
    /// The model's head, where features are what enters it.
    pub(crate) head: Option<Head>,
    inputs: String,
    /// Files that were passed over while parts were written.
    skipped: Vec<String>,
}

enum Kind {
    Model(Extraction),
    Table(Box<Vectors>),
}

impl Run {
    /// What the model says of the inputs; it runs while this is read.
    pub(crate) fn source(&self) -> &dyn Source {
        match &self.kind {
            Kind::Model(extraction) => extraction,
            Kind::Table(vectors) => vectors.as_ref(),
        }
    }

    /// Counts rows on a bar as the model answers them.
    pub(crate) fn on_progress(&mut self, bar: &ProgressBar) {
        if let Kind::Model(extraction) = &mut self.kind {
            let bar = bar.clone();
            *extraction = extraction.clone().on_progress(move |rows| bar.inc(rows));
        }
    }

    /// Runs the model into a folder, from which its answers are read as often as wanted; goes on
    /// where an earlier run into that folder was interrupted.
    pub(crate) fn spool(&mut self, folder: &Path) -> anyhow::Result<FeatureSet> {
        let bar = console::progress("extracting", self.source().schema().rows);
        self.on_progress(&bar);
        match &self.kind {
            Kind::Model(extraction) => {
                let done = extraction.into_parts(folder)?;
                if done.stood > 0 {
                    console::note(&format!(
                        "{}: {} of {} inputs stood in {} already",
                        self.inputs,
                        done.stood,
                        extraction.schema().rows,
                        folder.display()
                    ));
                }
                self.skipped = done.skipped;
            }
            Kind::Table(vectors) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("{}: cannot be created", folder.display()))?;
                let file = folder.join("part-0.safetensors");
                write_features(
                    vectors.as_ref(),
                    &file,
                    Format::Safetensors,
                    Precision::default(),
                )?;
            }
        }
        bar.finish_and_clear();
        self.warn_of_skipped();
        Ok(FeatureSet::open(&folder.display().to_string())?)
    }

    /// Whether an interruption would cost more than a part.
    pub(crate) fn is_long(&self) -> bool {
        match &self.kind {
            Kind::Model(extraction) => {
                extraction.schema().rows > extraction.inputs_of_a_part() as u64
            }
            Kind::Table(_) => false,
        }
    }

    /// Warns of each file that was passed over; says how many rows there are.
    pub(crate) fn warn_of_skipped(&self) -> u64 {
        let skipped = match &self.kind {
            Kind::Model(extraction) if self.skipped.is_empty() => extraction.skipped(),
            _ => self.skipped.clone(),
        };
        for problem in &skipped {
            console::warn(problem);
        }
        if !skipped.is_empty() {
            console::warn(&format!(
                "{}: {} files passed over",
                self.inputs,
                skipped.len()
            ));
        }
        self.source().schema().rows - skipped.len() as u64
    }
}

/// Opens model and inputs. `head` names the node of the head, where it is not the only one.
pub(crate) fn open(
    arguments: &Running,
    model: &Path,
    head: Option<&str>,
    inputs: &str,
) -> anyhow::Result<Run> {
    let without_head = |kind| Run {
        kind,
        head: None,
        inputs: inputs.to_owned(),
        skipped: Vec::new(),
    };
    let Some(tokenizer) = &arguments.tokenizer else {
        return open_rows(arguments, model, head, inputs);
    };
    let texts = Texts::open(Path::new(inputs), &arguments.columns())?;
    if let (Some(first), Some(last)) = (texts.classes().first(), texts.classes().last()) {
        console::note(&format!(
            "{inputs}: {} classes by name, {first} = 0 to {last} = {}",
            texts.classes().len(),
            texts.classes().len() - 1
        ));
    }
    let tokenizer = Tokenizer::open(tokenizer, arguments.max_tokens)?;
    let spec = model.display().to_string();
    if holds_arrays(&spec) {
        if arguments.pool.is_some_and(|pool| pool != PoolName::Mean) {
            anyhow::bail!("{spec}: of a table of token vectors the mean alone is taken");
        }
        let table = TokenTable::open(&spec)?;
        let vectors = Vectors::new(texts, tokenizer, table, arguments.normalize);
        return Ok(without_head(Kind::Table(Box::new(vectors))));
    }
    let features = arguments.pool.map(|pool| match pool {
        PoolName::Mean => TextFeatures::Pooled(Pool::Mean),
        PoolName::Cls => TextFeatures::Pooled(Pool::Cls),
        PoolName::Max => TextFeatures::Pooled(Pool::Max),
        PoolName::None => TextFeatures::Whole,
    });
    let session = TextSession::new(
        &Model::open(model)?,
        features,
        arguments.hidden.as_deref(),
        head,
        arguments.normalize,
        rayon::current_num_threads(),
    )?;
    let head = session.head().map(|head| head.head.clone());
    let extraction = Extraction::of_texts(session, texts, tokenizer, arguments.options());
    Ok(Run {
        head,
        ..without_head(Kind::Model(extraction))
    })
}

fn open_rows(
    arguments: &Running,
    model: &Path,
    head: Option<&str>,
    inputs: &str,
) -> anyhow::Result<Run> {
    if Texts::is_one(Path::new(inputs)) && arguments.bytes.is_none() {
        anyhow::bail!("{inputs}: texts are cut into tokens first; give --tokenizer tokenizer.json");
    }
    let model = Model::open(model)?;
    let head = HeadSearch::of(&model)?.choose(&model, head)?;
    let what = arguments.inputs(&model, inputs)?;
    let session = Session::new(&model, &head, rayon::current_num_threads())?;
    let extraction = Extraction::new(inputs, &session, what, arguments.options())?;
    Ok(Run {
        kind: Kind::Model(extraction),
        head: Some(head.head),
        inputs: inputs.to_owned(),
        skipped: Vec::new(),
    })
}

/// Whether a file's name says that it holds arrays.
fn holds_arrays(spec: &str) -> bool {
    let path = spec
        .rsplit_once(":features=")
        .map_or(spec, |(path, _)| path);
    Format::from_extension(Path::new(path)).is_ok()
}

impl Running {
    fn options(&self) -> ExtractOptions {
        ExtractOptions {
            batch: self.batch.max(1),
            skip_bad: self.skip_bad,
        }
    }

    fn columns(&self) -> TextColumns {
        TextColumns {
            text: self.text_column.clone(),
            label: self.label_column.clone(),
            id: self.id_column.clone(),
            classes: self.classes.clone(),
        }
    }

    fn inputs(&self, model: &Model, inputs: &str) -> anyhow::Result<Inputs> {
        if let Some(form) = self.bytes {
            let files = self.labelled(InputFile::all(inputs)?)?;
            return Ok(Inputs::Bytes { files, form });
        }
        if holds_arrays(inputs) {
            return Ok(Inputs::Tensor(TensorFile::open(inputs)?));
        }
        let Some(preset) = self.preset else {
            anyhow::bail!(
                "{inputs}: say how the model's pictures are prepared with --preset imagenet, imagenet-127 or raw; a wrong guess would give wrong features without a word (--bytes takes files of any kind, --tokenizer texts)"
            );
        };
        let files = self.labelled(InputFile::pictures(inputs)?)?;
        let (height, width, channels) = picture_size(model, self.size)?;
        let preset = match preset {
            PresetName::Imagenet => Preset::Imagenet,
            PresetName::Imagenet127 => Preset::Imagenet127,
            PresetName::Raw => Preset::Raw,
        };
        let mut preparation = Preparation::new(preset, width, height, channels);
        preparation.mean = self.mean.unwrap_or(preparation.mean);
        preparation.std = self.std.unwrap_or(preparation.std);
        preparation.scale = self.scale.unwrap_or(preparation.scale);
        match self.crop {
            None => {}
            Some(0.0) => preparation.crop = None,
            Some(share) if share > 0.0 && share <= 1.0 => preparation.crop = Some(share),
            Some(share) => anyhow::bail!("--crop {share} is no share; give a number from 0 to 1"),
        }
        if preparation.scale == 0.0 || preparation.std.contains(&0.0) {
            anyhow::bail!("--scale and --std divide, so they cannot be zero");
        }
        Ok(Inputs::Pictures { files, preparation })
    }

    fn labelled(&self, mut files: Vec<InputFile>) -> anyhow::Result<Vec<InputFile>> {
        if let Some(csv) = &self.labels {
            InputFile::label_by_csv(&mut files, csv)?;
        }
        Ok(files)
    }
}

/// The folder beside an output in which parts of it wait.
pub(crate) fn parts_beside(output: &Path, what: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(what);
    name.push(".parts");
    name.into()
}

/// Removes a folder of parts that have served.
pub(crate) fn remove_parts(folder: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(folder)
        .with_context(|| format!("{}: cannot be removed", folder.display()))
}
