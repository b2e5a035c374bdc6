use std::collections::BTreeMap;

use hnsw_rs::prelude::{Distance, Hnsw};

use super::{Layer, NeighbourGraph};
use crate::Rows;
use crate::vector::quick_dot;

/// Builds a [`NeighbourGraph`] over rows of unit length, row by row, with the crate `hnsw_rs`.
///
/// The rows go in on one thread: the graph follows from them and their order alone. The layers of
/// rows are drawn by the crate's own generator, whose seed is fixed; a new version of it may draw
/// others.
///
/// ```
/// use qualm_linalg::{GraphBuilder, Rows};
/// let rows = [1.0f32, 0.0, 0.6, 0.8, 0.0, 1.0];
/// let mut builder = GraphBuilder::new(Rows::new(&rows, 2));
/// (0..3).for_each(|row| builder.insert(row));
/// let graph = builder.graph().expect("rows were inserted");
/// assert_eq!(graph.layers()[0].nodes, [0, 1, 2]);
/// ```
pub struct GraphBuilder<'a> {
    index: Hnsw<'a, u32, Angle<'a>>,
}

/// Links a row has at most in a layer; twice as many in the lowest.
const LINKS: usize = 16;
/// Rows that are looked at for the links of a new one.
const BREADTH: usize = 128;
/// No draw of layers comes near.
const MOST_LAYERS: usize = 16;

/// One minus the inner product of two rows, which the index knows by their numbers: it need not
/// copy them.
struct Angle<'a>(Rows<'a, f32>);

impl Distance<u32> for Angle<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        let row = |index: &[u32]| self.0.row(index[0] as usize);
        // The index takes no negative distance.
        (1.0 - quick_dot(row(a), row(b))).max(0.0)
    }
}

impl<'a> GraphBuilder<'a> {
    /// A builder without nodes over rows of unit length.
    ///
    /// # Panics
    /// When there are more than 2^31 rows.
    pub fn new(rows: Rows<'a, f32>) -> Self {
        assert!(
            i32::try_from(rows.len()).is_ok(),
            "a graph has at most 2^31 nodes"
        );
        Self {
            index: Hnsw::new(LINKS, rows.len(), MOST_LAYERS, BREADTH, Angle(rows)),
        }
    }

    /// Inserts row `row`, which must not be there yet.
    pub fn insert(&mut self, row: u32) {
        self.index.insert((&[row], row as usize));
    }

    /// The graph of the rows that were inserted; nothing before the first.
    pub fn graph(&self) -> Option<NeighbourGraph> {
        // The crate's iterator expects a point.
        if self.index.get_nb_point() == 0 {
            return None;
        }
        let mut links: Vec<BTreeMap<u32, Vec<u32>>> = Vec::new();
        for point in self.index.get_point_indexation() {
            let highest = usize::from(point.get_point_id().0);
            if links.len() <= highest {
                links.resize_with(highest + 1, BTreeMap::new);
            }
            let row = point.get_origin_id() as u32;
            let mut lists = point.get_neighborhood_id().into_iter();
            for (layer, rows) in links.iter_mut().enumerate().take(highest + 1) {
                // The index also links rows to some that do not reach up to the layer.
                let belongs = |id: &u8| usize::from(*id) >= layer;
                let list = lists.next().unwrap_or_default().into_iter();
                let list = list.filter(|near| belongs(&near.p_id.0));
                let list = list.map(|near| near.d_id as u32).filter(|&to| to != row);
                rows.insert(row, list.collect());
            }
        }
        let layers: Vec<Layer> = links.into_iter().map(layer).collect();
        let entry = *layers.last()?.nodes.first()?;
        Some(NeighbourGraph { entry, layers })
    }
}

fn layer(rows: BTreeMap<u32, Vec<u32>>) -> Layer {
    let mut layer = Layer {
        starts: vec![0],
        ..Layer::default()
    };
    for (row, links) in rows {
        layer.nodes.push(row);
        layer.links.extend(links);
        layer.starts.push(layer.links.len() as u64);
    }
    layer
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{GraphSearch, Nearest};

    #[test]
    fn a_graph_is_whole_repeats_itself_and_finds_what_is_near() {
        // Points of a lattice, turned so that none are alike.
        let mut rows: Vec<f32> = (0..2000u32)
            .flat_map(|i| [i % 13, i / 13 % 11, i / 143 % 14].map(|x| x as f32 - 5.2))
            .collect();
        for row in rows.chunks_mut(3) {
            let norm = crate::norm(row) as f32;
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let rows = Rows::new(&rows, 3);
        assert_eq!(GraphBuilder::new(rows).graph(), None);
        let build = |count: u32| {
            let mut builder = GraphBuilder::new(rows);
            (0..count).for_each(|row| builder.insert(row));
            builder.graph().unwrap()
        };
        let graph = build(1900);
        assert!(graph == build(1900));
        let checked = NeighbourGraph::from_parts(graph.entry(), graph.layers().to_vec(), 1900);
        assert_eq!(checked.as_ref(), Some(&graph));
        let (mut exact, mut found) = (Nearest::new(5), GraphSearch::new(Arc::new(graph), 5, 50));
        let queries = rows.range(1900, 2000);
        exact.search(rows.range(0, 1900), queries);
        found.search(rows.range(0, 1900), queries);
        let near = |row: usize| found.of(row)[4].similarity - exact.of(row)[4].similarity > -1e-6;
        let right = (0..100).filter(|&row| near(row)).count();
        assert!(right >= 95, "{right} of 100");
    }
}
