#[cfg(feature = "hnsw")]
mod build;
mod search;

use crate::Rows;

#[cfg(feature = "hnsw")]
pub use build::GraphBuilder;
pub use search::GraphSearch;

/// Rows of a matrix linked to rows near them, in layers that thin out: from the few rows of the
/// highest, steps to ever nearer rows lead into the neighbourhood of a query (Malkov and Yashunin
/// 2018, "Efficient and robust approximate nearest neighbor search using hierarchical navigable
/// small world graphs"). Plain checked arrays, searched by [`GraphSearch`].
///
/// ```
/// use std::sync::Arc;
/// use qualm_linalg::{NeighbourGraph, GraphSearch, Layer, Rows};
/// // Three rows in a chain.
/// let rows = Rows::new(&[1.0f32, 0.0, 0.6, 0.8, 0.0, 1.0], 2);
/// let chain = Layer { nodes: vec![0, 1, 2], starts: vec![0, 1, 3, 4], links: vec![1, 0, 2, 1] };
/// let graph = NeighbourGraph::from_parts(0, vec![chain], rows.len()).expect("links between its rows");
/// let mut search = GraphSearch::new(Arc::new(graph), 1, 2);
/// search.search(rows, Rows::new(&[0.0, 2.0], 2));
/// assert_eq!(search.of(0)[0].index, 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourGraph {
    /// A node of the highest layer, from which every search starts.
    entry: u32,
    /// The lowest, which holds all nodes, first.
    layers: Vec<Layer>,
}

/// The links of one layer of a [`NeighbourGraph`].
///
/// ```
/// let pair = qualm_linalg::Layer { nodes: vec![4, 7], starts: vec![0, 1, 2], links: vec![7, 4] };
/// assert_eq!((pair.links_of(7), pair.links_of(5)), (&[4][..], &[][..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// Rows that belong to the layer, ascending.
    pub nodes: Vec<u32>,
    /// Where the links of each node start; one more than nodes, the last is their end.
    pub starts: Vec<u64>,
    /// Rows, each a node of the layer.
    pub links: Vec<u32>,
}

impl Layer {
    /// The rows that `node` is linked to; none where it does not belong to the layer.
    pub fn links_of(&self, node: u32) -> &[u32] {
        // In the lowest layer of a whole matrix every row stands at its own number.
        let at = match self.nodes.get(node as usize) {
            Some(&there) if there == node => node as usize,
            _ => match self.nodes.binary_search(&node) {
                Ok(at) => at,
                Err(_) => return &[],
            },
        };
        &self.links[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn is_whole(&self) -> bool {
        self.nodes.is_sorted_by(|a, b| a < b)
            && self.starts.len() == self.nodes.len() + 1
            && self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self.starts.last() == Some(&(self.links.len() as u64))
            && self.links.iter().all(|link| self.has(*link))
    }

    fn has(&self, node: u32) -> bool {
        self.nodes.get(node as usize) == Some(&node) || self.nodes.binary_search(&node).is_ok()
    }
}

impl NeighbourGraph {
    /// The graph of these layers over the first `rows` rows of a matrix, the lowest layer first;
    /// nothing where they are none: links lead out of their layer, a layer is empty or holds a row
    /// that the one below does not, or the entry is no node of the highest.
    pub fn from_parts(entry: u32, layers: Vec<Layer>, rows: usize) -> Option<Self> {
        let lowest = layers.first()?;
        let all = lowest.nodes.len() == rows
            && lowest.nodes.last() == rows.checked_sub(1).map(|n| n as u32).as_ref();
        let nested = layers
            .windows(2)
            .all(|pair| pair[1].nodes.iter().all(|&node| pair[0].has(node)));
        let whole = layers
            .iter()
            .all(|layer| !layer.nodes.is_empty() && layer.is_whole());
        let enters = layers.last().is_some_and(|layer| layer.has(entry));
        (all && nested && whole && enters).then_some(Self { entry, layers })
    }

    /// The row from which every search starts.
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// The layers, the lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |lowest| lowest.nodes.len())
    }

    /// Whether there is no node, which no graph of a matrix has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all nodes are rows of `rows`.
    fn fits(&self, rows: Rows<'_, f32>) -> bool {
        let last = self.layers.first().and_then(|lowest| lowest.nodes.last());
        last.is_some_and(|&last| (last as usize) < rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Layer {
        Layer {
            nodes: vec![0, 1],
            starts: vec![0, 1, 2],
            links: vec![1, 0],
        }
    }

    fn top() -> Layer {
        Layer {
            nodes: vec![1],
            starts: vec![0, 0],
            links: Vec::new(),
        }
    }

    #[test]
    fn what_is_no_graph_is_refused() {
        let graph = |entry, layers: &[Layer], rows| {
            NeighbourGraph::from_parts(entry, layers.to_vec(), rows)
        };
        assert!(graph(1, &[pair(), top()], 2).is_some());
        assert!(
            graph(0, &[pair(), top()], 2).is_none(),
            "entry below the top"
        );
        assert!(graph(1, &[pair()], 3).is_none(), "a row is missing");
        assert!(graph(1, &[pair()], 1).is_none(), "a row too many");
        assert!(graph(0, &[], 0).is_none());
        assert!(graph(0, &[Layer::default()], 0).is_none());
        let broken = |change: &dyn Fn(&mut Layer)| {
            let mut layer = pair();
            change(&mut layer);
            graph(1, &[layer], 2).is_none()
        };
        assert!(broken(&|layer| layer.links[0] = 2));
        assert!(broken(&|layer| layer.starts[1] = 3));
        assert!(broken(&|layer| layer.starts[0] = 1));
        assert!(broken(&|layer| layer.starts[2] = 1));
        assert!(broken(&|layer| layer.starts.truncate(2)));
        assert!(broken(&|layer| layer.nodes = vec![1, 0]));
        assert!(broken(&|layer| layer.nodes = vec![1, 1]));
        let mut above = top();
        above.nodes[0] = 5;
        assert!(
            graph(5, &[pair(), above], 2).is_none(),
            "not in the layer below"
        );
    }
}
