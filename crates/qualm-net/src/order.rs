use qualm_stats::Stream;

/// The order in which training sees its rows: each once an epoch, at random, in batches of one
/// size. Rows that do not fill a batch are left out until the next epoch mixes all anew.
///
/// ```
/// use qualm_net::RandomOrder;
/// use qualm_stats::Stream;
/// let (mut order, mut stream) = (RandomOrder::new(5), Stream::new(1, 0));
/// let mut seen = [order.draw(2, &mut stream), &[]].concat();
/// seen.extend(order.draw(2, &mut stream));
/// seen.sort();
/// seen.dedup();
/// assert_eq!((seen.len(), order.in_epoch(2)), (4, 2));
/// ```
#[derive(Debug, Clone)]
pub struct RandomOrder {
    order: Vec<usize>,
    next: usize,
}

impl RandomOrder {
    /// For so many rows.
    pub fn new(rows: usize) -> Self {
        Self {
            order: (0..rows).collect(),
            next: rows,
        }
    }

    /// Rows of a batch that should have `wanted`: fewer where there are not as many.
    pub fn rows(&self, wanted: usize) -> usize {
        wanted.min(self.order.len())
    }

    /// Whole batches in an epoch.
    pub fn in_epoch(&self, wanted: usize) -> usize {
        self.order.len() / self.rows(wanted).max(1)
    }

    /// Rows of the next batch.
    pub fn draw(&mut self, wanted: usize, stream: &mut Stream) -> &[usize] {
        let rows = self.rows(wanted);
        if self.next + rows > self.order.len() {
            stream.shuffle(&mut self.order);
            self.next = 0;
        }
        self.next += rows;
        &self.order[self.next - rows..self.next]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_comes_once_an_epoch_and_the_seed_decides_when() {
        let epochs = |seed| {
            let (mut order, mut stream) = (RandomOrder::new(12), Stream::new(seed, 0));
            let mut draw = || -> Vec<usize> {
                let batches = (0..3).flat_map(|_| order.draw(4, &mut stream).to_vec());
                batches.collect()
            };
            [draw(), draw()]
        };
        let [first, second] = epochs(1);
        for epoch in [&first, &second] {
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..12));
        }
        assert_ne!(first, second);
        assert_eq!(epochs(1), [first, second]);
        assert_ne!(epochs(1), epochs(2));
    }

    #[test]
    fn few_rows_are_one_batch() {
        let (mut order, mut stream) = (RandomOrder::new(3), Stream::new(1, 0));
        assert_eq!((order.rows(128), order.in_epoch(128)), (3, 1));
        assert_eq!(order.draw(128, &mut stream).len(), 3);
        assert!(RandomOrder::new(0).draw(2, &mut stream).is_empty());
    }
}
