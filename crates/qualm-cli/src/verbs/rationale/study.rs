use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use qualm_data::{AtomicFile, Journal};
use qualm_rationale::attack::Attack;
use qualm_rationale::model::{Classifier, Method};
use qualm_rationale::study::{Examples, Outcome, Study, brief, examples, report};
use qualm_report::{Block, to_html, to_json};
use qualm_stats::random::DEFAULT_SEED;

use super::shared::{self, Data, SuppliesArguments, TrainingArguments};
use crate::{Ended, console};

const ATTACKS: &str = "add-rand,add-corpus,add-template,add-query,deepwordbug,pruthi,pwws";
/// Texts of each model that the report shows.
const SHOWN: usize = 8;

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm rationale study --methods fc,vib --attacks add-template \\
    --seeds 1 -o rationales

Every model is trained with every seed, then tested as it is and under each
attack. An attack counts by its worst variant, text by text.")]
pub(crate) struct Arguments {
    /// What is trained; see `qualm rationale list`
    #[arg(
        long,
        value_name = "LIST",
        default_value = "fc,fc-sup,vib,vib-sup,vib-sup-art,spectra"
    )]
    methods: String,

    /// Attacks, separated by commas; those that do not suit the data are left out [default:
    /// add-rand, add-corpus, add-template, add-query, deepwordbug, pruthi, pwws]
    #[arg(long, value_name = "LIST", default_value = ATTACKS, hide_default_value = true)]
    attacks: String,

    #[command(flatten)]
    data: Data,

    #[command(flatten)]
    training: TrainingArguments,

    #[command(flatten)]
    supplies: SuppliesArguments,

    /// Seeds: this one and those that follow
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Number of seeds
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// Test texts that attacks on words are tried on: they ask hundreds of times each
    #[arg(long, value_name = "N", default_value_t = 500)]
    word_rows: usize,

    /// Write study.json, report.html, report.json, the models and the journal outcomes.jsonl into
    /// this folder
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Go on with the journal that stands in --output
    #[arg(long, requires = "output")]
    resume: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Recipes separated by commas outside brackets.
fn methods(list: &str) -> anyhow::Result<Vec<Method>> {
    let mut depth = 0;
    let parts = list.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let mut methods: Vec<Method> = Vec::new();
    for part in parts.filter(|part| !part.trim().is_empty()) {
        let method = Method::parse(part.trim())?;
        if methods.contains(&method) {
            anyhow::bail!("`{}` is named twice", part.trim());
        }
        methods.push(method);
    }
    Ok(methods)
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let data = arguments.data.open()?;
    let supplies = arguments.supplies.open(&data.training)?;
    let seeds = (0..arguments.seeds).map(|at| arguments.seed.wrapping_add(at));
    let study = Study {
        methods: methods(&arguments.methods)?,
        attacks: shared::attacks(&arguments.attacks)?,
        seeds: seeds.collect(),
        training: arguments.training.with_seed(arguments.seed)?,
        pretrained: arguments.training.pretrained()?,
        supplies,
        rows_of_word_attacks: arguments.word_rows,
        data,
    };
    let (journal, known) = match &arguments.output {
        None => (None, Vec::new()),
        Some(folder) => {
            fs::create_dir_all(folder.join("models"))?;
            let (journal, known) =
                Journal::<Outcome>::open(&folder.join("outcomes.jsonl"), arguments.resume)?;
            (Some((journal, folder)), known)
        }
    };
    let bar = console::progress("models", study.models() as u64);
    let outcomes = study.run(
        &known,
        &mut |classifier, outcome| {
            bar.inc(1);
            if let Some((journal, folder)) = &journal {
                // The model first: what the journal holds is not trained again.
                classifier.save(&model_path(folder, classifier.method(), outcome.seed))?;
                journal.keep(outcome)?;
            }
            Ok(())
        },
        &mut |_, _, _| {},
    );
    bar.finish_and_clear();
    let outcomes = outcomes?;
    if let Some(folder) = &arguments.output {
        let mut whole = report(&outcomes);
        if let Some(attack) = study.suitable().find(|attack| attack.adds_a_sentence()) {
            whole.blocks.extend(texts(&study, folder, attack)?);
        }
        save(
            &folder.join("study.json"),
            &serde_json::to_string_pretty(&outcomes)?,
        )?;
        save(&folder.join("report.html"), &to_html(&whole))?;
        save(&folder.join("report.json"), &to_json(&whole))?;
        console::note(&format!("wrote {}", folder.join("report.html").display()));
    }
    console::show(&brief(&outcomes), &outcomes, arguments.json)?;
    if arguments.output.is_none() && !arguments.json {
        console::note("each attack, its variants and texts to look at: add -o FOLDER");
    }
    Ok(Ended::Well)
}

fn model_path(folder: &Path, method: &Method, seed: u64) -> PathBuf {
    folder
        .join("models")
        .join(format!("{method}-{seed}.safetensors"))
}

/// The first texts under an attack, as each model of the first seed reads them.
fn texts(study: &Study, folder: &Path, attack: Attack) -> anyhow::Result<Vec<Block>> {
    let mut blocks = vec![Block::Heading("Texts".to_owned())];
    let Some((seed, test)) = study.seeds.first().zip(study.data.tests.first()) else {
        return Ok(Vec::new());
    };
    for method in &study.methods {
        let path = model_path(folder, method, *seed);
        // A study that is resumed on another machine may lack models.
        if path.is_file() {
            let classifier = Classifier::load(&path)?;
            let options = Examples {
                texts: SHOWN,
                seed: *seed,
            };
            let supplies = &study.supplies;
            blocks.push(examples(&classifier, test, attack, supplies, options)?.into());
        }
    }
    Ok(blocks)
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    AtomicFile::save(path, |file| file.write_all(text.as_bytes()))?;
    Ok(())
}
