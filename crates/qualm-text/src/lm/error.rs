use qualm_data::{DataError, one_line};
use thiserror::Error;

/// What can go wrong with a language model.
///
/// Every message is one sentence that names the file or the prompt and says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LmError {
    /// A file could not be read, or is not what its format promises.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file is sound, but holds a model that is not run here.
    #[error("{origin}: {problem}")]
    Unsupported {
        /// The file.
        origin: String,
        /// One clause that says what the model has, and which models are run.
        problem: String,
    },
    /// A text cannot be cut into this model's tokens.
    #[error("the text `{beginning}`: {problem}")]
    Text {
        /// How it begins.
        beginning: String,
        /// One clause that says why, and the way out.
        problem: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Parameter(String),
    /// A prompt cannot be given to this model.
    #[error("prompt {prompt}: {problem}")]
    Prompt {
        /// Which of the prompts of the call, counted from 0.
        prompt: usize,
        /// One clause that says why, and the way out.
        problem: String,
    },
}

impl LmError {
    pub(crate) fn malformed(origin: &str, problem: impl Into<String>) -> Self {
        DataError::malformed(origin, problem).into()
    }

    pub(crate) fn unsupported(origin: &str, problem: impl Into<String>) -> Self {
        Self::Unsupported {
            origin: origin.to_owned(),
            problem: one_line(problem.into()),
        }
    }

    pub(crate) fn text(text: &str, problem: impl Into<String>) -> Self {
        Self::Text {
            beginning: text.chars().take(40).collect(),
            problem: problem.into(),
        }
    }

    pub(crate) fn prompt(prompt: usize, problem: impl Into<String>) -> Self {
        Self::Prompt {
            prompt,
            problem: problem.into(),
        }
    }
}
