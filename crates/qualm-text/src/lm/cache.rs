use super::Shape;

/// Keys and values of tokens that were read, by block and head.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cache {
    /// At `block * heads + head`: rows of a head's width, one a token.
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    len: usize,
}

impl Cache {
    /// Tokens that were read in all blocks.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds the keys and values of new tokens in block `layer`: rows of queries, keys and values
    /// side by side.
    pub(crate) fn extend(&mut self, shape: &Shape, layer: usize, qkv: &[f32]) {
        let lists = shape.layers * shape.kv_heads;
        self.keys.resize_with(lists, Vec::new);
        self.values.resize_with(lists, Vec::new);
        let (queries, keys, width) = (shape.queries(), shape.keys(), shape.head_width);
        for head in 0..shape.kv_heads {
            let list = layer * shape.kv_heads + head;
            for row in qkv.chunks_exact(queries + 2 * keys) {
                let key = queries + head * width;
                self.keys[list].extend_from_slice(&row[key..][..width]);
                self.values[list].extend_from_slice(&row[key + keys..][..width]);
            }
        }
    }

    /// Says that all blocks have read `tokens` more.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
    }

    /// Keys and values of a head, row by row.
    pub(crate) fn head(&self, shape: &Shape, layer: usize, head: usize) -> (&[f32], &[f32]) {
        let list = layer * shape.kv_heads + head;
        (&self.keys[list], &self.values[list])
    }
}

/// What a model has read and can go on from: the examples that all prompts begin with, computed
/// once.
///
/// [`Context::default`] is nothing read.
#[derive(Debug, Clone, Default)]
pub struct Context {
    pub(crate) tokens: Vec<u32>,
    pub(crate) cache: Cache,
}

impl Context {
    /// The tokens that were read.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }
}
