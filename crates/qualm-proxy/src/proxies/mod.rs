//! Proxies, one a file. A recipe names one with its parameters: `ridge(penalty=1)`.

mod batches;
mod coms;
mod ensemble;
mod gaussian_net;
mod gaussian_process;
mod given;
mod mlp;
mod ram;
mod ridge;
mod roma;
mod surface;
#[cfg(test)]
pub(crate) mod testing;

pub use coms::{Coms, ComsProxy};
pub use ensemble::{Ensemble, EnsembleProxy};
pub use gaussian_process::{GaussianProcess, GaussianProcessProxy};
pub use given::{Given, GivenProxy};
pub use mlp::Mlp;
pub use ram::{Ram, RamProxy};
pub use ridge::{Ridge, RidgeProxy};
pub use roma::{Roma, RomaProxy};

use crate::error::ProxyError;
use crate::proxy::Learner;
use crate::words::{self, Named, Words};

/// What there is to know about a kind of proxy, for help pages and the parser.
#[derive(Debug)]
pub struct Entry {
    /// The word that recipes use.
    pub word: &'static str,
    /// What it is in one line.
    pub what: &'static str,
    /// Source.
    pub paper: &'static str,
    /// Parameters with their defaults; empty where there are none.
    pub parameters: &'static str,
    parse: fn(&mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError>,
}

/// Every kind of proxy.
pub static PROXIES: &[Entry] = &[
    ridge::ENTRY,
    gaussian_process::ENTRY,
    mlp::ENTRY,
    ensemble::ENTRY,
    coms::ENTRY,
    roma::ENTRY,
    ram::ENTRY,
];

/// Proxies separated by commas.
///
/// # Errors
/// When a recipe is not understood, or given twice.
///
/// ```
/// let learners = qualm_proxy::proxies::parse_list("ridge(penalty=2)")?;
/// assert_eq!(learners[0].text(), "ridge(penalty=2)");
/// # Ok::<(), qualm_proxy::ProxyError>(())
/// ```
pub fn parse_list(text: &str) -> Result<Vec<Box<dyn Learner>>, ProxyError> {
    words::parse_list(
        text,
        PROXIES,
        |entry, words| (entry.parse)(words),
        |made| made.text(),
    )
}

impl Named for Entry {
    const KIND: &'static str = "proxy";

    fn word(&self) -> &'static str {
        self.word
    }

    fn parameters(&self) -> &'static str {
        self.parameters
    }
}
