/// Takes in the same statistic of rows that come later.
pub(crate) trait Merge {
    /// `self` becomes the statistic of both; `later` stands for rows after those of `self`.
    fn merge(&mut self, later: Self);
}

/// Statistics of blocks of rows, merged over one binary tree that block numbers alone define.
///
/// Sums of floating-point numbers depend on their order. Here the order is that of a tree over
/// block 0, block 1, ...: a node of level l covers 2^l blocks from a multiple of 2^l, and is made
/// only of its two halves. Whoever computes a part of the tree, on whatever machine, gets the
/// same bytes. At most one node a level waits for its other half, so that memory grows with the
/// logarithm of the number of rows; errors of rounding do too.
///
/// A block that was cut by the boundary of a shard is merged into whatever covers it: correct,
/// but no longer byte for byte the result of one run.
#[derive(Debug, Clone)]
pub(crate) struct Forest<T> {
    /// Sorted by first block; no two overlap.
    nodes: Vec<Node<T>>,
}

/// The statistic of blocks `first .. first + 2^level`.
#[derive(Debug, Clone)]
pub(crate) struct Node<T> {
    pub(crate) first: u64,
    pub(crate) level: u32,
    pub(crate) value: T,
}

impl<T> Node<T> {
    fn end(&self) -> u64 {
        self.first.saturating_add(1u64 << self.level)
    }
}

impl<T> Default for Forest<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

impl<T: Merge> Forest<T> {
    /// Adds the statistic of one block.
    pub(crate) fn insert_block(&mut self, block: u64, value: T) {
        self.insert(Node {
            first: block,
            level: 0,
            value,
        });
    }

    /// Adds a node of another forest.
    pub(crate) fn insert(&mut self, mut node: Node<T>) {
        let mut at = self
            .nodes
            .partition_point(|other| other.end() <= node.first);
        if let Some(cover) = self.nodes.get_mut(at)
            && cover.first <= node.first
            && cover.end() >= node.end()
        {
            cover.value.merge(node.value);
            return;
        }
        while self
            .nodes
            .get(at)
            .is_some_and(|other| other.first < node.end())
        {
            node.value.merge(self.nodes.remove(at).value);
        }
        // Join halves as long as there are two.
        loop {
            let width = 1u64 << node.level;
            let is_left = node.first & width == 0;
            let half = |other: &Node<T>, first| other.first == first && other.level == node.level;
            if is_left
                && self
                    .nodes
                    .get(at)
                    .is_some_and(|o| half(o, node.first + width))
            {
                node.value.merge(self.nodes.remove(at).value);
            } else if !is_left && at > 0 && half(&self.nodes[at - 1], node.first - width) {
                at -= 1;
                let right = std::mem::replace(&mut node, self.nodes.remove(at));
                node.value.merge(right.value);
            } else {
                break;
            }
            node.level += 1;
        }
        self.nodes.insert(at, node);
    }

    /// The statistic of all rows, or nothing where there was none.
    pub(crate) fn finish(self) -> Option<T> {
        let mut nodes = self.nodes.into_iter().map(|node| node.value);
        let mut whole = nodes.next()?;
        nodes.for_each(|later| whole.merge(later));
        Some(whole)
    }

    /// The nodes, in the order of their blocks.
    pub(crate) fn nodes(&self) -> &[Node<T>] {
        &self.nodes
    }

    /// The nodes, to be merged into another forest.
    pub(crate) fn into_nodes(self) -> Vec<Node<T>> {
        self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Merge for f32 {
        fn merge(&mut self, later: Self) {
            *self += later;
        }
    }

    impl Merge for String {
        fn merge(&mut self, later: Self) {
            *self = format!("({self}{later})");
        }
    }

    #[test]
    fn halves_join_as_soon_as_both_are_there() {
        let mut forest = Forest::default();
        for block in 0..5u64 {
            forest.insert_block(block, block.to_string());
        }
        let nodes: Vec<(u64, u32)> = forest.nodes().iter().map(|n| (n.first, n.level)).collect();
        assert_eq!(nodes, [(0, 2), (4, 0)]);
        assert_eq!(forest.finish().unwrap(), "(((01)(23))4)");
    }

    #[test]
    fn a_block_cut_in_two_is_still_counted_once() {
        let mut forest = Forest::default();
        for block in [0, 1, 2, 3] {
            forest.insert_block(block, 1.0f32);
        }
        forest.insert_block(2, 0.5);
        assert_eq!(forest.finish(), Some(4.5));
    }

    proptest! {
        /// Any cut into shards, merged in any order, gives the sums of one run, to the bit.
        #[test]
        fn shards_give_the_bytes_of_one_run(
            values in proptest::collection::vec(-1e3f32..1e3, 1..70),
            cuts in proptest::collection::vec(0usize..70, 0..5),
            reverse in any::<bool>(),
        ) {
            let mut one = Forest::default();
            for (block, &value) in values.iter().enumerate() {
                one.insert_block(block as u64, value);
            }
            let mut bounds: Vec<usize> = cuts.iter().map(|cut| cut % values.len()).collect();
            bounds.extend([0, values.len()]);
            bounds.sort_unstable();
            let mut shards: Vec<Forest<f32>> = bounds.windows(2).map(|pair| {
                let mut shard = Forest::default();
                for (block, &value) in values.iter().enumerate().take(pair[1]).skip(pair[0]) {
                    shard.insert_block(block as u64, value);
                }
                shard
            }).collect();
            if reverse {
                shards.reverse();
            }
            let mut merged = Forest::default();
            for node in shards.into_iter().flat_map(Forest::into_nodes) {
                merged.insert(node);
            }
            prop_assert_eq!(merged.finish().map(f32::to_bits), one.finish().map(f32::to_bits));
        }
    }
}
