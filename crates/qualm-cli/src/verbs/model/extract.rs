use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use qualm_data::{Format, Precision, Source, TensorFile, write_features};
use qualm_onnx::{
    ExtractOptions, Extraction, HeadSearch, Inputs, Model, PictureFile, Preparation, Preset,
    Session, picture_size,
};

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    before_help = "\
Example, with rows of a tensor; then with pictures:
  qualm model extract demo-data/model.onnx demo-data/val.npz -o set.safetensors
# qualm model extract model.onnx photos/ --preset imagenet -o set.safetensors",
    after_help = "\
INPUTS: a folder of pictures (JPEG, PNG, WebP; folders in it are the classes), a
picture, a glob of them, or rows of a tensor: an .npy file, or the array
`features` of an .npz or .safetensors file (another: FILE:features=NAME).
Presets: imagenet (middle 87.5 %, bilinear, (x/255 - mean) / std of ImageNet),
imagenet-127 (middle 87.5 %, bicubic, (x - 127) / 128), raw (stretched, 0-255).
Files come out as features, logits, ids and labels, ready for `qualm fit`."
)]
pub(crate) struct Arguments {
    /// The model, an .onnx file with one input
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Pictures or a tensor
    #[arg(value_name = "INPUTS")]
    inputs: String,

    /// Where to write: .safetensors, .npz or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Take the linear layer of this node as the head
    #[arg(long, value_name = "NODE")]
    head: Option<String>,

    /// How pictures are prepared; the four below change parts of it
    #[arg(long, value_name = "NAME")]
    preset: Option<PresetName>,

    /// Numbers taken off red, green and blue, after --scale
    #[arg(long, value_name = "R,G,B", value_parser = three)]
    mean: Option<[f32; 3]>,

    /// Numbers that the rest is divided by
    #[arg(long, value_name = "R,G,B", value_parser = three)]
    std: Option<[f32; 3]>,

    /// What bytes are divided by first
    #[arg(long, value_name = "X")]
    scale: Option<f32>,

    /// Share of the shorter side that the middle cut takes; 0 stretches the picture
    #[arg(long, value_name = "SHARE")]
    crop: Option<f64>,

    /// Size of pictures, where the model takes any
    #[arg(long, value_name = "HxW", value_parser = size)]
    size: Option<(usize, usize)>,

    /// Labels from a CSV of lines file,label
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,

    /// Pass over pictures that cannot be read, and count them
    #[arg(long)]
    skip_bad: bool,

    /// Rows at once
    #[arg(long, value_name = "N", default_value_t = ExtractOptions::default().batch)]
    batch: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PresetName {
    Imagenet,
    #[value(name = "imagenet-127")]
    Imagenet127,
    Raw,
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

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let format = Format::from_extension(&arguments.output)?;
    let model = Model::open(&arguments.model)?;
    let head = HeadSearch::of(&model)?.choose(&model, arguments.head.as_deref())?;
    let inputs = inputs(arguments, &model)?;
    let session = Session::new(&model, &head, rayon::current_num_threads())?;
    let options = ExtractOptions {
        batch: arguments.batch.max(1),
        skip_bad: arguments.skip_bad,
    };
    let extraction = Extraction::new(&arguments.inputs, &session, inputs, options)?;
    let bar = console::progress("extracting", extraction.schema().rows);
    let counted = bar.clone();
    let extraction = extraction.on_progress(move |rows| counted.inc(rows));
    write_features(&extraction, &arguments.output, format, Precision::default())?;
    bar.finish_and_clear();
    let skipped = extraction.skipped();
    for problem in &skipped {
        console::warn(problem);
    }
    let rows = extraction.schema().rows - skipped.len() as u64;
    if !skipped.is_empty() {
        console::warn(&format!("{} pictures passed over", skipped.len()));
    }
    console::note(&format!(
        "{rows} rows, {} features, {} logits{}: wrote {}",
        head.head.dim(),
        head.head.classes(),
        if extraction.schema().labels {
            ", labels"
        } else {
            ""
        },
        arguments.output.display()
    ));
    Ok(Ended::Well)
}

/// Whether a file's name says that it holds arrays.
fn holds_arrays(inputs: &str) -> bool {
    let path = inputs
        .rsplit_once(":features=")
        .map_or(inputs, |(path, _)| path);
    Format::from_extension(Path::new(path)).is_ok()
}

fn inputs(arguments: &Arguments, model: &Model) -> anyhow::Result<Inputs> {
    if holds_arrays(&arguments.inputs) {
        return Ok(Inputs::Tensor(TensorFile::open(&arguments.inputs)?));
    }
    let Some(preset) = arguments.preset else {
        anyhow::bail!(
            "{}: say how the model's pictures are prepared with --preset imagenet, imagenet-127 or raw; a wrong guess would give wrong features without a word",
            arguments.inputs
        );
    };
    let mut files = PictureFile::find(&arguments.inputs)?;
    if let Some(csv) = &arguments.labels {
        PictureFile::label_by_csv(&mut files, csv)?;
    }
    let (height, width, channels) = picture_size(model, arguments.size)?;
    let preset = match preset {
        PresetName::Imagenet => Preset::Imagenet,
        PresetName::Imagenet127 => Preset::Imagenet127,
        PresetName::Raw => Preset::Raw,
    };
    let mut preparation = Preparation::new(preset, width, height, channels);
    preparation.mean = arguments.mean.unwrap_or(preparation.mean);
    preparation.std = arguments.std.unwrap_or(preparation.std);
    preparation.scale = arguments.scale.unwrap_or(preparation.scale);
    match arguments.crop {
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
