use std::path::PathBuf;

use clap::Args;
use qualm_data::AtomicFile;
use qualm_proxy::audit::{Audit, report};
use qualm_proxy::tasks::Columns;
use qualm_proxy::{Labelled, Learner, Optimiser, Space, optimisers, proxies, stops};
use qualm_report::to_html;
use qualm_stats::random::DEFAULT_SEED;

use super::rows;
use super::table::{self, Aggregate, TableArguments};
#[cfg(feature = "run-models")]
use crate::verbs::model::options::RuntimeName;
use crate::{Ended, console, outputs};

/// What is audited where nothing else is asked for.
const PROXIES: &str = "mlp,mlp(noise=0.5),roma,coms";
const OPTIMISERS: &str = "sgd,mutation";
/// Of a proxy without gradients.
const WITHOUT_GRADIENTS: &str = "best-of-n,mutation,cma-es";

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  qualm proxy audit --csv designs.csv --target y --proxies 'mlp(epochs=20)' \\
    --html audit.html
# qualm proxy audit --csv designs.csv --target y --model proxy.onnx
# qualm proxy audit set.safetensors --targets strength.npy

Half of the designs teach a judge, the others without their best labels the
proxies; optimisers climb these, and the judge says what they found. It is a
judge, not truth.")]
pub(crate) struct Arguments {
    /// A feature set in place of --csv: its features are the designs
    #[arg(
        value_name = "SET",
        conflicts_with = "csv",
        required_unless_present = "csv"
    )]
    set: Option<String>,

    /// Targets of SET: an array with a number a row (.npy; FILE:features=NAME of .npz and
    /// .safetensors), or a column of a .csv [default: the labels of SET, as amounts]
    #[arg(long, value_name = "FILE", requires = "set")]
    targets: Option<String>,

    /// A table: a design a row, with a header
    #[arg(long, value_name = "FILE", requires = "target")]
    csv: Option<PathBuf>,

    /// Column of labels, of --csv or of a .csv of --targets; higher is better
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,

    #[command(flatten)]
    table: TableArguments,

    /// One label for rows that are one design with labels that differ
    #[arg(long, value_name = "HOW")]
    aggregate: Option<Aggregate>,

    /// A proxy of your own: an ONNX model that is given the columns of the designs as they are, in
    /// the order of the table, and gives the target; it has no gradient, so optimisers that climb
    /// one are refused
    #[cfg(feature = "run-models")]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// What runs it: rten, or ONNX Runtime from the library that ORT_DYLIB_PATH names (cargo
    /// feature `ort`)
    #[cfg(feature = "run-models")]
    #[arg(long, value_name = "NAME", requires = "model", default_value = "rten")]
    runtime: RuntimeName,

    /// Proxies, separated by commas; see `qualm proxy list` [default: mlp, mlp(noise=0.5), roma and
    /// coms; none with --model]
    #[arg(long, value_name = "LIST")]
    proxies: Option<String>,

    /// Optimisers, separated by commas [default: sgd and mutation; with --model best-of-n, mutation
    /// and cma-es]
    #[arg(long, value_name = "LIST")]
    optimisers: Option<String>,

    /// Rules that are asked where to stop, separated by commas; `support` is always asked
    #[arg(long, value_name = "LIST", default_value = stops::STANDARD)]
    stops: String,

    /// Share of labels, the best ones, that proxies do not see
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    hide: f64,

    /// Seed of the halves, of training and of search
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Write the HTML report here
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("a share is a number above 0 and below 1".into()),
    }
}

/// The designs with their labels, from a table or a feature set.
fn designs(arguments: &Arguments) -> anyhow::Result<(Space, Labelled)> {
    let merge = Aggregate::merge(arguments.aggregate);
    let target = arguments.target.as_deref();
    let (Some(csv), Some(target)) = (&arguments.csv, target) else {
        let set = arguments.set.as_deref().unwrap_or_default();
        return rows::read(set, arguments.targets.as_deref(), target, merge);
    };
    let columns = Columns::read(csv, &[target], &arguments.table.reading())?;
    table::say_left_out(columns.left_out);
    let labels = columns.numbers[0].clone();
    let all = Labelled::new(columns.origin, columns.designs, labels, merge)?;
    Ok((columns.space, all))
}

/// The user's own proxy, if there is one.
#[cfg(feature = "run-models")]
fn given(
    arguments: &Arguments,
    space: &Space,
    origin: &str,
) -> anyhow::Result<Option<Box<dyn Learner>>> {
    let Some(model) = &arguments.model else {
        return Ok(None);
    };
    let given = super::given::open(model, arguments.runtime.kind(), space, origin)?;
    Ok(Some(Box::new(given)))
}

#[cfg(not(feature = "run-models"))]
fn given(_: &Arguments, _: &Space, _: &str) -> anyhow::Result<Option<Box<dyn Learner>>> {
    Ok(None)
}

/// Refuses optimisers that a proxy without gradients cannot be climbed with.
fn refuse_gradients(optimisers: &[Box<dyn Optimiser>], proxy: &str) -> anyhow::Result<()> {
    match optimisers
        .iter()
        .find(|optimiser| optimiser.needs_gradient())
    {
        None => Ok(()),
        Some(optimiser) => anyhow::bail!(
            "{proxy}: it gives no gradient for `{}` to climb; take random, best-of-n, mutation, \
             cma-es or cbas",
            optimiser.text()
        ),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.html {
        outputs::check(path)?;
    }
    let stops = stops::parse_list(&arguments.stops)?;
    let (space, all) = designs(arguments)?;
    let given = given(arguments, &space, all.origin())?;
    let given_name = given.as_ref().map(|given| given.text());
    let (no_proxies, usual) = match given {
        None => (PROXIES, OPTIMISERS),
        Some(_) => ("", WITHOUT_GRADIENTS),
    };
    let optimisers = arguments.optimisers.as_deref().unwrap_or(usual);
    let optimisers = optimisers::parse_list(optimisers)?;
    if let Some(name) = &given_name {
        refuse_gradients(&optimisers, name)?;
    }
    let mut learners: Vec<_> = given.into_iter().collect();
    match arguments.proxies.as_deref().unwrap_or(no_proxies) {
        "" if !learners.is_empty() => {}
        list => learners.extend(proxies::parse_list(list)?),
    }
    let audit = Audit {
        learners,
        optimisers,
        stops,
        hidden: arguments.hide,
        seed: arguments.seed,
    };
    let searches = audit.learners.len() * audit.optimisers.len();
    let bar = console::progress("searches", searches as u64);
    let outcomes = audit.run(all.origin(), &space, &all, &|progress| {
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    let outcomes = outcomes?;
    let report = report(&outcomes, arguments.hide, given_name.as_deref());
    if let Some(path) = &arguments.html {
        let page = to_html(&report);
        AtomicFile::save(path, |file| {
            std::io::Write::write_all(file, page.as_bytes())
        })?;
        console::note(&format!("wrote {}", path.display()));
    }
    console::show(&report, &outcomes, arguments.json)?;
    Ok(Ended::Well)
}
