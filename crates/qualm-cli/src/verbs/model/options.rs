//! What is said about running a model: the options that verbs share, and what they mean.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use qualm_data::{Format, TensorFile};
use qualm_onnx::{
    ByteForm, ExtractOptions, InputFile, Inputs, Model, Preparation, Preset, RuntimeKind,
    RuntimeOptions, TextFeatures, picture_size,
};
use qualm_text::{Pool, TextColumns};

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
    pub(super) bytes: Option<ByteForm>,

    /// Texts, cut into tokens by this tokenizer.json (cargo feature `texts`)
    #[arg(
        long,
        value_name = "FILE",
        requires = "model",
        conflicts_with = "preset"
    )]
    pub(super) tokenizer: Option<PathBuf>,

    /// How the vectors of a text's tokens become its features; `none` where the model pools itself
    /// [default: features of the model's head]
    #[arg(long, value_name = "HOW", requires = "tokenizer")]
    pub(super) pool: Option<PoolName>,

    /// Divide each text's features by their length
    #[arg(long, requires = "tokenizer")]
    pub(super) normalize: bool,

    /// Tensor to pool [default: the model's first output of floats]
    #[arg(long, value_name = "TENSOR", requires = "pool")]
    pub(super) hidden: Option<String>,

    /// Tokens beyond which a text is cut [default: what the tokenizer says, else 512]
    #[arg(long, value_name = "N", requires = "tokenizer")]
    pub(super) max_tokens: Option<usize>,

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

    /// What runs the model: rten, or ONNX Runtime from the library that ORT_DYLIB_PATH names (cargo
    /// feature `ort`)
    #[arg(long, value_name = "NAME", requires = "model", default_value = "rten")]
    runtime: RuntimeName,

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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RuntimeName {
    Rten,
    Ort,
}

impl RuntimeName {
    pub(crate) fn kind(self) -> RuntimeKind {
        match self {
            Self::Rten => RuntimeKind::Rten,
            Self::Ort => RuntimeKind::OnnxRuntime,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PoolName {
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

impl Running {
    pub(super) fn options(&self) -> ExtractOptions {
        ExtractOptions {
            batch: self.batch.max(1),
            skip_bad: self.skip_bad,
        }
    }

    /// What the model runs on, with all threads.
    pub(super) fn runtime(&self) -> RuntimeOptions {
        RuntimeOptions {
            kind: self.runtime.kind(),
            threads: rayon::current_num_threads(),
        }
    }

    /// What becomes a text's features, where it is not what enters the model's head.
    pub(super) fn features(&self) -> Option<TextFeatures> {
        self.pool.map(|pool| match pool {
            PoolName::Mean => TextFeatures::Pooled(Pool::Mean),
            PoolName::Cls => TextFeatures::Pooled(Pool::Cls),
            PoolName::Max => TextFeatures::Pooled(Pool::Max),
            PoolName::None => TextFeatures::Whole,
        })
    }

    pub(super) fn columns(&self) -> TextColumns {
        TextColumns {
            text: self.text_column.clone(),
            label: self.label_column.clone(),
            id: self.id_column.clone(),
            classes: self.classes.clone(),
        }
    }

    pub(super) fn inputs(&self, model: &Model, inputs: &str) -> anyhow::Result<Inputs> {
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

/// Whether a file's name says that it holds arrays.
pub(super) fn holds_arrays(spec: &str) -> bool {
    let path = spec
        .rsplit_once(":features=")
        .map_or(spec, |(path, _)| path);
    Format::from_extension(Path::new(path)).is_ok()
}
