use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use qualm_data::{AtomicFile, Journal};
use qualm_proxy::study::{self, Outcome, Study, brief, report};
use qualm_proxy::tasks::{self, CsvTable, TruthFrom};
use qualm_proxy::{Outside, Task, optimisers, proxies, stops};
use qualm_report::{to_csv, to_html, to_json};
use qualm_stats::random::DEFAULT_SEED;

use super::table::{self, Aggregate, TableArguments};
use crate::{Ended, console};

/// What is studied where nothing else is asked for.
const TASKS: &str = "manifold-32,branin,styblinski-tang";
const PROXIES: &str = "ridge,gp,mlp,mlp(noise=0.2),mlp(noise=0.5),coms,roma(adapt=no),roma";
const OPTIMISERS: &str = "sgd,adam,best-of-n,random";
const SEEDS: u64 = 3;

/// What `--quick` asks for.
const QUICK_PROXIES: &str = "ridge,mlp(epochs=30),mlp(noise=0.5,epochs=30),roma(epochs=30)";

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm proxy study --tasks branin --proxies 'ridge,mlp(epochs=5)' \\
    --optimisers 'sgd(steps=20),random' --seeds 1 -o study

Every proxy learns from the worse half of a task's designs, every optimiser
climbs every proxy, and only then the truth is asked. Figures are normalised: 0
and 1 are the least and the largest label of the whole data. Without arguments
it takes three and a half minutes of two cores, with --quick half a minute.")]
pub(crate) struct Arguments {
    /// Tasks, separated by commas; see `qualm proxy list`
    #[arg(long, value_name = "LIST", default_value = TASKS)]
    tasks: String,

    /// Proxies, separated by commas [default: ridge, gp, mlp with noise 0, 0.2 and 0.5, coms,
    /// roma(adapt=no) and roma]
    #[arg(long, value_name = "LIST", default_value = PROXIES, hide_default_value = true)]
    proxies: String,

    /// Optimisers, separated by commas
    #[arg(long, value_name = "LIST", default_value = OPTIMISERS)]
    optimisers: String,

    /// Rules that are asked where they would end a search, separated by commas
    #[arg(long, value_name = "LIST", default_value = stops::STANDARD)]
    stops: String,

    /// A small study that ends within a minute: shorter training, one seed
    #[arg(long, conflicts_with = "proxies")]
    quick: bool,

    /// Seeds: this one and those that follow
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Number of seeds [default: 3; 1 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,

    /// What a design beyond its bounds is taken for: the nearest within, or infeasible
    #[arg(long, value_name = "WHAT", default_value = "clip")]
    outside: OutsideWord,

    /// Folder with the files of tasks that are read from files (docs/data.md)
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// A table of your own in place of --tasks: a design a row, with a header
    #[arg(
        long,
        value_name = "FILE",
        requires = "target",
        conflicts_with = "tasks"
    )]
    csv: Option<PathBuf>,

    /// Column of --csv that is learned from; higher is better
    #[arg(long, value_name = "COLUMN", requires = "csv")]
    target: Option<String>,

    /// Column of --csv that holds the truth [default: the target; other designs are infeasible]
    #[arg(
        long,
        value_name = "COLUMN",
        requires = "csv",
        conflicts_with = "oracle"
    )]
    truth: Option<String>,

    /// Command that knows the truth: reads designs as CSV, prints a number or `infeasible` a line
    #[arg(long, value_name = "COMMAND", requires = "csv")]
    oracle: Option<String>,

    #[command(flatten)]
    table: TableArguments,

    /// One label for rows that are one design with labels that differ
    #[arg(long, value_name = "HOW", requires = "csv")]
    aggregate: Option<Aggregate>,

    /// Write study.json, study.csv, report.html, report.json and the journal outcomes.jsonl into
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

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum OutsideWord {
    Clip,
    Infeasible,
}

fn tasks_of(arguments: &Arguments) -> anyhow::Result<Vec<Box<dyn Task>>> {
    let (Some(csv), Some(target)) = (&arguments.csv, &arguments.target) else {
        return Ok(tasks::parse_list(
            &arguments.tasks,
            arguments.data.as_deref(),
        )?);
    };
    let truth = match (&arguments.truth, &arguments.oracle) {
        (Some(column), _) => TruthFrom::Column(column.clone()),
        (_, Some(command)) => TruthFrom::Command(command.clone()),
        (None, None) => TruthFrom::Target,
    };
    let (reading, merge) = (
        arguments.table.reading(),
        Aggregate::merge(arguments.aggregate),
    );
    let task = CsvTable::read(csv, target, truth, merge, &reading)?;
    table::say_left_out(task.left_out());
    Ok(vec![Box::new(task)])
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let proxies_asked = if arguments.quick {
        QUICK_PROXIES
    } else {
        &arguments.proxies
    };
    let seeds = arguments
        .seeds
        .unwrap_or(if arguments.quick { 1 } else { SEEDS });
    let plan = Study {
        tasks: tasks_of(arguments)?,
        learners: proxies::parse_list(proxies_asked)?,
        optimisers: optimisers::parse_list(&arguments.optimisers)?,
        stops: stops::parse_list(&arguments.stops)?,
        seeds: (0..seeds)
            .map(|at| arguments.seed.wrapping_add(at))
            .collect(),
        outside: match arguments.outside {
            OutsideWord::Clip => Outside::Clip,
            OutsideWord::Infeasible => Outside::Infeasible,
        },
    };
    let (journal, known) = match &arguments.output {
        None => (None, Vec::new()),
        Some(folder) => {
            fs::create_dir_all(folder)?;
            let (journal, known) =
                Journal::<Outcome>::open(&folder.join("outcomes.jsonl"), arguments.resume)?;
            (Some(journal), known)
        }
    };
    let bar = console::progress("searches", plan.searches() as u64);
    let outcomes = plan.run(
        &known,
        &|outcome| {
            if let Some(journal) = &journal {
                journal.keep(outcome)?;
            }
            Ok(())
        },
        &|progress| bar.set_position(progress.done as u64),
    );
    bar.finish_and_clear();
    let outcomes = outcomes?;
    if let Some(folder) = &arguments.output {
        let report = report(&outcomes);
        save(
            &folder.join("study.json"),
            &serde_json::to_string_pretty(&outcomes)?,
        )?;
        save(&folder.join("study.csv"), &to_csv(&study::table(&outcomes)))?;
        save(&folder.join("report.html"), &to_html(&report))?;
        save(&folder.join("report.json"), &to_json(&report))?;
        console::note(&format!("wrote {}", folder.join("report.html").display()));
    }
    console::show(&brief(&outcomes), &outcomes, arguments.json)?;
    if arguments.output.is_none() && !arguments.json {
        console::note("curves, detectors, stop rules and smoothness: add -o FOLDER");
    }
    Ok(Ended::Well)
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    AtomicFile::save(path, |file| {
        std::io::Write::write_all(file, text.as_bytes())
    })?;
    Ok(())
}
