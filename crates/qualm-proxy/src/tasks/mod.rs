//! Tasks, one a file.

mod branin;
mod manifold;

pub use branin::Branin;
pub use manifold::Manifold;

use qualm_stats::Stream;

use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;

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
