//! The forward pass: RMSNorm (Zhang and Sennrich, 2019), rotary positions (Su et al., 2021),
//! attention with shared heads of keys (Ainslie et al., 2023) and SwiGLU (Shazeer, 2020), as Llama
//! puts them together (Touvron et al., 2023).
//!
//! Tokens of all sequences of a pass are rows of one matrix, so that a block costs four matrix
//! products whatever the number and lengths of the sequences.

use qualm_linalg::{Rows, add, exp, map, product_nt, scale, squared_norm};
use rayon::prelude::*;

use super::attention::{Part, attend};
use super::cache::Cache;
use super::weights::{Layer, Weights};
use super::{LanguageModel, Shape};

/// Rows of a pass: enough for products at full speed, few enough that what they give stays small.
const ROWS: usize = 512;

/// A sequence and the tokens that it reads next.
pub(crate) struct Step<'a> {
    pub(crate) cache: &'a mut Cache,
    pub(crate) tokens: &'a [u32],
}

/// States of some tokens of one sequence.
pub(crate) struct States<'a> {
    /// Which of the steps.
    pub(crate) step: usize,
    /// The first of its tokens that the states belong to.
    pub(crate) first: usize,
    /// After the last normalisation: what the head turns into logits.
    pub(crate) last: &'a [f32],
    /// After each of the blocks asked for.
    pub(crate) tapped: Vec<&'a [f32]>,
}

impl LanguageModel {
    /// Lets all sequences read their tokens, after those of `shared`, in passes of bounded size.
    /// `taps` are blocks whose states are wanted: 0 what enters the first, `l` what leaves block
    /// `l`. Tokens and lengths must have been checked.
    pub(crate) fn read_on(
        &self,
        shared: &Cache,
        steps: &mut [Step<'_>],
        taps: &[usize],
        mut each: impl FnMut(States<'_>),
    ) {
        let width = self.shape.width;
        // The next token of the next step.
        let (mut step, mut token) = (0, 0);
        while step < steps.len() {
            let (from, offset, mut rows) = (step, token, 0);
            let mut takes = Vec::new();
            while step < steps.len() && rows < ROWS {
                let left = steps[step].tokens.len() - token;
                let take = left.min(ROWS - rows);
                takes.push(take);
                rows += take;
                token += take;
                if token == steps[step].tokens.len() {
                    (step, token) = (step + 1, 0);
                }
            }
            let offsets = |at: usize| if at == 0 { offset } else { 0 };
            let pass: Vec<Step<'_>> = steps[from..]
                .iter_mut()
                .zip(&takes)
                .enumerate()
                .map(|(at, (step, &take))| Step {
                    cache: &mut *step.cache,
                    tokens: &step.tokens[offsets(at)..][..take],
                })
                .collect();
            let (last, tapped) = self.pass(shared, pass, taps);
            let mut row = 0;
            for (at, take) in takes.into_iter().enumerate() {
                let numbers = row * width..(row + take) * width;
                each(States {
                    step: from + at,
                    first: offsets(at),
                    last: &last[numbers.clone()],
                    tapped: tapped
                        .iter()
                        .map(|states| &states[numbers.clone()])
                        .collect(),
                });
                row += take;
            }
        }
    }

    /// One pass: states after the last normalisation, and after each of `taps`.
    fn pass(
        &self,
        shared: &Cache,
        mut steps: Vec<Step<'_>>,
        taps: &[usize],
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let Self { shape, weights, .. } = self;
        let width = shape.width;
        let mut states = Vec::new();
        let mut positions = Vec::new();
        for step in &steps {
            for &token in step.tokens {
                let vector = &weights.embedding[token as usize * width..][..width];
                states.extend_from_slice(vector);
            }
            let first = shared.len() + step.cache.len();
            positions.extend(first..first + step.tokens.len());
        }
        let turns = turns(shape, &positions);
        let mut buffers = Buffers::new(shape, positions.len());
        let mut tapped = vec![Vec::new(); taps.len()];
        let mut tap = |block: usize, states: &[f32]| {
            for (&wanted, tapped) in taps.iter().zip(&mut tapped) {
                if wanted == block {
                    *tapped = states.to_vec();
                }
            }
        };
        tap(0, &states);
        for (number, layer) in weights.layers.iter().enumerate() {
            attention(
                shape,
                number,
                layer,
                shared,
                &mut steps,
                &turns,
                &mut states,
                &mut buffers,
            );
            feed_forward(shape, layer, &mut states, &mut buffers);
            tap(number + 1, &states);
        }
        for step in &mut steps {
            step.cache.advance(step.tokens.len());
        }
        normalise(&states, &weights.norm, shape.epsilon, &mut buffers.normal);
        (buffers.normal, tapped)
    }

    /// Logits of rows of states, as [`States::last`] has them.
    pub(crate) fn logits(&self, last: &[f32]) -> Vec<f32> {
        let Shape {
            width, vocabulary, ..
        } = self.shape;
        let mut logits = vec![0.0; last.len() / width * vocabulary];
        let head = Weights::head(&self.weights);
        product_nt(&mut logits, Rows::new(last, width), Rows::new(head, width));
        logits
    }
}

/// Where a pass puts what it computes, block after block.
struct Buffers {
    normal: Vec<f32>,
    qkv: Vec<f32>,
    /// By head of keys, then token, then head of queries.
    queries: Vec<f32>,
    attended: Vec<f32>,
    /// By token, then head of queries.
    merged: Vec<f32>,
    /// What is added to the states.
    change: Vec<f32>,
    gate_up: Vec<f32>,
    inner: Vec<f32>,
}

impl Buffers {
    fn new(shape: &Shape, rows: usize) -> Self {
        let numbers = |width: usize| vec![0.0; rows * width];
        Self {
            normal: numbers(shape.width),
            qkv: numbers(shape.queries() + 2 * shape.keys()),
            queries: numbers(shape.queries()),
            attended: numbers(shape.queries()),
            merged: numbers(shape.queries()),
            change: numbers(shape.width),
            gate_up: numbers(2 * shape.inner),
            inner: numbers(shape.inner),
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one block's state, without a type that only names it"
)]
fn attention(
    shape: &Shape,
    number: usize,
    layer: &Layer,
    shared: &Cache,
    steps: &mut [Step<'_>],
    turns: &[(f32, f32)],
    states: &mut [f32],
    buffers: &mut Buffers,
) {
    let Shape {
        width, head_width, ..
    } = *shape;
    let (queries, row) = (shape.queries(), shape.queries() + 2 * shape.keys());
    normalise(
        states,
        &layer.attention_norm,
        shape.epsilon,
        &mut buffers.normal,
    );
    product_nt(
        &mut buffers.qkv,
        Rows::new(&buffers.normal, width),
        Rows::new(&layer.qkv, width),
    );
    let pairs = shape.rope_width / 2;
    let root = 1.0 / (head_width as f32).sqrt();
    buffers
        .qkv
        .par_chunks_mut(row)
        .enumerate()
        .for_each(|(token, row)| {
            let turns = &turns[token * pairs..][..pairs];
            for head in row[..queries + shape.keys()].chunks_exact_mut(head_width) {
                turn(head, turns);
            }
            map(&mut row[..queries], |x| x * root);
        });
    let mut rest = buffers.qkv.as_slice();
    let mut work = Vec::with_capacity(steps.len());
    for step in steps.iter_mut() {
        let rows;
        (rows, rest) = rest.split_at(step.tokens.len() * row);
        work.push((&mut *step.cache, rows));
    }
    work.into_par_iter()
        .for_each(|(cache, rows)| cache.extend(shape, number, rows));
    // A head of keys serves neighbouring heads of queries.
    let together = shape.group() * head_width;
    let tokens = buffers.qkv.len() / row;
    for (head, to) in buffers
        .queries
        .chunks_exact_mut(tokens * together)
        .enumerate()
    {
        for (to, from) in to
            .chunks_exact_mut(together)
            .zip(buffers.qkv.chunks_exact(row))
        {
            to.copy_from_slice(&from[head * together..][..together]);
        }
    }
    let parts: Vec<Part<'_>> = steps
        .iter()
        .map(|step| Part {
            own: step.cache,
            tokens: step.tokens.len(),
        })
        .collect();
    attend(
        shape,
        number,
        shared,
        &parts,
        &buffers.queries,
        &mut buffers.attended,
    );
    for (head, from) in buffers.attended.chunks_exact(tokens * together).enumerate() {
        for (to, from) in buffers
            .merged
            .chunks_exact_mut(queries)
            .zip(from.chunks_exact(together))
        {
            to[head * together..][..together].copy_from_slice(from);
        }
    }
    product_nt(
        &mut buffers.change,
        Rows::new(&buffers.merged, queries),
        Rows::new(&layer.output, queries),
    );
    add(states, &buffers.change);
}

/// `down (silu(gate x) * (up x))` with `silu(z) = z / (1 + exp(-z))`.
fn feed_forward(shape: &Shape, layer: &Layer, states: &mut [f32], buffers: &mut Buffers) {
    let Shape { width, inner, .. } = *shape;
    normalise(
        states,
        &layer.inner_norm,
        shape.epsilon,
        &mut buffers.normal,
    );
    product_nt(
        &mut buffers.gate_up,
        Rows::new(&buffers.normal, width),
        Rows::new(&layer.gate_up, width),
    );
    let rows = buffers.gate_up.par_chunks_mut(2 * inner);
    rows.zip(buffers.inner.par_chunks_mut(inner))
        .for_each(|(row, out)| {
            let (gate, up) = row.split_at_mut(inner);
            map(gate, |z| z / (1.0 + exp(-z)));
            for (out, (gate, up)) in out.iter_mut().zip(gate.iter().zip(up.iter())) {
                *out = gate * up;
            }
        });
    product_nt(
        &mut buffers.change,
        Rows::new(&buffers.inner, inner),
        Rows::new(&layer.down, inner),
    );
    add(states, &buffers.change);
}

/// RMSNorm: `x / sqrt(mean(x^2) + epsilon) * gain`, row by row.
fn normalise(states: &[f32], gain: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = gain.len();
    let rows = states.par_chunks(width).zip(out.par_chunks_mut(width));
    rows.for_each(|(row, out)| {
        let mean = squared_norm(row) / width as f64;
        scale(out, row, (mean + f64::from(epsilon)).sqrt().recip());
        for (out, gain) in out.iter_mut().zip(gain) {
            *out *= gain;
        }
    });
}

/// Cosine and sine by which each pair of a head is turned at each position: pair `i` by
/// `position * base^(-2 i / rope_width)`.
fn turns(shape: &Shape, positions: &[usize]) -> Vec<(f32, f32)> {
    let pairs = shape.rope_width / 2;
    let speeds: Vec<f64> = (0..pairs)
        .map(|pair| f64::from(shape.rope_base).powf(-2.0 * pair as f64 / shape.rope_width as f64))
        .collect();
    let turn = |angle: f64| (angle.cos() as f32, angle.sin() as f32);
    positions
        .iter()
        .flat_map(|&position| {
            speeds
                .iter()
                .map(move |speed| turn(position as f64 * speed))
        })
        .collect()
}

/// Turns neighbouring numbers of a head as pairs: files of the architecture `llama` store queries
/// and keys in that order.
fn turn(head: &mut [f32], turns: &[(f32, f32)]) {
    for (pair, (cos, sin)) in head.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
        let [x, y] = *pair;
        *pair = [x * cos - y * sin, x * sin + y * cos];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_normalised_by_hand() {
        let mut out = [0.0; 4];
        // Mean squares 12.5 and 0: the second row is saved by epsilon.
        normalise(&[3.0, 4.0, 0.0, 0.0], &[1.0, 2.0], 0.5, &mut out);
        let root = 13f32.sqrt();
        assert_eq!(out, [3.0 / root, 8.0 / root, 0.0, 0.0]);
    }

    #[test]
    fn a_quarter_turn() {
        let mut head = [1.0, 2.0, 3.0, 4.0, 5.0];
        turn(&mut head, &[(0.0, 1.0), (1.0, 0.0)]);
        assert_eq!(head, [-2.0, 1.0, 3.0, 4.0, 5.0]);
    }
}
