//! What the model makes of given tokens: logits, hidden states, log-probabilities.

use qualm_linalg::{largest, log_sum_exp};
use rayon::prelude::*;

use super::cache::Cache;
use super::forward::Step;
use super::{Context, LanguageModel, LmError};

/// Rows whose logits are computed at once: of 50,000 tokens they take 25 MB.
const ROWS_OF_LOGITS: usize = 128;

/// What a model makes of each token of a prompt that follows the context.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Of each token in turn, a logit for each token that may be next.
    pub logits: Vec<f32>,
    /// Of each token in turn, the hidden state of the layer asked for; empty where none was.
    pub hidden: Vec<f32>,
}

impl LanguageModel {
    /// Reads `tokens`, to go on from them.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when they are too many, or none of this model's.
    pub fn read(&self, tokens: &[u32]) -> Result<Context, LmError> {
        if tokens.is_empty() {
            return Ok(Context::default());
        }
        self.check(&Context::default(), &[tokens], 0)?;
        let mut cache = Cache::default();
        let mut steps = [Step {
            cache: &mut cache,
            tokens,
        }];
        self.read_on(&Cache::default(), &mut steps, &[], |_| ());
        Ok(Context {
            tokens: tokens.to_vec(),
            cache,
        })
    }

    /// Reads what all prompts begin with, so that it need not be read again with each. At least
    /// one token of each is left.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when a prompt cannot be read by this model.
    pub fn shared<P: AsRef<[u32]>>(&self, prompts: &[P]) -> Result<Context, LmError> {
        self.check(&Context::default(), prompts, 0)?;
        let Some((first, rest)) = prompts.split_first() else {
            return Ok(Context::default());
        };
        let first = first.as_ref();
        let mut common = first.len() - 1;
        for prompt in rest {
            let prompt = prompt.as_ref();
            let same = first.iter().zip(prompt).take_while(|(a, b)| a == b).count();
            common = common.min(same).min(prompt.len() - 1);
        }
        self.read(&first[..common])
    }

    /// Reads prompts, each of which must begin with the tokens of `context`, and gives logits and,
    /// of the layer asked for, hidden states of every token that follows. Layer 0 is what enters
    /// the first block, layer `l` what leaves block `l`.
    ///
    /// This is as much as tokens times vocabulary: [`LanguageModel::hidden`],
    /// [`LanguageModel::score`] and [`LanguageModel::next`] say less in less memory.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when a prompt cannot be read by this model, [`LmError::Parameter`] when
    /// there is no such layer.
    pub fn forward<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        layer: Option<usize>,
    ) -> Result<Vec<Reading>, LmError> {
        self.check(context, prompts, 0)?;
        let layers: Vec<usize> = layer.into_iter().collect();
        self.check_layers(&layers)?;
        let mut readings = vec![(Vec::new(), Vec::new()); prompts.len()];
        let rests: Vec<&[u32]> = prompts.iter().map(|prompt| rest(context, prompt)).collect();
        self.each_state(context, &rests, &layers, |prompt, _, last, tapped| {
            readings[prompt].0.extend_from_slice(last);
            for tapped in tapped {
                readings[prompt].1.extend_from_slice(tapped);
            }
        });
        Ok(readings
            .into_iter()
            .map(|(last, hidden)| Reading {
                logits: self.logits(&last),
                hidden,
            })
            .collect())
    }

    /// The hidden states of the last token of each prompt, one after the other for the layers
    /// asked for: see [`LanguageModel::forward`].
    ///
    /// # Errors
    /// As [`LanguageModel::forward`].
    pub fn hidden<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        layers: &[usize],
    ) -> Result<Vec<Vec<f32>>, LmError> {
        self.check(context, prompts, 0)?;
        self.check_layers(layers)?;
        let (_, hidden) = self.last_states(context, prompts, layers);
        Ok(hidden)
    }

    /// Log-probabilities that the next token after each prompt is each of `candidates`.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when a prompt cannot be read by this model, [`LmError::Parameter`] when
    /// a candidate is no token of it.
    pub fn next<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        candidates: &[u32],
    ) -> Result<Vec<Vec<f64>>, LmError> {
        self.check(context, prompts, 0)?;
        if let Some(token) = candidates.iter().find(|&&token| !self.knows(token)) {
            return Err(LmError::Parameter(format!(
                "token {token} is none of the model's {}",
                self.shape.vocabulary
            )));
        }
        let (last, _) = self.last_states(context, prompts, &[]);
        let wanted = vec![candidates; prompts.len()];
        Ok(self.log_probs(&last, &wanted))
    }

    /// Log-probability of each token of a continuation, after its prompt and the tokens before.
    ///
    /// # Errors
    /// [`LmError::Prompt`] when a prompt with its continuation cannot be read by this model, and
    /// [`LmError::Parameter`] when there are more or fewer continuations than prompts.
    pub fn score<P: AsRef<[u32]>, C: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        continuations: &[C],
    ) -> Result<Vec<Vec<f64>>, LmError> {
        if prompts.len() != continuations.len() {
            return Err(LmError::Parameter(format!(
                "there are {} continuations for {} prompts",
                continuations.len(),
                prompts.len()
            )));
        }
        self.check(context, prompts, 0)?;
        let whole: Vec<Vec<u32>> = prompts
            .iter()
            .zip(continuations)
            .map(|(prompt, continuation)| [prompt.as_ref(), continuation.as_ref()].concat())
            .collect();
        self.check(context, &whole, 0)?;
        // The last token of a continuation is predicted, not read.
        let read: Vec<&[u32]> = whole
            .iter()
            .zip(continuations)
            .map(|(whole, continuation)| {
                let unread = usize::from(!continuation.as_ref().is_empty());
                &rest(context, whole)[..whole.len() - context.tokens.len() - unread]
            })
            .collect();
        let mut last = Vec::new();
        let width = self.shape.width;
        self.each_state(context, &read, &[], |prompt, first, states, _| {
            let length = continuations[prompt].as_ref().len();
            // Tokens whose next one belongs to the continuation.
            let wanted = read[prompt].len() - length;
            let skipped = wanted.saturating_sub(first).min(states.len() / width);
            last.extend_from_slice(&states[skipped * width..]);
        });
        let wanted: Vec<&[u32]> = continuations
            .iter()
            .flat_map(|continuation| continuation.as_ref().chunks(1))
            .collect();
        let mut log_probs = self.log_probs(&last, &wanted).into_iter().flatten();
        let lengths = continuations
            .iter()
            .map(|continuation| continuation.as_ref().len());
        Ok(lengths
            .map(|length| log_probs.by_ref().take(length).collect())
            .collect())
    }

    /// States of all tokens in `rests`, which follow the context, by their place there and the
    /// first of the tokens they belong to: see [`super::forward::States`].
    fn each_state(
        &self,
        context: &Context,
        rests: &[&[u32]],
        layers: &[usize],
        mut each: impl FnMut(usize, usize, &[f32], &[&[f32]]),
    ) {
        // What was read is thrown away piece by piece, so that it does not fill the memory.
        for (piece, rests) in rests.chunks(ROWS_OF_LOGITS).enumerate() {
            let mut caches = vec![Cache::default(); rests.len()];
            let mut steps: Vec<Step<'_>> = caches
                .iter_mut()
                .zip(rests)
                .map(|(cache, tokens)| Step { cache, tokens })
                .collect();
            self.read_on(&context.cache, &mut steps, layers, |states| {
                let step = piece * ROWS_OF_LOGITS + states.step;
                each(step, states.first, states.last, &states.tapped);
            });
        }
    }

    /// States of the last token of each prompt, row by row, and those of `layers`.
    fn last_states<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        layers: &[usize],
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let width = self.shape.width;
        let rests: Vec<&[u32]> = prompts.iter().map(|prompt| rest(context, prompt)).collect();
        let mut last = vec![0.0; prompts.len() * width];
        let mut hidden = vec![Vec::new(); prompts.len()];
        self.each_state(context, &rests, layers, |prompt, first, states, tapped| {
            if first + states.len() / width == rests[prompt].len() {
                let end = |states: &[f32]| states.len() - width;
                last[prompt * width..][..width].copy_from_slice(&states[end(states)..]);
                for tapped in tapped {
                    hidden[prompt].extend_from_slice(&tapped[end(tapped)..]);
                }
            }
        });
        (last, hidden)
    }

    /// Log-probabilities of the wanted tokens of each row of states.
    fn log_probs(&self, last: &[f32], wanted: &[&[u32]]) -> Vec<Vec<f64>> {
        let mut log_probs = Vec::with_capacity(wanted.len());
        let rows = last.chunks(ROWS_OF_LOGITS * self.shape.width);
        for (last, wanted) in rows.zip(wanted.chunks(ROWS_OF_LOGITS)) {
            let logits = self.logits(last);
            let rows = logits.par_chunks(self.shape.vocabulary).zip(wanted);
            log_probs.par_extend(rows.map(|(logits, wanted)| {
                let total = log_total(logits);
                let log_prob = |&token: &u32| f64::from(logits[token as usize]) - total;
                wanted.iter().map(log_prob).collect::<Vec<f64>>()
            }));
        }
        log_probs
    }

    fn knows(&self, token: u32) -> bool {
        (token as usize) < self.shape.vocabulary
    }

    pub(crate) fn check_layers(&self, layers: &[usize]) -> Result<(), LmError> {
        match layers.iter().find(|&&layer| layer > self.shape.layers) {
            None => Ok(()),
            Some(layer) => Err(LmError::Parameter(format!(
                "there is no layer {layer}: the model has layers 0 to {}",
                self.shape.layers
            ))),
        }
    }

    /// Checks that prompts go on from `context` and leave room for `answer` tokens.
    pub(crate) fn check<P: AsRef<[u32]>>(
        &self,
        context: &Context,
        prompts: &[P],
        answer: usize,
    ) -> Result<(), LmError> {
        let read = &context.tokens;
        for (number, prompt) in prompts.iter().enumerate() {
            let prompt = prompt.as_ref();
            if let Some(token) = prompt.iter().find(|&&token| !self.knows(token)) {
                let problem = format!(
                    "token {token} is none of the model's {}; cut the text with this model",
                    self.shape.vocabulary
                );
                return Err(LmError::prompt(number, problem));
            }
            if !prompt.starts_with(read) || prompt.len() == read.len() {
                let problem = format!(
                    "it does not go on from the {} tokens that were read before; give the whole prompt",
                    read.len()
                );
                return Err(LmError::prompt(number, problem));
            }
            if prompt.len().saturating_add(answer) > self.shape.context {
                let problem = format!(
                    "{} tokens and {answer} of an answer are more than the {} that the model looks back on; shorten it",
                    prompt.len(),
                    self.shape.context
                );
                return Err(LmError::prompt(number, problem));
            }
        }
        Ok(())
    }
}

/// What follows the context in a prompt that was checked to begin with it.
pub(crate) fn rest<'a>(context: &Context, prompt: &'a impl AsRef<[u32]>) -> &'a [u32] {
    &prompt.as_ref()[context.tokens.len()..]
}

/// The logarithm of the sum of the exponentials of logits.
pub(crate) fn log_total(logits: &[f32]) -> f64 {
    let max = largest(logits).map_or(0.0, |(_, max)| max);
    log_sum_exp(logits, max)
}
