use qualm_data::DataError;
use qualm_stats::StatsError;
use thiserror::Error;

/// What can go wrong between a recipe and a score.
///
/// Every message is one sentence that names the method, file or row and says what to do.
///
/// ```
/// use qualm_ood::{OodError, Recipe};
/// let error = "knn(k=0)".parse::<Recipe>().unwrap_err();
/// assert!(matches!(&error, OodError::Recipe { text, .. } if text == "knn(k=0)"));
/// assert!(error.to_string().ends_with("`k=0` is not allowed; k is a whole number from 1"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OodError {
    /// A feature set or head could not be read or is not valid.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A metric or reference could not be computed.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// The text of a method is not understood.
    #[error("method `{text}`: {problem}")]
    Recipe {
        /// The text as given.
        text: String,
        /// One clause that says what is wrong and what is allowed.
        problem: String,
    },
    /// A method cannot be fitted to these rows.
    #[error("{method}: {problem}")]
    Fit {
        /// The method's name.
        method: String,
        /// One clause that says why, and the way out.
        problem: String,
    },
    /// A bundle, plan or part of a fit is not valid or does not belong here.
    #[error("{origin}: {problem}")]
    Bundle {
        /// The file.
        origin: String,
        /// One clause that says what is wrong and what to do.
        problem: String,
    },
    /// Rows do not have what the detectors need.
    #[error("{origin}: {problem}")]
    Rows {
        /// The feature set.
        origin: String,
        /// One clause that says what is missing or wrong.
        problem: String,
    },
    /// What was asked of an evaluation does not exist or cannot be computed.
    #[error("{what}: {problem}")]
    Evaluation {
        /// What was asked.
        what: String,
        /// One clause that says what is wrong and what there is.
        problem: String,
    },
}

impl OodError {
    pub(crate) fn recipe(text: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Recipe {
            text: text.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn fit(method: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Fit {
            method: method.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn bundle(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Bundle {
            origin: origin.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn rows(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Rows {
            origin: origin.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn evaluation(what: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Evaluation {
            what: what.into(),
            problem: problem.into(),
        }
    }
}
