use qualm_data::DataError;
use thiserror::Error;

/// What can go wrong with a model.
///
/// Every message is one sentence that names the file, node or tensor and says what to do.
///
/// ```
/// use qualm_onnx::{Model, OnnxError};
/// let error = Model::from_bytes("model.onnx", b"not a model".to_vec()).unwrap_err();
/// assert!(matches!(&error, OnnxError::Malformed { origin, .. } if origin == "model.onnx"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A file could not be read or written, or its arrays are not what they should be.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file is no ONNX model, or a damaged one.
    #[error("{origin}: {problem}")]
    Malformed {
        /// The file.
        origin: String,
        /// One clause that says what is wrong and what to do.
        problem: String,
    },
    /// The bundle's detectors could not be used.
    #[error(transparent)]
    Ood(#[from] qualm_ood::OodError),
    /// A detector cannot be attached to this model.
    #[error("{origin}: {problem}")]
    Attach {
        /// The model's file.
        origin: String,
        /// One clause that says why, and the way out.
        problem: String,
    },
    /// The model cannot be run, or not on these inputs.
    #[error("{origin}: {problem}")]
    Run {
        /// The file.
        origin: String,
        /// One clause that names operator and node or the tensor, and the way out.
        problem: String,
    },
    /// The model has no linear head, or several.
    #[error("{origin}: {problem}")]
    Head {
        /// The file.
        origin: String,
        /// One clause that says what was found instead, and the way out.
        problem: String,
    },
}

impl OnnxError {
    pub(crate) fn malformed(origin: &str, problem: impl Into<String>) -> Self {
        Self::Malformed {
            origin: origin.to_owned(),
            problem: problem.into(),
        }
    }

    #[cfg(feature = "run")]
    pub(crate) fn run(origin: &str, problem: impl Into<String>) -> Self {
        Self::Run {
            origin: origin.to_owned(),
            problem: problem.into(),
        }
    }

    pub(crate) fn head(origin: &str, problem: impl Into<String>) -> Self {
        Self::Head {
            origin: origin.to_owned(),
            problem: problem.into(),
        }
    }
}
