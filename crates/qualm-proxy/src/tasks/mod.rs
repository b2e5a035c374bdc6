//! Tasks, one a file.

mod branin;
mod columns;
mod command;
#[cfg(feature = "crawler")]
mod crawler;
mod csv_table;
mod ehrlich;
mod formula;
mod functions;
mod gfp;
mod global_epistasis;
mod learned;
mod manifold;
mod narrow_basin;
mod nas_bench;
mod neighbours;
mod noisy_labels;
mod number_column;
mod olympus;
mod spurious;
mod table_file;
mod tf_bind;
mod welded_beam;

pub use columns::{Columns, Reading};
#[cfg(feature = "crawler")]
pub use crawler::Crawler;
pub use csv_table::{CsvTable, TruthFrom};
pub use ehrlich::Ehrlich;
pub use functions::Function;
pub use gfp::Gfp;
pub use learned::Learned;
pub use manifold::Manifold;
pub use nas_bench::NasBench201;
pub use noisy_labels::NoisyLabels;
pub use number_column::number_column;
pub use olympus::olympus;
pub use spurious::Spurious;
pub use tf_bind::TfBind8;
pub use welded_beam::WeldedBeam;

use std::path::Path;

use qualm_stats::Stream;

use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::words::{self, Named, Words, problem};

/// What there is to know about a task, for help pages and the parser.
#[derive(Debug)]
pub struct Entry {
    /// The word that recipes use.
    pub word: &'static str,
    /// What it is in one line.
    pub what: &'static str,
    /// Parameters with their defaults; empty where there are none.
    pub parameters: &'static str,
    parse: Parse,
}

type Parse = fn(&mut Words<'_>, Option<&Path>) -> Result<Box<dyn Task>, ProxyError>;

/// Every task.
pub static TASKS: &[Entry] = &[
    manifold::ENTRY,
    spurious::ENTRY,
    narrow_basin::ENTRY,
    noisy_labels::ENTRY,
    branin::ENTRY,
    functions::HARTMANN_3,
    functions::HARTMANN_6,
    functions::ACKLEY,
    functions::LEVY,
    functions::ROSENBROCK,
    functions::RASTRIGIN,
    functions::STYBLINSKI_TANG,
    welded_beam::ENTRY,
    ehrlich::ENTRY,
    #[cfg(feature = "crawler")]
    crawler::ENTRY,
    tf_bind::ENTRY,
    nas_bench::ENTRY,
    gfp::ENTRY,
    learned::SUPERCON,
    olympus::ENTRY,
];

/// Tasks separated by commas; those that are read from files look for them in `folder`.
///
/// # Errors
/// When a recipe is not understood or given twice, or a file cannot be read.
///
/// ```
/// let tasks = qualm_proxy::tasks::parse_list("branin", None)?;
/// assert_eq!(tasks[0].name(), "branin");
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str, folder: Option<&Path>) -> Result<Vec<Box<dyn Task>>, ProxyError> {
    words::parse_list(
        text,
        TASKS,
        |entry, words| (entry.parse)(words, folder),
        |made| made.name().to_owned(),
    )
}

impl Named for Entry {
    const KIND: &'static str = "task";

    fn word(&self) -> &'static str {
        self.word
    }

    fn parameters(&self) -> &'static str {
        self.parameters
    }
}

/// The folder with the files of tasks, for one that is read from files.
fn folder_of<'a>(words: &Words<'_>, folder: Option<&'a Path>) -> Result<&'a Path, ProxyError> {
    folder.ok_or_else(|| {
        problem(
            words.word(),
            "it is read from files: name their folder with `--data` (docs/data.md)",
        )
    })
}

/// Designs drawn uniformly from the space, each labelled by `value`.
fn drawn(
    name: &str,
    space: &Space,
    rows: usize,
    seed: u64,
    value: impl Fn(&[f64]) -> f64,
) -> Result<Labelled, ProxyError> {
    drawn_where(name, space, rows, rows, seed, |x| Some(value(x)))
}

/// As many designs as asked for of those that have a label, or what the draws give.
fn drawn_where(
    name: &str,
    space: &Space,
    rows: usize,
    draws: usize,
    seed: u64,
    value: impl Fn(&[f64]) -> Option<f64>,
) -> Result<Labelled, ProxyError> {
    let mut stream = Stream::new(seed, DATA_STREAM);
    let (mut designs, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..draws {
        let design = space.draw(&mut stream);
        if let Some(label) = value(&design) {
            designs.extend(design);
            labels.push(label);
        }
        if labels.len() == rows {
            break;
        }
    }
    Labelled::new(
        name,
        Designs::new(designs, space.width()),
        labels,
        Merge::Refuse,
    )
}

/// The stream of a seed that draws a task's data.
const DATA_STREAM: u64 = 1;
