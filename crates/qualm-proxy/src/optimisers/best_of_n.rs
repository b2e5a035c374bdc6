use qualm_linalg::Rows;
use qualm_stats::Stream;

use super::Entry;
use super::random::draw;
use crate::data::Data;
use crate::error::ProxyError;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::Proxy;
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "best-of-n",
    what: "draws a pool as `random` does and takes the 128 that the proxy likes best",
    paper: "Gao et al., ICML 2023",
    parameters: "pool=8192",
    parse,
};

const POOL: usize = 8192;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    let more_than = |pool: &usize| *pool > PROPOSALS;
    let pool = words.take_or("pool", POOL, "a whole number above 128", more_than)?;
    Ok(Box::new(BestOfN { pool }))
}

/// The best of a pool. The first step of its way is the whole pool.
#[derive(Debug, Clone, Copy)]
pub struct BestOfN {
    pool: usize,
}

impl Optimiser for BestOfN {
    fn text(&self) -> String {
        let parameters = [("pool", self.pool as f64, POOL as f64)];
        recipe("best-of-n", &changed(&parameters))
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let width = data.width();
        let x = draw(data, self.pool, &mut Stream::new(seed, 0));
        let values = proxy.predict(Rows::new(&x, width));
        let mut way = Trajectory::new(width);
        way.push(0, &x, &values);
        let (x, values) = best(&x, &values, width, PROPOSALS);
        way.push(self.pool, &x, &values);
        Ok(way)
    }
}

/// The rows of the largest values, the largest first, earlier ones before their equals.
pub(super) fn best(x: &[f64], values: &[f64], width: usize, count: usize) -> (Vec<f64>, Vec<f64>) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(count);
    let rows = order.iter().flat_map(|&at| &x[at * width..][..width]);
    (
        rows.copied().collect(),
        order.iter().map(|&at| values[at]).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first() {
        let (x, values) = best(&[1.0, 2.0, 3.0], &[0.5, 0.9, 0.9], 1, 2);
        assert_eq!((x, values), (vec![2.0, 3.0], vec![0.9, 0.9]));
    }
}
