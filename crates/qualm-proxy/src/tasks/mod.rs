//! Tasks, one a file.

mod branin;
mod manifold;

pub use branin::Branin;
pub use manifold::Manifold;

use std::path::Path;

use qualm_stats::Stream;

use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::words::{Words, problem, split_list};

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
pub static TASKS: &[Entry] = &[manifold::ENTRY, branin::ENTRY];

/// Tasks separated by commas; those that are read from files look for them in `folder`.
///
/// # Errors
/// When a recipe is not understood, or a file cannot be read.
///
/// ```
/// let tasks = qualm_proxy::tasks::parse_list("branin", None)?;
/// assert_eq!(tasks[0].name(), "branin");
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str, folder: Option<&Path>) -> Result<Vec<Box<dyn Task>>, ProxyError> {
    split_list(text)
        .into_iter()
        .map(|recipe| parse(recipe, folder))
        .collect()
}

fn parse(text: &str, folder: Option<&Path>) -> Result<Box<dyn Task>, ProxyError> {
    let mut words = Words::parse(text)?;
    let Some(entry) = TASKS.iter().find(|entry| entry.word == words.word()) else {
        let known: Vec<&str> = TASKS.iter().map(|entry| entry.word).collect();
        return Err(problem(
            text,
            format!("there is no such task; there are {}", known.join(", ")),
        ));
    };
    let task = (entry.parse)(&mut words, folder)?;
    words.finish(entry.parameters)?;
    Ok(task)
}

/// Designs drawn uniformly from the space, each labelled by `value`.
fn drawn(
    name: &str,
    space: &Space,
    rows: usize,
    seed: u64,
    value: impl Fn(&[f64]) -> f64,
) -> Result<Labelled, ProxyError> {
    let mut stream = Stream::new(seed, DATA_STREAM);
    let designs: Vec<f64> = (0..rows).flat_map(|_| space.draw(&mut stream)).collect();
    let designs = Designs::new(designs, space.width());
    let labels = designs.iter().map(value).collect();
    Labelled::new(name, designs, labels, Merge::Mean)
}

/// The stream of a seed that draws a task's data.
const DATA_STREAM: u64 = 1;
