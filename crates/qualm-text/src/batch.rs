/// A text as numbers of tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The tokens.
    pub ids: Vec<u32>,
    /// Which of two texts each token is of; zeros here.
    pub types: Vec<u32>,
}

/// Texts that a model is given at once, padded to the longest of them. Matrices are
/// `texts x length`, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBatch {
    /// Which of the texts that were batched each row is.
    pub places: Vec<usize>,
    /// Tokens of a row.
    pub length: usize,
    /// The tokens.
    pub ids: Vec<u32>,
    /// 1 where there is a token, 0 where there is padding.
    pub mask: Vec<u32>,
    /// Which of two texts each token is of.
    pub types: Vec<u32>,
}

impl TokenBatch {
    /// Batches of at most `rows` texts, texts of like length together: what a model computes for
    /// padding is thrown away. The order of texts of one length is kept, so that batches depend on
    /// the texts alone.
    pub fn of(texts: &[Tokens], rows: usize, padding: u32) -> Vec<Self> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&place| texts[place].ids.len());
        let batches = order.chunks(rows.max(1)).map(|places| {
            let lengths = places.iter().map(|&place| texts[place].ids.len());
            // A model is given one token at least.
            let length = lengths.max().unwrap_or(0).max(1);
            let mut batch = Self {
                places: places.to_vec(),
                length,
                ids: Vec::with_capacity(places.len() * length),
                mask: Vec::with_capacity(places.len() * length),
                types: Vec::with_capacity(places.len() * length),
            };
            for (row, &place) in places.iter().enumerate() {
                let end = (row + 1) * length;
                let Tokens { ids, types } = &texts[place];
                batch.ids.extend(ids);
                batch.ids.resize(end, padding);
                batch.mask.resize(row * length + ids.len(), 1);
                batch.mask.resize(end, 0);
                batch.types.extend(types);
                batch.types.resize(end, 0);
            }
            batch
        });
        batches.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_like_length_go_together_and_find_back() {
        let texts: Vec<Tokens> = [3usize, 1, 2, 0, 1]
            .iter()
            .map(|&length| Tokens {
                ids: vec![length as u32 + 10; length],
                types: vec![1; length],
            })
            .collect();
        let batches = TokenBatch::of(&texts, 2, 7);
        let places: Vec<_> = batches.iter().map(|batch| batch.places.clone()).collect();
        assert_eq!(places, [vec![3, 1], vec![4, 2], vec![0]]);
        assert_eq!(batches[0].ids, [7, 11]);
        assert_eq!(batches[0].mask, [0, 1]);
        assert_eq!(batches[1].ids, [11, 7, 12, 12]);
        assert_eq!(batches[1].mask, [1, 0, 1, 1]);
        assert_eq!(batches[1].types, [1, 0, 1, 1]);
        assert_eq!((batches[2].length, batches[2].ids.len()), (3, 3));
        let empty = TokenBatch::of(&texts[3..4], 2, 7);
        assert_eq!((empty[0].length, empty[0].mask[0]), (1, 0));
    }
}
