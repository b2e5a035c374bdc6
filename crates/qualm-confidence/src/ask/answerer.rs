//! What can be asked: a model in this process, or one behind an address.

use crate::ConfidenceError;

/// An answer that was written without drawing: the likeliest token again and again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completion {
    /// What was written, up to the end of its line.
    pub text: String,
    /// The natural logarithm of each token's probability, where the model gives it.
    pub log_probs: Option<Vec<f64>>,
    /// The hidden state of the prompt's last token, where it was asked for.
    pub hidden: Vec<f32>,
}

/// How answers are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draws {
    /// Answers to each prompt.
    pub copies: usize,
    /// The temperature.
    pub temperature: f64,
    /// The seed.
    pub seed: u64,
}

/// A language model that goes on from prompts.
pub trait Answerer {
    /// What it is called in records.
    fn name(&self) -> &str;

    /// How many prompts it is best asked at once.
    fn batch(&self) -> usize;

    /// Goes on from each prompt to the end of the line, `max_tokens` at most. With `layer`, the
    /// hidden state of that layer at the prompt's last token.
    ///
    /// # Errors
    /// What keeps the model from answering.
    fn complete(
        &self,
        prompts: &[String],
        max_tokens: usize,
        layer: Option<usize>,
    ) -> Result<Vec<Completion>, ConfidenceError>;

    /// Texts drawn for each prompt.
    ///
    /// # Errors
    /// What keeps the model from answering.
    fn draw(
        &self,
        prompts: &[String],
        max_tokens: usize,
        draws: &Draws,
    ) -> Result<Vec<Vec<String>>, ConfidenceError>;

    /// For each prompt the probability that it goes on with `yes` among `yes` and `no`; `None`
    /// where the model does not say.
    ///
    /// # Errors
    /// What keeps the model from answering.
    fn prefers(
        &self,
        prompts: &[String],
        yes: &str,
        no: &str,
    ) -> Result<Vec<Option<f64>>, ConfidenceError>;
}
