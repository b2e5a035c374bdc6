//! Attention of many sequences at once: first to what all of them have read, as few large matrix
//! products, then of each to its own tokens, and both joined by the largest score and the sum of
//! each row (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).

use qualm_linalg::{Rows, exp, largest, map, product_nn, product_nt, sum_of};
use rayon::prelude::*;

use super::Shape;
use super::cache::Cache;

/// Rows of queries that are held against what all have read at once.
const QUERIES_AT_ONCE: usize = 192;

/// Tokens of one sequence that look back at once; each block computes scores up to its last token.
const TOKENS_AT_ONCE: usize = 64;

/// A sequence's part of a pass.
pub(crate) struct Part<'a> {
    /// What the sequence has read by itself, the new tokens included.
    pub(crate) own: &'a Cache,
    /// New tokens.
    pub(crate) tokens: usize,
}

/// The largest score of a row and the sum of the exponentials below it.
#[derive(Clone, Copy)]
struct Softmax {
    largest: f32,
    sum: f32,
}

const NOTHING: Softmax = Softmax {
    largest: f32::NEG_INFINITY,
    sum: 0.0,
};

/// `softmax(q k^T) v` in block `layer`. Queries, already divided by the root of their width, and
/// what comes out stand by head of keys, then token, then head of queries.
pub(crate) fn attend(
    shape: &Shape,
    layer: usize,
    shared: &Cache,
    parts: &[Part<'_>],
    queries: &[f32],
    out: &mut [f32],
) {
    let width = shape.head_width;
    let per_head = queries.len() / shape.kv_heads;
    out.fill(0.0);
    let mut softmax = vec![NOTHING; queries.len() / width];
    if shared.len() > 0 {
        let size = QUERIES_AT_ONCE * width;
        let heads = queries
            .par_chunks(per_head)
            .zip(out.par_chunks_mut(per_head))
            .zip(softmax.par_chunks_mut(per_head / width));
        heads
            .enumerate()
            .for_each(|(head, ((queries, out), softmax))| {
                let (keys, values) = shared.head(shape, layer, head);
                queries
                    .par_chunks(size)
                    .zip(out.par_chunks_mut(size))
                    .zip(softmax.par_chunks_mut(QUERIES_AT_ONCE))
                    .for_each(|((queries, out), softmax)| {
                        let visible = |_| shared.len();
                        attend_to(width, keys, values, queries, out, softmax, visible);
                    });
            });
    }
    let own = split(shape, parts, queries, out, &mut softmax);
    own.into_par_iter()
        .for_each(|(head, part, queries, out, softmax)| {
            let (keys, values) = part.own.head(shape, layer, head);
            let group = shape.group();
            let before = keys.len() / width - part.tokens;
            let size = TOKENS_AT_ONCE * group * width;
            let blocks = queries.chunks(size).zip(out.chunks_mut(size));
            let blocks = blocks
                .zip(softmax.chunks_mut(TOKENS_AT_ONCE * group))
                .enumerate();
            for (block, ((queries, out), softmax)) in blocks {
                let first = before + block * TOKENS_AT_ONCE;
                let end = (first + queries.len() / (group * width)) * width;
                let visible = |row| first + row / group + 1;
                attend_to(
                    width,
                    &keys[..end],
                    &values[..end],
                    queries,
                    out,
                    softmax,
                    visible,
                );
            }
            for (out, softmax) in out.chunks_exact_mut(width).zip(softmax) {
                for x in out {
                    *x /= softmax.sum;
                }
            }
        });
}

/// Adds to `out` what the values give to each query, before the division by the sum of the
/// softmax, which goes on in `softmax`. Row `i` of the queries sees the first `visible(i)` keys.
fn attend_to(
    width: usize,
    keys: &[f32],
    values: &[f32],
    queries: &[f32],
    out: &mut [f32],
    softmax: &mut [Softmax],
    visible: impl Fn(usize) -> usize,
) {
    let positions = keys.len() / width;
    let mut scores = vec![0.0; softmax.len() * positions];
    product_nt(
        &mut scores,
        Rows::new(queries, width),
        Rows::new(keys, width),
    );
    let rows = scores
        .chunks_exact_mut(positions)
        .zip(out.chunks_exact_mut(width));
    for (row, ((scores, out), softmax)) in rows.zip(softmax).enumerate() {
        let (scores, unseen) = scores.split_at_mut(visible(row));
        unseen.fill(0.0);
        let highest = largest(scores).map_or(f32::NEG_INFINITY, |(_, score)| score);
        let highest = highest.max(softmax.largest);
        map(scores, |score| exp(score - highest));
        if softmax.sum > 0.0 {
            let before = exp(softmax.largest - highest);
            softmax.sum *= before;
            map(out, |x| x * before);
        }
        softmax.sum += sum_of(scores, |x: f32| x) as f32;
        softmax.largest = highest;
    }
    product_nn(out, Rows::new(&scores, positions), Rows::new(values, width));
}

type Work<'a> = (
    usize,
    &'a Part<'a>,
    &'a [f32],
    &'a mut [f32],
    &'a mut [Softmax],
);

/// A piece of work for each head of keys and sequence.
fn split<'a>(
    shape: &Shape,
    parts: &'a [Part<'a>],
    mut queries: &'a [f32],
    mut out: &'a mut [f32],
    mut softmax: &'a mut [Softmax],
) -> Vec<Work<'a>> {
    let mut work = Vec::with_capacity(shape.kv_heads * parts.len());
    for head in 0..shape.kv_heads {
        for part in parts {
            let rows = part.tokens * shape.group();
            let (q, o, s);
            (q, queries) = queries.split_at(rows * shape.head_width);
            (o, out) = out.split_at_mut(rows * shape.head_width);
            (s, softmax) = softmax.split_at_mut(rows);
            work.push((head, part, q, o, s));
        }
    }
    work
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 37 + seed * 11) % 23) as f32 / 7.0 - 1.5)
            .collect()
    }

    /// Attention by its definition, of one query to rows of keys and values.
    fn by_definition(query: &[f32], keys: &[f32], values: &[f32]) -> Vec<f64> {
        let width = query.len();
        let score = |key: &[f32]| -> f64 {
            let terms = query.iter().zip(key).map(|(q, k)| f64::from(q * k));
            terms.sum::<f64>().exp()
        };
        let weights: Vec<f64> = keys.chunks(width).map(score).collect();
        let total: f64 = weights.iter().sum();
        let mut out = vec![0.0; width];
        for (weight, value) in weights.iter().zip(values.chunks(width)) {
            for (out, value) in out.iter_mut().zip(value) {
                *out += weight / total * f64::from(*value);
            }
        }
        out
    }

    #[test]
    fn sequences_attend_to_what_all_have_read_and_to_their_own() {
        let shape = Shape {
            layers: 1,
            width: 16,
            inner: 4,
            heads: 4,
            kv_heads: 2,
            head_width: 4,
            vocabulary: 1,
            context: 1000,
            rope_base: 1.0,
            rope_width: 0,
            epsilon: 0.0,
        };
        let read = |tokens: usize, seed| {
            let mut cache = Cache::default();
            cache.extend(&shape, 0, &numbers(tokens * 32, seed));
            cache.advance(tokens);
            cache
        };
        for shared in [0, 1, 5] {
            let shared = match shared {
                0 => Cache::default(),
                tokens => read(tokens, 9),
            };
            // Tokens read before, and new ones: more than a block in the last.
            let sizes = [(0, 2), (3, 1), (70, 67)];
            let caches = sizes.map(|(before, new)| read(before + new, before));
            let parts: Vec<Part<'_>> = caches
                .iter()
                .zip(sizes)
                .map(|(own, (_, tokens))| Part { own, tokens })
                .collect();
            let rows: usize = sizes.iter().map(|(_, new)| new).sum();
            let queries = numbers(rows * 16, 5);
            let mut out = vec![f32::NAN; queries.len()];
            attend(&shape, 0, &shared, &parts, &queries, &mut out);
            let mut at = 0;
            for head in 0..2 {
                for (own, (before, new)) in caches.iter().zip(sizes) {
                    for token in 0..new {
                        for _ in 0..2 {
                            let end = (before + token + 1) * 4;
                            let (keys, values) = own.head(&shape, 0, head);
                            let (mut k, mut v) = (Vec::new(), Vec::new());
                            if shared.len() > 0 {
                                let (keys, values) = shared.head(&shape, 0, head);
                                k.extend(keys);
                                v.extend(values);
                            }
                            k.extend(&keys[..end]);
                            v.extend(&values[..end]);
                            let expected = by_definition(&queries[at..at + 4], &k, &v);
                            for (out, expected) in out[at..at + 4].iter().zip(expected) {
                                assert!((f64::from(*out) - expected).abs() < 1e-5);
                            }
                            at += 4;
                        }
                    }
                }
            }
        }
    }
}
