use std::path::PathBuf;

use clap::Args;
use qualm_data::AtomicFile;
use qualm_proxy::audit::{Audit, report};
use qualm_proxy::tasks::Columns;
use qualm_proxy::{Labelled, optimisers, proxies};
use qualm_report::to_html;
use qualm_stats::random::DEFAULT_SEED;

use super::table::{self, Designs};
use crate::{Ended, console, outputs};

#[derive(Debug, Args)]
#[command(before_help = "\
Example:
  qualm proxy audit --csv designs.csv --target y --proxies 'mlp(epochs=20)' \\
    --html audit.html

Half of the designs teach a judge, the others without their best labels the
proxies; optimisers climb these, and the judge says what they found. It is a
judge, not truth.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    designs: Designs,

    /// Proxies, separated by commas; see `qualm proxy list`
    #[arg(
        long,
        value_name = "LIST",
        default_value = "mlp,mlp(noise=0.5),roma,coms"
    )]
    proxies: String,

    /// Optimisers, separated by commas
    #[arg(long, value_name = "LIST", default_value = "sgd,mutation")]
    optimisers: String,

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

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    if let Some(path) = &arguments.html {
        outputs::check(path)?;
    }
    let audit = Audit {
        learners: proxies::parse_list(&arguments.proxies)?,
        optimisers: optimisers::parse_list(&arguments.optimisers)?,
        hidden: arguments.hide,
        seed: arguments.seed,
    };
    let Designs {
        csv,
        target,
        table: how,
    } = &arguments.designs;
    let columns = Columns::read(csv, &[target.as_str()], &how.reading())?;
    table::say_left_out(columns.left_out);
    let labels = columns.numbers[0].clone();
    let all = Labelled::new(
        columns.origin.as_str(),
        columns.designs,
        labels,
        how.merge(),
    )?;
    let searches = audit.learners.len() * audit.optimisers.len();
    let bar = console::progress("searches", searches as u64);
    let outcomes = audit.run(&columns.origin, &columns.space, &all, &|progress| {
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    let outcomes = outcomes?;
    let report = report(&outcomes, arguments.hide);
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
