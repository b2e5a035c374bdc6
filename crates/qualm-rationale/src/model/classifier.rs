use std::ops::Range;

use rayon::prelude::*;

use crate::RationaleError;
use crate::model::batch::{ranges, softmax};
use crate::model::layout::{Layout, Sizes};
use crate::model::method::Method;
use crate::model::pass::Pass;
use crate::model::sequence::{Sequence, Unit};
use crate::model::vocabulary::Vocabulary;
use crate::victim::{Evidence, Input, Victim};

/// Texts of one pass.
const BATCH: usize = 32;

/// A trained classifier of texts: what it selects, what it predicts from that.
#[derive(Debug, Clone)]
pub struct Classifier {
    pub(crate) method: Method,
    pub(crate) unit: Unit,
    pub(crate) longest: usize,
    pub(crate) classes: Vec<String>,
    pub(crate) words: Vocabulary,
    pub(crate) layout: Layout,
    pub(crate) parameters: Vec<f32>,
}

/// What a classifier makes of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// A probability for each class.
    pub probabilities: Vec<f64>,
    /// What the predictor saw, or with full context what the second task scores highest. Of a
    /// classifier that selects nothing and scores nothing, nothing is chosen.
    pub evidence: Evidence,
    /// What entered the last layer.
    pub features: Vec<f32>,
    /// Tokens beyond the longest text that the classifier takes.
    pub left_out: usize,
}

impl Reading {
    /// The class of the highest probability; of equals the first.
    pub fn class(&self) -> usize {
        best(&self.probabilities)
    }
}

/// The place of the largest number; of equals the first.
pub fn best(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (place, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = place;
        }
    }
    best
}

impl Classifier {
    pub(crate) fn layout(
        method: &Method,
        words: &Vocabulary,
        classes: usize,
        width: usize,
    ) -> Layout {
        let sizes = Sizes {
            words: words.len(),
            classes,
            width,
        };
        Layout::new(sizes, method.selector())
    }

    /// How it was trained.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// What it selects or leaves.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Names of its classes.
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }

    /// Weight (classes x width) and bias of its last layer.
    pub fn head(&self) -> (&[f32], &[f32]) {
        let part = |range: &Range<usize>| &self.parameters[range.clone()];
        (
            part(&self.layout.class_weight),
            part(&self.layout.class_bias),
        )
    }

    /// Reads texts: selects, then predicts from what is selected.
    pub fn read(&self, inputs: &[Input<'_>]) -> Vec<Reading> {
        self.read_with(inputs, None)
    }

    /// Reads texts with gates of the caller's, one a unit in [0, 1], in place of its own selection.
    ///
    /// # Panics
    /// When a text's gates are not as many as its units ([`Reading::evidence`]).
    pub fn read_gated(&self, inputs: &[Input<'_>], gates: &[Vec<f64>]) -> Vec<Reading> {
        assert_eq!(inputs.len(), gates.len(), "gates for each text");
        self.read_with(inputs, Some(gates))
    }

    fn read_with(&self, inputs: &[Input<'_>], gates: Option<&[Vec<f64>]>) -> Vec<Reading> {
        let batches = inputs.par_chunks(BATCH).enumerate();
        let read = batches.map_init(Pass::default, |pass, (batch, inputs)| {
            let first = batch * BATCH;
            let gates = gates.map(|gates| &gates[first..first + inputs.len()]);
            self.read_batch(pass, inputs, gates)
        });
        read.collect::<Vec<_>>().concat()
    }

    fn read_batch(
        &self,
        pass: &mut Pass<f32>,
        inputs: &[Input<'_>],
        gates: Option<&[Vec<f64>]>,
    ) -> Vec<Reading> {
        let sequences: Vec<Sequence> = inputs
            .iter()
            .map(|input| Sequence::of(*input, &self.words, self.unit, self.longest))
            .collect();
        let batch: Vec<&Sequence> = sequences.iter().collect();
        let ranges = ranges(&batch);
        pass.read(&self.layout, &self.parameters, &batch, None);
        pass.score(&self.layout, &self.parameters);
        for (text, range) in ranges.iter().enumerate() {
            let own = || self.method.gates(&pass.scores[range.clone()]);
            let gates = match gates {
                Some(gates) => gates[text].clone(),
                None if self.method.selects() => own(),
                None => continue,
            };
            pass.gates[range.clone()].copy_from_slice(&gates);
        }
        let logits = pass.predict(&self.layout, &self.parameters).to_vec();
        let width = self.layout.sizes.width;
        let rows = logits.chunks_exact(self.classes.len());
        let rows = rows.zip(pass.features().chunks_exact(width));
        rows.zip(sequences.into_iter().zip(ranges))
            .map(|((logits, features), (sequence, range))| {
                let logits: Vec<f64> = logits.iter().copied().map(f64::from).collect();
                let chosen = if self.layout.scores() {
                    let scores = &pass.scores[range.clone()];
                    self.method.evidence(scores, &pass.gates[range])
                } else {
                    vec![false; range.len()]
                };
                Reading {
                    probabilities: softmax(&logits),
                    evidence: Evidence {
                        units: sequence.spans,
                        chosen,
                    },
                    features: features.to_vec(),
                    left_out: sequence.left_out,
                }
            })
            .collect()
    }
}

impl Victim for Classifier {
    fn classes(&self) -> usize {
        self.classes.len()
    }

    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
        let readings = self.read(inputs);
        Ok(readings.into_iter().flat_map(|r| r.probabilities).collect())
    }

    fn evidence(&self, inputs: &[Input<'_>]) -> Option<Vec<Evidence>> {
        let readings = self.layout.scores().then(|| self.read(inputs))?;
        Some(readings.into_iter().map(|r| r.evidence).collect())
    }
}
