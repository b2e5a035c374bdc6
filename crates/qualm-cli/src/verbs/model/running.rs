//! How a model is run over inputs: what `model extract`, `fit --model` and `score --model` share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use qualm_data::{FeatureSet, Format, Head, Precision, Source, write_features};
use qualm_onnx::{Extraction, HeadSearch, Model, Session, TextSession};
use qualm_text::{Texts, TokenTable, Tokenizer, Vectors};

use super::options::{PoolName, Running, holds_arrays};
use crate::console;

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
    let tokenizer = Tokenizer::open(tokenizer, arguments.max_tokens)?;
    let texts = Texts::open(Path::new(inputs), &arguments.columns())?;
    if let (Some(first), Some(last)) = (texts.classes().first(), texts.classes().last()) {
        console::note(&format!(
            "{inputs}: {} classes by name, {first} = 0 to {last} = {}",
            texts.classes().len(),
            texts.classes().len() - 1
        ));
    }
    let spec = model.display().to_string();
    if holds_arrays(&spec) {
        if arguments.pool.is_some_and(|pool| pool != PoolName::Mean) {
            anyhow::bail!("{spec}: of a table of token vectors the mean alone is taken");
        }
        let table = TokenTable::open(&spec)?;
        let vectors = Vectors::new(texts, tokenizer, table, arguments.normalize);
        return Ok(without_head(Kind::Table(Box::new(vectors))));
    }
    let session = TextSession::new(
        &Model::open(model)?,
        arguments.features(),
        arguments.hidden.as_deref(),
        head,
        arguments.normalize,
        arguments.runtime(),
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
    let session = Session::new(&model, &head, arguments.runtime())?;
    let extraction = Extraction::new(inputs, &session, what, arguments.options())?;
    Ok(Run {
        kind: Kind::Model(extraction),
        head: Some(head.head),
        inputs: inputs.to_owned(),
        skipped: Vec::new(),
    })
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
