//! What several verbs are told alike.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use qualm_rationale::attack::{Attack, Supplies};
use qualm_rationale::data::{self, Dataset, Splits};
use qualm_rationale::model::{Classifier, Pretrained, Training, Unit, sentences_of};
use qualm_rationale::thesaurus::WordNet;
use qualm_rationale::{CommandVictim, Victim};
use qualm_stats::random::DEFAULT_SEED;

#[cfg(feature = "run-models")]
use super::onnx::OnnxVictim;

/// Where texts come from.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Texts: planted, tweets:PATH, fever:FOLDER, cad:FOLDER (docs/data.md), or a CSV or JSON
    /// lines of your own with text, label and where there are any query and evidence
    #[arg(long, value_name = "DATA", default_value = "planted")]
    data: String,

    /// Texts to choose the best pass by, in place of those held back
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,

    /// Texts to test on, in place of those held back; may be repeated
    #[arg(long, value_name = "FILE")]
    test: Vec<PathBuf>,

    /// Test on the first N texts alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
}

impl Data {
    /// All parts, read.
    pub(crate) fn open(&self) -> anyhow::Result<Splits> {
        let mut splits = data::open(&self.data, DEFAULT_SEED)?;
        let classes = splits.training.classes.clone();
        let read = |path: &Path| data::table(path, Some(&classes));
        if let Some(path) = &self.validation {
            splits.validation = read(path)?;
        }
        if !self.test.is_empty() {
            let tests = self.test.iter().map(|path| read(path));
            splits.tests = tests.collect::<Result<_, _>>()?;
        }
        if let Some(rows) = self.rows {
            let first = |set: &Dataset| set.subset(&set.name, |row, _| (row as u64) < rows);
            splits.tests = splits.tests.iter().map(first).collect();
        }
        Ok(splits)
    }
}

/// How classifiers are trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    /// What is selected or left
    #[arg(long, value_name = "UNIT", default_value = "token")]
    unit: UnitWord,

    /// Passes over the texts at most
    #[arg(long, value_name = "N", default_value_t = Training::default().epochs)]
    epochs: usize,

    /// Probability with which each pass keeps a sentence, for models that vote over parts of texts
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    keep: f64,

    /// Tokens of a text at most; what is longer is cut, and counted
    #[arg(long, value_name = "N", default_value_t = Training::default().longest)]
    longest: usize,

    /// Folder of an encoder (tokenizer.json and model.safetensors, as of all-MiniLM-L6-v2) whose
    /// token vectors words begin with, in place of a draw
    #[arg(long, value_name = "FOLDER")]
    embeddings: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum UnitWord {
    Token,
    Sentence,
}

impl TrainingArguments {
    /// What words begin with, where that was given.
    pub(crate) fn pretrained(&self) -> anyhow::Result<Option<Pretrained>> {
        let folder = self.embeddings.as_deref();
        Ok(folder.map(Pretrained::open).transpose()?)
    }

    /// As the library takes it, with this seed.
    pub(crate) fn with_seed(&self, seed: u64) -> anyhow::Result<Training> {
        if !(self.keep > 0.0 && self.keep <= 1.0) {
            bail!("--keep is {}; it must be above 0 and at most 1", self.keep);
        }
        if self.epochs == 0 || self.longest == 0 {
            bail!("--epochs and --longest must be at least 1");
        }
        Ok(Training {
            unit: match self.unit {
                UnitWord::Token => Unit::Token,
                UnitWord::Sentence => Unit::Sentence,
            },
            epochs: self.epochs,
            keep: self.keep,
            longest: self.longest,
            seed,
            ..Training::default()
        })
    }
}

/// What attacks draw on.
#[derive(Debug, Args)]
pub(crate) struct SuppliesArguments {
    /// Folder of WordNet's files in place of the small thesaurus that is built in (docs/data.md)
    #[arg(long, value_name = "FOLDER")]
    wordnet: Option<PathBuf>,

    /// Neutral texts, one a line: every second sentence is for add-corpus, the others for art
    #[arg(long, value_name = "FILE")]
    neutral: Option<PathBuf>,
}

impl SuppliesArguments {
    /// Read, with words and names of the training texts.
    pub(crate) fn open(&self, training: &Dataset) -> anyhow::Result<Supplies> {
        let mut supplies = Supplies::of(training);
        if let Some(folder) = &self.wordnet {
            supplies.thesaurus = Box::new(WordNet::open(folder)?);
        }
        if let Some(path) = &self.neutral {
            let text = std::fs::read_to_string(path)
                .map_err(|error| qualm_data::DataError::io(path, "read", error))?;
            let pool = sentences_of(text.lines());
            if pool.len() < 2 {
                bail!(
                    "{}: give two sentences at least, one a line",
                    path.display()
                );
            }
            supplies.set_neutral(pool);
        }
        Ok(supplies)
    }
}

/// Whose classifier.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// A model that `qualm rationale train` wrote, or one of your own as ONNX with --tokenizer
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// A model of your own: a command that reads {"text": ..., "query": ...} a line and answers each
    /// with a line of probabilities [0.1, 0.9]
    #[arg(long, value_name = "COMMAND", conflicts_with = "model")]
    command: Option<String>,

    /// The tokenizer.json of an ONNX --model (cargo feature `texts`)
    #[cfg(feature = "run-models")]
    #[arg(long, value_name = "FILE", requires = "model")]
    tokenizer: Option<PathBuf>,
}

/// A classifier under attack.
pub(crate) enum Subject {
    Own(Box<Classifier>),
    Command(CommandVictim),
    #[cfg(feature = "run-models")]
    Onnx(Box<OnnxVictim>),
}

impl Whose {
    /// Loads or starts it; its classes must be those of the data.
    pub(crate) fn open(&self, classes: &[String]) -> anyhow::Result<Subject> {
        #[cfg(feature = "run-models")]
        if let (Some(model), Some(tokenizer)) = (&self.model, &self.tokenizer) {
            let victim = OnnxVictim::open(model, tokenizer, classes.len())?;
            return Ok(Subject::Onnx(Box::new(victim)));
        }
        match (&self.model, &self.command) {
            (Some(path), _) => {
                let classifier = Classifier::load(path)?;
                if classifier.class_names() != classes {
                    bail!(
                        "{} tells {} apart and the data have {}; give the data it was trained for",
                        path.display(),
                        classifier.class_names().join(", "),
                        classes.join(", ")
                    );
                }
                Ok(Subject::Own(Box::new(classifier)))
            }
            (_, Some(command)) => Ok(Subject::Command(CommandVictim::start(
                command,
                classes.len(),
            )?)),
            (None, None) => bail!("give --model or --command"),
        }
    }
}

impl Subject {
    pub(crate) fn victim(&self) -> &dyn Victim {
        match self {
            Self::Own(classifier) => classifier.as_ref(),
            Self::Command(command) => command,
            #[cfg(feature = "run-models")]
            Self::Onnx(model) => model.as_ref(),
        }
    }

    pub(crate) fn unit(&self) -> Unit {
        match self {
            Self::Own(classifier) => classifier.unit(),
            _ => Unit::Token,
        }
    }
}

/// Attacks by their names, separated by commas, each once.
pub(crate) fn attacks(list: &str) -> anyhow::Result<Vec<Attack>> {
    let mut attacks = Vec::new();
    for name in list.split(',').filter(|name| !name.trim().is_empty()) {
        let attack = Attack::parse(name)?;
        if attacks.contains(&attack) {
            bail!("`{}` is named twice", attack.name());
        }
        attacks.push(attack);
    }
    if attacks.is_empty() {
        bail!("no attack is named; see `qualm rationale list`");
    }
    Ok(attacks)
}
