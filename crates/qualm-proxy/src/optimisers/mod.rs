//! Optimisers, one a file. A recipe names one with its parameters: `sgd(steps=100)`.

mod ascent;
mod best_of_n;
mod cbas;
mod cma_es;
mod mutation;
mod random;

pub use ascent::{Ascent, Own};
pub use best_of_n::BestOfN;
pub use cbas::Cbas;
pub use cma_es::CmaEs;
pub use mutation::Mutation;
pub use random::Random;

use crate::error::ProxyError;
use crate::optimiser::Optimiser;
use crate::words::{Words, problem, split_list};

/// What there is to know about an optimiser, for help pages and the parser.
#[derive(Debug)]
pub struct Entry {
    /// The word that recipes use.
    pub word: &'static str,
    /// What it does in one line.
    pub what: &'static str,
    /// Source.
    pub paper: &'static str,
    /// Parameters with their defaults; empty where there are none.
    pub parameters: &'static str,
    parse: fn(&mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError>,
}

/// Every optimiser.
pub static OPTIMISERS: &[Entry] = &[
    ascent::SGD,
    ascent::ADAM,
    ascent::OWN,
    best_of_n::ENTRY,
    mutation::ENTRY,
    cma_es::ENTRY,
    cbas::ENTRY,
    random::ENTRY,
];

/// Optimisers separated by commas.
///
/// # Errors
/// When a recipe is not understood.
///
/// ```
/// let optimisers = qualm_proxy::optimisers::parse_list("random")?;
/// assert_eq!(optimisers[0].text(), "random");
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str) -> Result<Vec<Box<dyn Optimiser>>, ProxyError> {
    split_list(text).into_iter().map(parse).collect()
}

fn parse(text: &str) -> Result<Box<dyn Optimiser>, ProxyError> {
    let mut words = Words::parse(text)?;
    let Some(entry) = OPTIMISERS.iter().find(|entry| entry.word == words.word()) else {
        let known: Vec<&str> = OPTIMISERS.iter().map(|entry| entry.word).collect();
        return Err(problem(
            text,
            format!("there is no such optimiser; there are {}", known.join(", ")),
        ));
    };
    let optimiser = (entry.parse)(&mut words)?;
    words.finish(entry.parameters)?;
    Ok(optimiser)
}
