//! Models as llama2.c stores them (its version 0): seven sizes, then the matrices in `f32`.

use std::path::Path;

use qualm_data::DataError;

use super::weights::{Layer, Weights};
use super::{LmError, Shape};

/// Reads weights.
pub(crate) fn weights(path: &Path) -> Result<(Shape, Weights), LmError> {
    let origin = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
    let (header, numbers) = bytes
        .split_at_checked(28)
        .ok_or_else(|| LmError::malformed(&origin, "no model of llama2.c: it ends in its sizes"))?;
    let sizes: Vec<i32> = header
        .chunks_exact(4)
        .map(|size| i32::from_le_bytes([size[0], size[1], size[2], size[3]]))
        .collect();
    let size = |at: usize| usize::try_from(sizes[at]).unwrap_or(0);
    let (width, heads) = (size(0), size(3));
    let shape = Shape {
        width,
        inner: size(1),
        layers: size(2),
        heads,
        kv_heads: size(4),
        head_width: width.checked_div(heads).unwrap_or(0),
        // Where the head is not the embedding, the sign says so.
        vocabulary: sizes[5].unsigned_abs() as usize,
        context: size(6),
        rope_base: 10_000.0,
        rope_width: width.checked_div(heads).unwrap_or(0),
        epsilon: 1e-5,
    }
    .checked(&origin)?;
    let mut rest = Numbers {
        bytes: numbers,
        origin: &origin,
    };
    let Shape {
        layers,
        inner,
        vocabulary,
        ..
    } = shape;
    let (queries, keys) = (shape.queries(), shape.keys());
    let embedding = rest.take(vocabulary, width)?;
    // Each kind of matrix stands there for all blocks, one after the other.
    let attention_norm = rest.take(layers, width)?;
    let q = rest.take(layers * queries, width)?;
    let k = rest.take(layers * keys, width)?;
    let v = rest.take(layers * keys, width)?;
    let output = rest.take(layers * width, queries)?;
    let inner_norm = rest.take(layers, width)?;
    let gate = rest.take(layers * inner, width)?;
    let down = rest.take(layers * width, inner)?;
    let up = rest.take(layers * inner, width)?;
    let norm = rest.take(1, width)?;
    // Tables of angles, which are computed here.
    rest.take(shape.context, shape.head_width)?;
    let head = match sizes[5] < 0 {
        true => Some(rest.take(vocabulary, width)?),
        false => None,
    };
    if !rest.bytes.is_empty() {
        return Err(LmError::malformed(
            &origin,
            "no model of llama2.c: it goes on after its last matrix",
        ));
    }
    let layers = (0..layers).map(|layer| {
        let part = |all: &[f32]| {
            let size = all.len() / layers;
            all[layer * size..][..size].to_vec()
        };
        Layer {
            attention_norm: part(&attention_norm),
            qkv: [part(&q), part(&k), part(&v)].concat(),
            output: part(&output),
            inner_norm: part(&inner_norm),
            gate_up: [part(&gate), part(&up)].concat(),
            down: part(&down),
        }
    });
    let weights = Weights::new(embedding, layers.collect(), norm, head);
    Ok((shape, weights))
}

struct Numbers<'a> {
    bytes: &'a [u8],
    origin: &'a str,
}

impl Numbers<'_> {
    /// The next `rows` times `width` numbers.
    fn take(&mut self, rows: usize, width: usize) -> Result<Vec<f32>, LmError> {
        let wrong = |problem: &str| LmError::malformed(self.origin, problem);
        let (numbers, rest) = rows
            .checked_mul(width)
            .and_then(|numbers| numbers.checked_mul(4))
            .and_then(|bytes| self.bytes.split_at_checked(bytes))
            .ok_or_else(|| wrong("no model of llama2.c: it ends before its last matrix"))?;
        let numbers: Vec<f32> = numbers
            .chunks_exact(4)
            .map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]))
            .collect();
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(wrong("the model holds NaN or infinity; get another copy"));
        }
        self.bytes = rest;
        Ok(numbers)
    }
}
