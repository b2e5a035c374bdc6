//! A language model of the Llama family, run in this process in `f32`, with the logits of every
//! position and the hidden states of every block.
//!
//! A [`LanguageModel`] is opened from a GGUF file, which holds weights and tokens. Prompts are
//! lists of tokens; what many prompts begin with is read once, as a [`Context`]:
//!
//! ```no_run
//! use qualm_text::lm::{Context, Generate, LanguageModel};
//! let model = LanguageModel::open_gguf("SmolLM2-135M-Instruct.Q4_1.gguf".as_ref())?;
//! let prompts = ["1 + 1 = 2\n2 + 2 = 4\n3 + 4 =", "1 + 1 = 2\n2 + 2 = 4\n2 + 5 ="];
//! let prompts = prompts.map(|text| model.prompt(text)).into_iter().collect::<Result<Vec<_>, _>>()?;
//! let examples = model.shared(&prompts)?;
//! let until = Generate { max_tokens: 8, stop: &["\n"], ..Generate::default() };
//! for answer in model.greedy(&examples, &prompts, &until)? {
//!     let certainty: f64 = answer.log_probs.iter().sum();
//!     println!("{} with probability {:.2}", answer.text, certainty.exp());
//! }
//! # Ok::<(), qualm_text::lm::LmError>(())
//! ```
//!
//! Sequences of any lengths share the matrix products of a pass, so what a prompt gives may differ
//! in its last digits with the company it is read in; the same prompts in the same calls give the
//! same bytes, whatever the number of threads.

mod attention;
mod blocks;
mod cache;
mod chat;
mod error;
mod forward;
mod generate;
mod gguf;
mod read;
mod shape;
mod stories;
mod vocabulary;
mod weights;

use std::path::Path;

pub use cache::Context;
pub use chat::Role;
pub use error::LmError;
pub use generate::{Generate, Generation, Sampling};
pub use read::Reading;
pub use shape::Shape;

use gguf::Gguf;
use vocabulary::Vocabulary;
use weights::Weights;

/// A model with its tokens. Everything stays in memory as `f32`.
pub struct LanguageModel {
    name: String,
    shape: Shape,
    weights: Weights,
    vocabulary: Vocabulary,
}

impl LanguageModel {
    /// Reads a GGUF file of the architecture `llama`.
    ///
    /// # Errors
    /// [`LmError::Data`] when the file cannot be read or is damaged, [`LmError::Unsupported`] when
    /// its model is of another kind.
    pub fn open_gguf(path: &Path) -> Result<Self, LmError> {
        let mut file = Gguf::open(path)?;
        let vocabulary = Vocabulary::of(&file)?;
        let shape = Shape::of(&file, vocabulary.len())?;
        let weights = Weights::of(&mut file, &shape)?;
        Ok(Self {
            name: path.display().to_string(),
            shape,
            weights,
            vocabulary,
        })
    }

    /// Reads a model of llama2.c (its first format) with its tokens, such as stories260K.
    ///
    /// # Errors
    /// [`LmError::Data`] when a file cannot be read or is damaged.
    pub fn open_stories(weights: &Path, tokens: &Path) -> Result<Self, LmError> {
        let name = weights.display().to_string();
        let (shape, weights) = stories::weights(weights)?;
        let vocabulary = Vocabulary::of_stories(tokens, shape.vocabulary)?;
        Ok(Self {
            name,
            shape,
            weights,
            vocabulary,
        })
    }

    /// The file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the model is made of.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// A text as the beginning of what the model reads: its tokens, after the one that marks a
    /// beginning where the model knows one.
    ///
    /// # Errors
    /// [`LmError::Text`] when it cannot be cut into tokens.
    pub fn prompt(&self, text: &str) -> Result<Vec<u32>, LmError> {
        let mut tokens: Vec<u32> = self.vocabulary.first().into_iter().collect();
        tokens.extend(self.cut(text, true)?);
        Ok(tokens)
    }

    /// The tokens of a text that goes on after others. Names of marks in it are text like any
    /// other.
    ///
    /// # Errors
    /// [`LmError::Text`] when it cannot be cut into tokens.
    pub fn part(&self, text: &str) -> Result<Vec<u32>, LmError> {
        self.cut(text, false)
    }

    fn cut(&self, text: &str, start: bool) -> Result<Vec<u32>, LmError> {
        let cut = self.vocabulary.cut(text, start);
        cut.map_err(|problem| LmError::text(text, problem))
    }

    /// The text of tokens. Marks say nothing, and what is no character yet is shown as `U+FFFD`.
    pub fn text(&self, tokens: &[u32]) -> String {
        String::from_utf8_lossy(&self.vocabulary.bytes(tokens)).into_owned()
    }
}
