use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use qualm_confidence::arithmetic::Profile;
use qualm_confidence::ask::{Answerer, Plan, ask};
use qualm_confidence::records::Record;
use qualm_data::AtomicFile;
use qualm_report::{Cell, Column, Report, Table};
use serde_json::json;

use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(
    // The usage that is made of the group does not fit into 80 columns.
    override_usage = "qualm confidence ask [OPTIONS] -o FILE {--model GGUF | --endpoint URL}",
    group = ArgGroup::new("whom").required(true).args(["model", "endpoint"]),
    before_help = "\
Example, with a model file (cargo feature `lm`), and what the records say:
  # qualm confidence ask --model SmolLM2.gguf -o records.jsonl
  # qualm confidence eval records.jsonl --by shift --train add-subtract",
    after_help = "\
Each question is answered without drawing; then the model is asked for its
confidence in that answer as a number, in words and as true or false, answers
are drawn for consistency, and a probe on hidden states says whether the model
knows. Replies are kept in FILE.part as they come: the same command goes on
where it stopped. `confidence eval` measures the records."
)]
pub(crate) struct Arguments {
    /// A language model of the Llama family as a GGUF file, run here (cargo feature `lm`)
    #[arg(long, value_name = "GGUF")]
    model: Option<PathBuf>,

    /// The base address of a server with OpenAI's chat protocol, as http://localhost:8080/v1
    /// (cargo feature `endpoint`)
    #[arg(long, value_name = "URL", requires = "name")]
    endpoint: Option<String>,

    /// The model's name: for the server, and in records
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The environment variable that holds the server's key
    #[arg(long, value_name = "VARIABLE", default_value = "OPENAI_API_KEY")]
    key: String,

    /// Equations of one or two digits, or the 196 sub-tasks of CalibratedMath
    #[arg(long, value_enum, default_value_t = Suites::Tiny)]
    profile: Suites,

    /// Questions of every sub-task
    #[arg(long, default_value_t = Plan::default().per_subtask, value_name = "N")]
    per_subtask: usize,

    /// Seed of questions, examples and draws
    #[arg(long, default_value_t = Plan::default().seed, value_name = "N")]
    seed: u64,

    /// Examples before each question and each request for confidence
    #[arg(long, default_value_t = Plan::default().shots, value_name = "N")]
    shots: usize,

    /// Answers drawn for consistency; 0 draws none
    #[arg(long, default_value_t = Plan::default().draws, value_name = "N")]
    draws: usize,

    /// The temperature they are drawn at
    #[arg(long, default_value_t = Plan::default().temperature, value_name = "T")]
    temperature: f64,

    /// The layer whose hidden states a probe reads for P(I know); trained on the training split
    #[arg(long, value_name = "LAYER", conflicts_with = "endpoint")]
    probe: Option<usize>,

    /// Where to write the records
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suites {
    /// CalibratedMath, as `confidence gen` writes it
    Full,
    /// Sums and differences of one or two digits; products as the shift
    Tiny,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    outputs::check(&arguments.output)?;
    let plan = Plan {
        profile: match arguments.profile {
            Suites::Full => Profile::Full,
            Suites::Tiny => Profile::Tiny,
        },
        per_subtask: arguments.per_subtask,
        seed: arguments.seed,
        shots: arguments.shots,
        draws: arguments.draws,
        temperature: arguments.temperature,
        probe: arguments.probe,
    };
    let model = answerer(arguments)?;
    let mut journal = arguments.output.clone().into_os_string();
    journal.push(".part");
    let bar = console::progress("asking", plan.requests());
    let records = ask(model.as_ref(), &plan, journal.as_ref(), &mut |done| {
        bar.inc(done)
    })?;
    bar.finish_and_clear();
    AtomicFile::save(&arguments.output, |file| {
        for record in &records {
            serde_json::to_writer(&mut *file, record)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })?;
    // What a server was paid for is kept; a model here can say it again.
    if arguments.endpoint.is_none() {
        std::fs::remove_file(&journal)?;
    }
    let right = records.iter().filter(|r| r.correct() == Some(true)).count();
    let data = json!({
        "model": model.name(),
        "records": records.len(),
        "right": right,
        "output": arguments.output,
    });
    console::show(&report(&records, model.name()), &data, arguments.json)?;
    Ok(Ended::Well)
}

fn answerer(arguments: &Arguments) -> anyhow::Result<Box<dyn Answerer>> {
    match (&arguments.model, &arguments.endpoint) {
        (Some(path), _) => local(path, arguments.name.as_deref()),
        (None, Some(url)) => endpoint(url, arguments),
        (None, None) => anyhow::bail!("name a --model or an --endpoint"),
    }
}

#[cfg(feature = "lm")]
fn local(path: &std::path::Path, name: Option<&str>) -> anyhow::Result<Box<dyn Answerer>> {
    let model = qualm_text::lm::LanguageModel::open_gguf(path)?;
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("model");
    Ok(Box::new(qualm_confidence::ask::Local::new(
        model,
        name.unwrap_or(stem),
    )))
}

#[cfg(not(feature = "lm"))]
fn local(path: &std::path::Path, _: Option<&str>) -> anyhow::Result<Box<dyn Answerer>> {
    anyhow::bail!(
        "{}: this program was built without language models: build it with `--features lm`",
        path.display()
    )
}

#[cfg(feature = "endpoint")]
fn endpoint(url: &str, arguments: &Arguments) -> anyhow::Result<Box<dyn Answerer>> {
    let name = arguments.name.as_deref().unwrap_or_default();
    let key = std::env::var(&arguments.key).ok();
    Ok(Box::new(qualm_confidence::ask::Endpoint::new(
        url, name, key,
    )?))
}

#[cfg(not(feature = "endpoint"))]
fn endpoint(url: &str, _: &Arguments) -> anyhow::Result<Box<dyn Answerer>> {
    anyhow::bail!(
        "{url}: this program was built without a client: build it with `--features endpoint`"
    )
}

fn report(records: &[Record], model: &str) -> Report {
    let mut splits: Vec<(&str, usize, usize)> = Vec::new();
    for record in records {
        let split = record.shift.split.as_deref().unwrap_or("all");
        let at = splits
            .iter()
            .position(|(name, ..)| *name == split)
            .unwrap_or_else(|| {
                splits.push((split, 0, 0));
                splits.len() - 1
            });
        splits[at].1 += 1;
        splits[at].2 += usize::from(record.correct() == Some(true));
    }
    let columns = ["answers", "right"].map(Column::number);
    let mut table = Table::new(std::iter::once(Column::text("split")).chain(columns));
    for (split, answers, right) in splits {
        table = table.row([
            Cell::text(split),
            Cell::number(answers as f64, 0),
            Cell::number(right as f64, 0),
        ]);
    }
    Report::new(format!("Answers of {model}")).push(table)
}
