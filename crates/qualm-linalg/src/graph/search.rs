use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use rayon::prelude::*;

use super::NeighbourGraph;
use crate::vector::quick_dot;
use crate::{Neighbour, Rows};

/// The rows of a bank with about the largest inner products, for each of a tile of queries, found
/// by steps through a [`NeighbourGraph`]: a fraction of the bank is looked at, and some of the nearest rows
/// may be missed. What is found follows from graph and query alone, whatever the threads and the
/// other queries. Buffers are kept from tile to tile.
///
/// Where a graph leads to fewer than `k` rows, which one that was built over rows much alike may
/// do, all rows are looked at instead.
///
/// ```
/// use std::sync::Arc;
/// use qualm_linalg::{NeighbourGraph, GraphSearch, Layer, Rows};
/// // Two rows that know nothing of each other.
/// let alone = Layer { nodes: vec![0, 1], starts: vec![0, 0, 0], links: vec![] };
/// let graph = Arc::new(NeighbourGraph::from_parts(0, vec![alone], 2).expect("a graph"));
/// let rows = Rows::new(&[1.0f32, 0.0, 0.6, 0.8], 2);
/// let mut search = GraphSearch::new(graph, 2, 2);
/// search.search(rows, Rows::new(&[0.0, 1.0], 2));
/// let found: Vec<u32> = search.of(0).iter().map(|near| near.index).collect();
/// assert_eq!(found, [1, 0]);
/// ```
#[derive(Debug)]
pub struct GraphSearch {
    graph: Arc<NeighbourGraph>,
    k: usize,
    breadth: usize,
    walkers: Vec<Walker>,
    found: Vec<Vec<Neighbour>>,
}

/// A neighbour in the order of heaps: the nearest is the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Near(Neighbour);

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        Neighbour::order(&other.0, &self.0)
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What one thread needs to walk a graph.
#[derive(Debug, Default)]
struct Walker {
    /// The walk in which each row was last seen.
    seen: Vec<u32>,
    walk: u32,
    /// Seen, their links not yet.
    ahead: BinaryHeap<Near>,
    /// The best so far.
    best: BinaryHeap<Reverse<Near>>,
}

impl GraphSearch {
    /// A search for the `k` nearest that keeps the best `breadth` rows on its way, at least `k`:
    /// the more, the fewer of the nearest are missed.
    ///
    /// # Panics
    /// When `k` is zero.
    pub fn new(graph: Arc<NeighbourGraph>, k: usize, breadth: usize) -> Self {
        assert!(k > 0, "a search must look for at least one neighbour");
        Self {
            graph,
            k,
            breadth: breadth.max(k),
            walkers: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Searches `bank`, the rows that the graph was made of, for the neighbours of every query.
    ///
    /// # Panics
    /// When the widths differ or the graph is of another bank.
    pub fn search(&mut self, bank: Rows<'_, f32>, queries: Rows<'_, f32>) {
        assert!(
            self.graph.fits(bank) && bank.width() == queries.width(),
            "a graph is searched with the rows that it was made of"
        );
        let size = queries.len().max(self.found.len());
        self.found.resize_with(size, Vec::new);
        let share = queries.len().div_ceil(rayon::current_num_threads()).max(1);
        let walkers = queries.len().div_ceil(share).max(self.walkers.len());
        self.walkers.resize_with(walkers, Walker::default);
        let (graph, k, breadth) = (&*self.graph, self.k, self.breadth);
        self.found[..queries.len()]
            .par_chunks_mut(share)
            .zip(queries.data().par_chunks(share * queries.width()))
            .zip(&mut self.walkers)
            .for_each(|((found, queries), walker)| {
                let queries = Rows::new(queries, bank.width());
                for (row, found) in found.iter_mut().enumerate() {
                    walker.find(graph, bank, queries.row(row), k, breadth, found);
                }
            });
    }

    /// The neighbours of query `row` of the last search, nearest first: `k`, or all rows where
    /// there are fewer.
    pub fn of(&self, row: usize) -> &[Neighbour] {
        &self.found[row]
    }
}

impl Walker {
    fn find(
        &mut self,
        graph: &NeighbourGraph,
        bank: Rows<'_, f32>,
        query: &[f32],
        k: usize,
        breadth: usize,
        found: &mut Vec<Neighbour>,
    ) {
        let near = |index: u32| {
            // -0 and 0 are equals, which the total order of floats would tell apart.
            let similarity = quick_dot(query, bank.row(index as usize)) + 0.0;
            Near(Neighbour { similarity, index })
        };
        let Some((lowest, upper)) = graph.layers.split_first() else {
            return;
        };
        let mut at = near(graph.entry);
        for layer in upper.iter().rev() {
            while let Some(next) = layer.links_of(at.0.index).iter().map(|&to| near(to)).max()
                && next > at
            {
                at = next;
            }
        }
        self.begin(bank.len());
        self.offer(at, breadth);
        while let Some(from) = self.ahead.pop() {
            if self.best.len() >= breadth
                && self.best.peek().is_some_and(|Reverse(last)| from < *last)
            {
                break;
            }
            for &to in lowest.links_of(from.0.index) {
                if self.seen[to as usize] != self.walk {
                    self.offer(near(to), breadth);
                }
            }
        }
        if self.best.len() < k.min(graph.len()) {
            self.begin(bank.len());
            lowest
                .nodes
                .iter()
                .for_each(|&node| self.offer(near(node), k));
        }
        found.clear();
        found.extend(self.best.drain().map(|Reverse(Near(near))| near));
        found.sort_unstable_by(Neighbour::order);
        found.truncate(k);
    }

    fn begin(&mut self, rows: usize) {
        if self.seen.len() != rows || self.walk == u32::MAX {
            self.seen.clear();
            self.seen.resize(rows, 0);
            self.walk = 0;
        }
        self.walk += 1;
        self.ahead.clear();
        self.best.clear();
    }

    /// Notes a row that was not seen before, and keeps it where it is among the best.
    fn offer(&mut self, near: Near, breadth: usize) {
        self.seen[near.0.index as usize] = self.walk;
        if self.best.len() >= breadth {
            match self.best.peek() {
                Some(Reverse(last)) if near > *last => {}
                _ => return,
            }
            self.best.pop();
        }
        self.best.push(Reverse(near));
        self.ahead.push(near);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Layer;
    use super::*;

    /// Rows on a quarter of a circle, each linked to the rows before and after it.
    fn arc(count: u32) -> (Vec<f32>, NeighbourGraph) {
        let angle = |row: u32| row as f32 / count as f32 * std::f32::consts::FRAC_PI_2;
        let rows = (0..count).flat_map(|row| [angle(row).cos(), angle(row).sin()]);
        let links = |row: u32| [row.checked_sub(1), Some(row + 1).filter(|&row| row < count)];
        let mut lowest = Layer {
            starts: vec![0],
            ..Layer::default()
        };
        for row in 0..count {
            lowest.nodes.push(row);
            lowest.links.extend(links(row).into_iter().flatten());
            lowest.starts.push(lowest.links.len() as u64);
        }
        // First and last row know each other in the layer above.
        let upper = Layer {
            nodes: vec![0, count - 1],
            starts: vec![0, 1, 2],
            links: vec![count - 1, 0],
        };
        let graph = NeighbourGraph::from_parts(0, vec![lowest, upper], count as usize).unwrap();
        (rows.collect(), graph)
    }

    fn indices(search: &GraphSearch, row: usize) -> Vec<u32> {
        search.of(row).iter().map(|near| near.index).collect()
    }

    #[test]
    fn steps_lead_to_the_nearest() {
        let (rows, graph) = arc(90);
        let (rows, graph) = (Rows::new(&rows, 2), Arc::new(graph));
        let mut search = GraphSearch::new(Arc::clone(&graph), 3, 5);
        let queries = [0.0, 1.0, 1.0, 0.0, -1.0, -0.01];
        search.search(rows, Rows::new(&queries, 2));
        assert_eq!(indices(&search, 0), [89, 88, 87]);
        assert_eq!(indices(&search, 1), [0, 1, 2]);
        assert_eq!(indices(&search, 2), [89, 88, 87]);
        // The same with one query at a time and with all rows asked for.
        search.search(rows, Rows::new(&queries[2..4], 2));
        assert_eq!(indices(&search, 0), [0, 1, 2]);
        let mut all = GraphSearch::new(graph, 200, 1);
        all.search(rows, Rows::new(&queries[..2], 2));
        assert_eq!(indices(&all, 0), (0..90).rev().collect::<Vec<u32>>());
    }

    #[test]
    fn rows_out_of_reach_are_found_all_the_same() {
        let alone = Layer {
            nodes: vec![0, 1, 2],
            starts: vec![0; 4],
            links: Vec::new(),
        };
        let graph = Arc::new(NeighbourGraph::from_parts(2, vec![alone], 3).unwrap());
        let mut search = GraphSearch::new(graph, 2, 2);
        let rows = [1.0, 0.0, 0.6, 0.8, 0.0, 1.0];
        search.search(Rows::new(&rows, 2), Rows::new(&[1.0, 0.0], 2));
        assert_eq!(indices(&search, 0), [0, 1]);
    }
}
