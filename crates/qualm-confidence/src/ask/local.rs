//! A language model in this process.

use qualm_text::lm::{Generate, LanguageModel, LmError, Sampling};

use super::{Answerer, Completion, Draws};
use crate::ConfidenceError;

/// Enough prompts for the matrix products of a pass to be large.
const BATCH: usize = 64;

/// An answer ends with its line.
const STOP: [&str; 1] = ["\n"];

/// A model read from a GGUF file.
pub struct Local {
    model: LanguageModel,
    name: String,
}

impl Local {
    /// Takes a model, under a name for records.
    pub fn new(model: LanguageModel, name: impl Into<String>) -> Local {
        Local {
            model,
            name: name.into(),
        }
    }

    fn tokens(&self, prompts: &[String]) -> Result<Vec<Vec<u32>>, LmError> {
        prompts.iter().map(|text| self.model.prompt(text)).collect()
    }
}

impl From<LmError> for ConfidenceError {
    fn from(error: LmError) -> ConfidenceError {
        ConfidenceError::Model(error.to_string())
    }
}

impl Answerer for Local {
    fn name(&self) -> &str {
        &self.name
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn complete(
        &self,
        prompts: &[String],
        max_tokens: usize,
        layer: Option<usize>,
    ) -> Result<Vec<Completion>, ConfidenceError> {
        let prompts = self.tokens(prompts)?;
        let context = self.model.shared(&prompts)?;
        let layers: Vec<usize> = layer.into_iter().collect();
        let options = Generate {
            max_tokens,
            stop: &STOP,
            layers: &layers,
        };
        let answers = self.model.greedy(&context, &prompts, &options)?;
        let completion = |answer: qualm_text::lm::Generation| Completion {
            text: answer.text,
            log_probs: (!answer.log_probs.is_empty()).then_some(answer.log_probs),
            hidden: answer.hidden,
        };
        Ok(answers.into_iter().map(completion).collect())
    }

    fn draw(
        &self,
        prompts: &[String],
        max_tokens: usize,
        draws: &Draws,
    ) -> Result<Vec<Vec<String>>, ConfidenceError> {
        let prompts = self.tokens(prompts)?;
        let context = self.model.shared(&prompts)?;
        let options = Generate {
            max_tokens,
            stop: &STOP,
            ..Generate::default()
        };
        let sampling = Sampling {
            copies: draws.copies,
            temperature: draws.temperature,
            seed: draws.seed,
        };
        let drawn = self.model.sample(&context, &prompts, &options, &sampling)?;
        let texts = |answers: Vec<qualm_text::lm::Generation>| {
            answers.into_iter().map(|answer| answer.text).collect()
        };
        Ok(drawn.into_iter().map(texts).collect())
    }

    fn prefers(
        &self,
        prompts: &[String],
        yes: &str,
        no: &str,
    ) -> Result<Vec<Option<f64>>, ConfidenceError> {
        let prompts = self.tokens(prompts)?;
        let context = self.model.shared(&prompts)?;
        // What is longer than a token is told apart by its first: " True" and " False" are one.
        let first = |text: &str| -> Result<u32, ConfidenceError> {
            let tokens = self.model.part(text)?;
            tokens.first().copied().ok_or_else(|| {
                ConfidenceError::Model(format!("'{text}' is no token of {}", self.name))
            })
        };
        let candidates = [first(yes)?, first(no)?];
        if candidates[0] == candidates[1] {
            return Err(ConfidenceError::Model(format!(
                "'{yes}' and '{no}' begin with the same token of {}",
                self.name
            )));
        }
        let found = self.model.next(&context, &prompts, &candidates)?;
        let share = |log_probs: Vec<f64>| Some(1.0 / (1.0 + (log_probs[1] - log_probs[0]).exp()));
        Ok(found.into_iter().map(share).collect())
    }
}
