use std::sync::Arc;

use qualm_linalg::{GraphBuilder, GraphSearch, Nearest, NeighbourGraph, Rows};
use qualm_stats::random::{DEFAULT_SEED, unit_hash};

use super::Recall;
use crate::statistics::Bank;

/// Rows that recall is measured on at most.
const SAMPLE: usize = 256;

/// Inner products of unit rows in `f32`, by one order of sums or another, agree as closely.
const ROUNDING: f32 = 2e-6;

/// A graph over a bank, and the same before a sample of the rows was in it: searching for a row
/// that is there would find the row itself, and its own links.
#[derive(Debug)]
pub(crate) struct SampledGraph {
    whole: Arc<NeighbourGraph>,
    /// Nothing where the bank is a single row.
    before: Option<Arc<NeighbourGraph>>,
    /// Places in the bank.
    sample: Vec<u32>,
}

impl SampledGraph {
    /// Builds the graph; nothing over an empty bank.
    pub(crate) fn build(bank: &Bank) -> Option<Self> {
        let mut sample: Vec<u32> = (0..bank.len() as u32).collect();
        // Another draw than that of the bank's rows, or the sample would be a smaller bank.
        let lot = |&row: &u32| unit_hash(DEFAULT_SEED ^ 1, bank.row_numbers[row as usize]);
        sample.sort_by(|a, b| lot(a).total_cmp(&lot(b)).then(a.cmp(b)));
        sample.truncate(SAMPLE.min(bank.len() / 10).max(1));
        sample.sort_unstable();
        let mut builder = GraphBuilder::new(Rows::new(&bank.rows, bank.dim));
        let sampled = |row: &u32| sample.binary_search(row).is_ok();
        for row in (0..bank.len() as u32).filter(|row| !sampled(row)) {
            builder.insert(row);
        }
        let before = builder.graph().map(Arc::new);
        sample.iter().for_each(|&row| builder.insert(row));
        Some(Self {
            whole: Arc::new(builder.graph()?),
            before,
            sample,
        })
    }

    /// The graph over all rows.
    pub(crate) fn whole(&self) -> &Arc<NeighbourGraph> {
        &self.whole
    }

    /// The share of the `k` nearest of the other rows that a search finds for the rows of the
    /// sample, rows that are equally near counting as one another.
    pub(crate) fn recall(&self, bank: &Bank, k: usize, breadth: usize) -> Recall {
        let Some(before) = &self.before else {
            return Recall {
                share: 1.0,
                queries: 0,
            };
        };
        let rows = Rows::new(&bank.rows, bank.dim);
        let queries: Vec<f32> = self
            .sample
            .iter()
            .flat_map(|&row| rows.row(row as usize))
            .copied()
            .collect();
        let queries = Rows::new(&queries, bank.dim);
        // The sample is among the rows of the exact search, and left out of what it finds.
        let mut exact = Nearest::new(k + self.sample.len());
        exact.search(rows, queries);
        let mut search = GraphSearch::new(Arc::clone(before), k, breadth);
        search.search(rows, queries);
        let (mut found, mut all) = (0, 0);
        for row in 0..queries.len() {
            let others = exact.of(row).iter();
            let mut others = others.filter(|near| self.sample.binary_search(&near.index).is_err());
            let wanted = k.min(before.len());
            let farthest = others.nth(wanted - 1).map_or(1.0, |near| near.similarity);
            let near = search.of(row).iter();
            let near = near.filter(|near| near.similarity >= farthest - ROUNDING);
            found += near.count();
            all += wanted;
        }
        Recall {
            share: found as f64 / all as f64,
            queries: queries.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_is_one_where_all_rows_are_looked_at_and_less_where_few_are() {
        let dim = 16;
        let mut rows = crate::testing::numbers(3000 * dim, 4);
        for row in rows.chunks_mut(dim) {
            let norm = qualm_linalg::norm(row) as f32;
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let bank = Bank {
            rows,
            row_numbers: (0..3000).collect(),
            labels: Vec::new(),
            logits: Vec::new(),
            dim,
        };
        let sampled = SampledGraph::build(&bank).unwrap();
        assert_eq!(sampled.whole().len(), 3000);
        let whole = sampled.recall(&bank, 10, 3000);
        assert_eq!((whole.share, whole.queries), (1.0, 256));
        let hasty = sampled.recall(&bank, 10, 10).share;
        assert!(hasty > 0.3 && hasty < 1.0, "{hasty}");
        let usual = sampled.recall(&bank, 10, 128).share;
        assert!(usual > hasty, "{usual}");
    }
}
