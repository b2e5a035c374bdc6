//! Forward and backward through a model, by hand, over a batch of sequences.
//!
//! With x the vectors of tokens: scores of units come from convolutions over x, the predictor sees
//! `g_t x_t` and nothing else, where g is the gate of the token's unit (1 for a query's token).

use std::ops::Range;

use qualm_linalg::{
    Elementary, Rows, add_rows, add_to_rows, product_nn, product_nt, product_tn, update,
};
use qualm_net::ConvolutionTape;
use qualm_stats::Stream;

use crate::model::layout::Layout;
use crate::model::pool;
use crate::model::sequence::{Mark, Sequence};

/// Buffers of passes over one batch after another; they grow to the largest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pass<T> {
    /// Rows of each sequence.
    sequences: Vec<Range<usize>>,
    /// Rows of each unit, those of the first sequence first.
    units: Vec<Range<usize>>,
    /// Vectors of tokens, what was kept of them, and what the predictor sees.
    x: Vec<T>,
    kept: Vec<T>,
    gated: Vec<T>,
    select: [ConvolutionTape<T>; 2],
    predict: [ConvolutionTape<T>; 2],
    pooled: Vec<T>,
    pooled_at: Vec<u32>,
    unit_pooled: Vec<T>,
    unit_at: Vec<u32>,
    /// One a unit; empty where units are not scored.
    pub(crate) scores: Vec<f64>,
    /// One a unit, from 0 to 1: whoever calls decides between scoring and predicting.
    pub(crate) gates: Vec<f64>,
    logits: Vec<T>,
    of_x: Vec<T>,
    of_below: Vec<T>,
    of_rows: Vec<T>,
}

impl<T: Elementary> Pass<T> {
    /// Looks up the vectors of a batch; with `dropout`, a share of their numbers is left out and the
    /// rest made larger.
    pub(crate) fn read(
        &mut self,
        layout: &Layout,
        parameters: &[T],
        batch: &[&Sequence],
        dropout: Option<(f64, &mut Stream)>,
    ) {
        let width = layout.sizes.width;
        self.sequences.clear();
        self.units.clear();
        self.x.clear();
        for sequence in batch {
            let start = self.x.len() / width;
            let moved = |range: &Range<usize>| range.start + start..range.end + start;
            self.units.extend(sequence.units.iter().map(moved));
            for (token, mark) in sequence.tokens.iter().zip(&sequence.marks) {
                let at = layout.words.start + *token as usize * width;
                let first = self.x.len();
                self.x.extend_from_slice(&parameters[at..at + width]);
                let added = match mark {
                    Mark::Plain => continue,
                    Mark::Asked => &layout.asked,
                    Mark::Query => &layout.query,
                };
                add_to_rows(&mut self.x[first..], &parameters[added.clone()]);
            }
            self.sequences.push(start..self.x.len() / width);
        }
        self.kept.clear();
        if let Some((share, stream)) = dropout {
            let larger = T::of(1.0 / (1.0 - share));
            let limit = (share * 65536.0) as u64;
            while self.kept.len() < self.x.len() {
                let bits = stream.next_u64();
                let four = [0, 16, 32, 48].map(|shift| {
                    let kept = bits >> shift & 0xffff >= limit;
                    if kept { larger } else { T::ZERO }
                });
                self.kept.extend_from_slice(&four);
            }
            self.kept.truncate(self.x.len());
            update([&mut self.x], [&self.kept], |[x], [kept]| [x * kept]);
        }
        self.gates.clear();
        self.gates.resize(self.units.len(), 1.0);
        self.scores.clear();
    }

    /// Scores units by convolutions of their own over all of the text.
    pub(crate) fn score(&mut self, layout: &Layout, parameters: &[T]) {
        if let Some(layers) = &layout.select {
            let [first, second] = &mut self.select;
            let h = layers[0].forward(parameters, &self.x, &self.sequences, first);
            layers[1].forward(parameters, h, &self.sequences, second);
            self.score_units(layout, parameters);
        }
    }

    /// Logits of the classes, rows x classes, from what the gates let through.
    pub(crate) fn predict(&mut self, layout: &Layout, parameters: &[T]) -> &[T] {
        let width = layout.sizes.width;
        self.gated.clear();
        self.gated.extend_from_slice(&self.x);
        for (unit, gate) in self.units.iter().zip(&self.gates) {
            let rows = &mut self.gated[unit.start * width..unit.end * width];
            if *gate == 0.0 {
                // What is shut out leaves nothing behind, not even the sign of a zero.
                rows.fill(T::ZERO);
            } else if *gate != 1.0 {
                let gate = T::of(*gate);
                update([rows], [], move |[x], []| [x * gate]);
            }
        }
        let [first, second] = &mut self.predict;
        let h = layout.predict[0].forward(parameters, &self.gated, &self.sequences, first);
        let h = layout.predict[1].forward(parameters, h, &self.sequences, second);
        self.pooled.resize(self.sequences.len() * width, T::ZERO);
        self.pooled_at.resize(self.pooled.len(), 0);
        let out = self.pooled.chunks_exact_mut(width);
        let at = self.pooled_at.chunks_exact_mut(width);
        for ((sequence, out), at) in self.sequences.iter().zip(out).zip(at) {
            pool::largest(h, width, sequence.clone(), out, at);
        }
        let classes = layout.sizes.classes;
        self.logits.resize(self.sequences.len() * classes, T::ZERO);
        let weight = Rows::new(&parameters[layout.class_weight.clone()], width);
        product_nt(&mut self.logits, Rows::new(&self.pooled, width), weight);
        add_to_rows(&mut self.logits, &parameters[layout.class_bias.clone()]);
        if layout.scores() && layout.select.is_none() {
            self.score_units(layout, parameters);
        }
        &self.logits
    }

    /// What enters the last layer, rows x width, of the last prediction.
    pub(crate) fn features(&self) -> &[T] {
        &self.pooled
    }

    /// Goes back from the logits and from the scores. `of_scores` is told the gates' gradient and
    /// gives the scores'. Adds to `gradient`, which ends before
    /// the words' vectors; theirs is added by [`Pass::of_words`].
    pub(crate) fn backward(
        &mut self,
        layout: &Layout,
        parameters: &[T],
        of_logits: &[T],
        gradient: &mut [T],
        of_scores: impl FnOnce(&[f64], &[f64]) -> Vec<f64>,
    ) {
        let (width, classes) = (layout.sizes.width, layout.sizes.classes);
        let logits = Rows::new(of_logits, classes);
        let pooled = Rows::new(&self.pooled, width);
        product_tn(&mut gradient[layout.class_weight.clone()], logits, pooled);
        add_rows(&mut gradient[layout.class_bias.clone()], of_logits);
        let mut of_pooled = vec![T::ZERO; self.pooled.len()];
        let weight = Rows::new(&parameters[layout.class_weight.clone()], width);
        product_nn(&mut of_pooled, logits, weight);
        self.of_rows.clear();
        self.of_rows.resize(self.x.len(), T::ZERO);
        let places = self.pooled_at.chunks_exact(width);
        for (of_pooled, at) in of_pooled.chunks_exact(width).zip(places) {
            pool::pull_largest(of_pooled, at, width, &mut self.of_rows);
        }
        let shared = layout.scores() && layout.select.is_none();
        let mut of_scores = Some(of_scores);
        if shared && let Some(of_scores) = of_scores.take() {
            let of_scores = of_scores(&self.scores, &vec![0.0; self.gates.len()]);
            let mut of_rows = std::mem::take(&mut self.of_rows);
            self.pull_scores(layout, parameters, &of_scores, gradient, &mut of_rows);
            self.of_rows = of_rows;
        }
        let [first, second] = &mut self.predict;
        layout.predict[1].backward(
            parameters,
            &self.sequences,
            second,
            &mut self.of_rows,
            gradient,
            &mut self.of_below,
        );
        layout.predict[0].backward(
            parameters,
            &self.sequences,
            first,
            &mut self.of_below,
            gradient,
            &mut self.of_x,
        );
        let own = layout.select.as_ref().zip(of_scores);
        let mut of_gates = vec![0.0; self.gates.len()];
        for ((unit, gate), of_gate) in self.units.iter().zip(&self.gates).zip(&mut of_gates) {
            let range = unit.start * width..unit.end * width;
            let of_gated = &mut self.of_x[range.clone()];
            if own.is_some() {
                let products = of_gated.iter().zip(&self.x[range]);
                *of_gate = products.map(|(g, x)| (*g * *x).into()).sum();
            }
            let gate = T::of(*gate);
            update([of_gated], [], move |[g], []| [g * gate]);
        }
        if let Some((layers, of_scores)) = own {
            let of_scores = of_scores(&self.scores, &of_gates);
            let mut of_rows = std::mem::take(&mut self.of_rows);
            of_rows.fill(T::ZERO);
            self.pull_scores(layout, parameters, &of_scores, gradient, &mut of_rows);
            let [first, second] = &mut self.select;
            layers[1].backward(
                parameters,
                &self.sequences,
                second,
                &mut of_rows,
                gradient,
                &mut self.of_below,
            );
            layers[0].backward(
                parameters,
                &self.sequences,
                first,
                &mut self.of_below,
                gradient,
                &mut of_rows,
            );
            update([&mut self.of_x], [&of_rows], |[to], [from]| [to + from]);
            self.of_rows = of_rows;
        }
        if !self.kept.is_empty() {
            update([&mut self.of_x], [&self.kept], |[g], [kept]| [g * kept]);
        }
    }

    /// Adds the gradient of the words' vectors, and of what marks add to them, to that of all
    /// parameters.
    pub(crate) fn of_words(&self, layout: &Layout, batch: &[&Sequence], gradient: &mut [T]) {
        let width = layout.sizes.width;
        let tokens = batch
            .iter()
            .flat_map(|sequence| sequence.tokens.iter().zip(&sequence.marks));
        for ((token, mark), g) in tokens.zip(self.of_x.chunks_exact(width)) {
            let mut add = |to: Range<usize>| {
                update([&mut gradient[to]], [g], |[to], [g]| [to + g]);
            };
            let at = layout.words.start + *token as usize * width;
            add(at..at + width);
            match mark {
                Mark::Plain => {}
                Mark::Asked => add(layout.asked.clone()),
                Mark::Query => add(layout.query.clone()),
            }
        }
    }

    /// Scores of units from the largest and the mean of what the convolutions make of their rows.
    fn score_units(&mut self, layout: &Layout, parameters: &[T]) {
        let width = layout.sizes.width;
        let rows = match layout.select {
            Some(_) => self.select[1].outputs(),
            None => self.predict[1].outputs(),
        };
        self.unit_pooled
            .resize(self.units.len() * 2 * width, T::ZERO);
        self.unit_at.resize(self.units.len() * width, 0);
        let out = self.unit_pooled.chunks_exact_mut(2 * width);
        let at = self.unit_at.chunks_exact_mut(width);
        for ((unit, out), at) in self.units.iter().zip(out).zip(at) {
            let (most, mean) = out.split_at_mut(width);
            pool::largest(rows, width, unit.clone(), most, at);
            pool::mean(rows, width, unit.clone(), mean);
        }
        let mut scores = vec![T::ZERO; self.units.len()];
        if !scores.is_empty() {
            let weight = Rows::new(&parameters[layout.score_weight.clone()], 2 * width);
            product_nt(&mut scores, Rows::new(&self.unit_pooled, 2 * width), weight);
        }
        let bias: f64 = parameters[layout.score_bias.start].into();
        self.scores.clear();
        let scores = scores.into_iter().map(|score| score.into() + bias);
        self.scores.extend(scores);
    }

    /// Goes back from the scores to what they were pooled from.
    fn pull_scores(
        &self,
        layout: &Layout,
        parameters: &[T],
        of_scores: &[f64],
        gradient: &mut [T],
        of_rows: &mut [T],
    ) {
        let width = layout.sizes.width;
        let weight = &parameters[layout.score_weight.clone()];
        let mut of_pooled: Vec<T> = Vec::with_capacity(2 * width);
        for (unit, of_score) in of_scores.iter().enumerate() {
            let of_score = T::of(*of_score);
            let pooled = &self.unit_pooled[unit * 2 * width..(unit + 1) * 2 * width];
            qualm_linalg::add_multiple(
                &mut gradient[layout.score_weight.clone()],
                of_score,
                pooled,
            );
            let bias = &mut gradient[layout.score_bias.start];
            *bias += of_score;
            of_pooled.clear();
            of_pooled.extend(weight.iter().map(|w| *w * of_score));
            let (most, mean) = of_pooled.split_at(width);
            let at = &self.unit_at[unit * width..(unit + 1) * width];
            pool::pull_largest(most, at, width, of_rows);
            pool::pull_mean(mean, self.units[unit].clone(), width, of_rows);
        }
    }
}
