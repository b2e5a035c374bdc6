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
use crate::words::{self, Named, Words};

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
/// When a recipe is not understood, or given twice.
///
/// ```
/// let optimisers = qualm_proxy::optimisers::parse_list("random")?;
/// assert_eq!(optimisers[0].text(), "random");
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str) -> Result<Vec<Box<dyn Optimiser>>, ProxyError> {
    words::parse_list(
        text,
        OPTIMISERS,
        |entry, words| (entry.parse)(words),
        |made| made.text(),
    )
}

impl Named for Entry {
    const KIND: &'static str = "optimiser";

    fn word(&self) -> &'static str {
        self.word
    }

    fn parameters(&self) -> &'static str {
        self.parameters
    }
}
