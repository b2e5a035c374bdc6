use std::sync::Arc;

use rayon::prelude::*;

use crate::{Rows, product_nt};

/// Bank rows multiplied at once.
const BANK_BLOCK: usize = 2048;

/// A row of a bank and how similar a query is to it.
///
/// ```
/// use qualm_linalg::{Nearest, Neighbour, Rows};
/// let mut nearest = Nearest::new(1);
/// nearest.search(Rows::new(&[1.0, 0.0, 0.5, 0.75], 2), Rows::new(&[0.0, 1.0], 2));
/// assert_eq!(nearest.of(0), [Neighbour { similarity: 0.75, index: 1 }]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Inner product with the query.
    pub similarity: f32,
    /// Row of the bank, counted from 0.
    pub index: u32,
}

impl Neighbour {
    /// Order by similarity, largest first; equals by their place in the bank.
    pub(crate) fn order(a: &Self, b: &Self) -> std::cmp::Ordering {
        b.similarity
            .total_cmp(&a.similarity)
            .then(a.index.cmp(&b.index))
    }
}

/// The `k` rows of a bank with the largest inner product, for each of a tile of queries: exact,
/// by blocked matrix products with a running selection. Buffers are kept from tile to tile.
///
/// ```
/// use qualm_linalg::{Nearest, Rows};
/// let bank = Rows::new(&[1.0f32, 0.0, 0.0, 1.0, 0.6, 0.8], 2);
/// let mut nearest = Nearest::new(2);
/// nearest.search(bank, Rows::new(&[0.0, 1.0], 2));
/// let indices: Vec<u32> = nearest.of(0).iter().map(|n| n.index).collect();
/// assert_eq!(indices, [1, 2]);
/// ```
#[derive(Debug)]
pub struct Nearest {
    k: usize,
    weights: Option<Arc<[f32]>>,
    candidates: Vec<Vec<Neighbour>>,
}

impl Nearest {
    /// A search for the `k` nearest; `k` is at least one.
    ///
    /// # Panics
    /// When `k` is zero.
    pub fn new(k: usize) -> Self {
        assert!(k > 0, "a search must look for at least one neighbour");
        Self {
            k,
            weights: None,
            candidates: Vec::new(),
        }
    }

    /// The same search by inner products that are multiplied with a weight for each row of the
    /// bank.
    ///
    /// # Panics
    /// When `k` is zero.
    pub fn weighted(k: usize, weights: Arc<[f32]>) -> Self {
        Self {
            weights: Some(weights),
            ..Self::new(k)
        }
    }

    /// Searches `bank` for the neighbours of every query. Where the bank holds fewer than `k`
    /// rows, all of them are neighbours.
    ///
    /// # Panics
    /// When the widths differ, the bank has more than 2^32 rows, or there is not a weight for each.
    pub fn search(&mut self, bank: Rows<'_, f32>, queries: Rows<'_, f32>) {
        Self::search_all(std::slice::from_mut(self), bank, queries, &mut Vec::new());
    }

    /// Several searches of one bank at the cost of one product; `products` is scratch.
    ///
    /// # Panics
    /// As [`Nearest::search`].
    pub fn search_all(
        searches: &mut [Self],
        bank: Rows<'_, f32>,
        queries: Rows<'_, f32>,
        products: &mut Vec<f32>,
    ) {
        assert!(
            u32::try_from(bank.len()).is_ok(),
            "a bank has at most 2^32 rows"
        );
        searches
            .iter_mut()
            .for_each(|search| search.start(bank.len(), queries.len()));
        for start in (0..bank.len()).step_by(BANK_BLOCK) {
            let block = bank.range(start, (start + BANK_BLOCK).min(bank.len()));
            products.resize(queries.len() * block.len(), 0.0);
            product_nt(products, queries, block);
            for search in &mut *searches {
                search.take(products, start, block.len(), queries.len());
            }
        }
        searches
            .iter_mut()
            .for_each(|search| search.finish(queries.len()));
    }

    fn start(&mut self, bank: usize, queries: usize) {
        assert!(
            self.weights.as_ref().is_none_or(|all| all.len() == bank),
            "every row of the bank needs a weight"
        );
        self.candidates
            .resize_with(queries.max(self.candidates.len()), Vec::new);
        self.candidates.iter_mut().for_each(Vec::clear);
    }

    /// Takes in the products of all queries with a block of `width` rows from row `start` on.
    fn take(&mut self, products: &[f32], start: usize, width: usize, queries: usize) {
        let k = self.k;
        let weights = self.weights.as_ref().map(|w| &w[start..start + width]);
        self.candidates[..queries]
            .par_iter_mut()
            .zip(products.par_chunks_exact(width))
            .with_min_len(16)
            .for_each(|(kept, row)| {
                let row = row.iter().copied();
                match weights {
                    None => offer(kept, row, start as u32, k),
                    Some(w) => offer(kept, row.zip(w).map(|(x, w)| x * w), start as u32, k),
                }
            });
    }

    fn finish(&mut self, queries: usize) {
        let k = self.k;
        self.candidates[..queries].par_iter_mut().for_each(|kept| {
            kept.sort_unstable_by(Neighbour::order);
            kept.truncate(k);
        });
    }

    /// The neighbours of query `row` of the last search, nearest first.
    pub fn of(&self, row: usize) -> &[Neighbour] {
        &self.candidates[row]
    }
}

/// Adds what can still be among the `k` best. Up to `2 k` candidates wait before the worse half
/// is cut off, so that a candidate costs constant time on average.
fn offer(kept: &mut Vec<Neighbour>, similarities: impl Iterator<Item = f32>, first: u32, k: usize) {
    let mut bar = if kept.len() >= k {
        cut(kept, k)
    } else {
        f32::NEG_INFINITY
    };
    for (index, similarity) in (first..).zip(similarities) {
        // Equals come later in the bank and lose to those that are kept.
        if similarity > bar || kept.len() < k {
            // -0 and 0 are equals, which the total order of floats would tell apart.
            kept.push(Neighbour {
                similarity: similarity + 0.0,
                index,
            });
            if kept.len() == 2 * k {
                bar = cut(kept, k);
            }
        }
    }
}

/// Keeps the best `k` and returns the similarity that the next candidate must beat.
fn cut(kept: &mut Vec<Neighbour>, k: usize) -> f32 {
    let (_, worst, _) = kept.select_nth_unstable_by(k - 1, Neighbour::order);
    let bar = worst.similarity;
    kept.truncate(k);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weights_reorder_and_share_the_product() {
        let bank = [1.0, 0.0, 0.6, 0.8];
        let weights = Arc::from([1.0, 2.0]);
        let mut searches = [Nearest::new(1), Nearest::weighted(1, weights)];
        let query = Rows::new(&[1.0, 0.0], 2);
        Nearest::search_all(&mut searches, Rows::new(&bank, 2), query, &mut Vec::new());
        let best = |search: &Nearest| (search.of(0)[0].index, search.of(0)[0].similarity);
        assert_eq!(
            (best(&searches[0]), best(&searches[1])),
            ((0, 1.0), (1, 1.2))
        );
    }

    proptest! {
        #[test]
        fn agrees_with_sorting_everything(
            bank in proptest::collection::vec(-4i8..4, 3..3 * 40),
            query in proptest::collection::vec(-4i8..4, 3),
            k in 1usize..12,
        ) {
            // Small integers make many ties, which must fall to the earlier row.
            let bank: Vec<f32> = bank[..bank.len() / 3 * 3].iter().map(|&x| f32::from(x)).collect();
            let query: Vec<f32> = query.iter().map(|&x| f32::from(x)).collect();
            let mut all: Vec<Neighbour> = bank.chunks(3).zip(0..).map(|(row, index)| Neighbour {
                similarity: row.iter().zip(&query).map(|(a, b)| a * b).sum::<f32>() + 0.0, index,
            }).collect();
            all.sort_by(Neighbour::order);
            all.truncate(k);
            let mut nearest = Nearest::new(k);
            nearest.search(Rows::new(&bank, 3), Rows::new(&query, 3));
            prop_assert_eq!(nearest.of(0), &all[..]);
        }
    }

    #[test]
    fn blocks_of_the_bank_join() {
        let bank: Vec<f32> = (0..BANK_BLOCK * 2 + 5)
            .map(|i| ((i * 7919) % 10_007) as f32)
            .collect();
        let mut nearest = Nearest::new(3);
        nearest.search(Rows::new(&bank, 1), Rows::new(&[1.0], 1));
        let mut all: Vec<(u32, f32)> = (0..).zip(bank.iter().copied()).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let want: Vec<u32> = all.iter().take(3).map(|a| a.0).collect();
        let got: Vec<u32> = nearest.of(0).iter().map(|n| n.index).collect();
        assert_eq!(got, want);
    }
}
