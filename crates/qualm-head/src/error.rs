use qualm_data::DataError;
use thiserror::Error;

/// Why a head could not be fitted or checked.
///
/// Every message is one sentence that names the feature set and says what to do.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_head::{FitOptions, HeadError, fit_head};
/// let unlabelled = MemorySet::new("batch").with_features(vec![1.0, 2.0], 1)?;
/// let error = fit_head(&unlabelled, &FitOptions::default(), &mut |_| {}).unwrap_err();
/// assert!(matches!(error, HeadError::NoLabels { .. }));
/// # Ok::<(), qualm_data::DataError>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The feature set could not be read, or holds NaN or infinity.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is nothing to multiply with a head.
    #[error(
        "{origin}: there are no features; add an array `features` with the inputs of the last linear layer"
    )]
    NoFeatures {
        /// The feature set.
        origin: String,
    },
    /// There is nothing to learn from.
    #[error(
        "{origin}: there are no labels to learn a head from; add an array `labels` with one class number a row"
    )]
    NoLabels {
        /// The feature set.
        origin: String,
    },
    /// There is nothing to compare.
    #[error("{origin}: there are no rows; write at least one")]
    NoRows {
        /// The feature set.
        origin: String,
    },
    /// One class can be told from nothing.
    #[error(
        "{origin}: labels of {classes} classes in {rows} in-distribution rows cannot teach a head; \
         it takes rows of at least two classes (a negative label marks a row as out of distribution)"
    )]
    TooFewClasses {
        /// The feature set.
        origin: String,
        /// Classes that have rows: 0 or 1.
        classes: usize,
        /// Rows with a label of 0 or above.
        rows: u64,
    },
    /// Some of the classes 0..C have no rows.
    #[error(
        "{origin}: labels go up to {largest} but no row has label {missing}; \
         number the classes 0, 1, 2, ... without a gap"
    )]
    EmptyClasses {
        /// The feature set.
        origin: String,
        /// The largest label.
        largest: i64,
        /// The first classes without rows, as text.
        missing: String,
    },
    /// A label that names no class.
    #[error(
        "{origin}: row {row}: label {label} is out of range: there are {classes} classes, numbered from 0"
    )]
    LabelBeyondClasses {
        /// The feature set.
        origin: String,
        /// The row, counted from 0.
        row: u64,
        /// Its label.
        label: i64,
        /// Classes of the head, or of the stored logits where these have more.
        classes: usize,
    },
    /// The head would not fit into the memory that it may use.
    #[error(
        "{origin}: row {row} has label {label}, and learning a head of {classes} classes x {dim} features \
         takes {} of memory where {} are allowed; check the labels or allow more",
        bytes_in_words(*.needed), bytes_in_words(u128::from(*.allowed))
    )]
    TooLarge {
        /// The feature set.
        origin: String,
        /// The row, counted from 0.
        row: u64,
        /// Its label.
        label: i64,
        /// Classes up to this label.
        classes: u128,
        /// D.
        dim: usize,
        /// Bytes that parameters and the history of steps would take.
        needed: u128,
        /// Bytes allowed by [`FitOptions::memory`](crate::FitOptions::memory).
        allowed: u64,
    },
    /// An option that no fit can keep.
    #[error("{option} is {value}, but it must be {must}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
}

/// `1.5 GB`: bytes as people read them, in powers of 1000.
pub(crate) fn bytes_in_words(bytes: u128) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64 / 1000.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_well() {
        assert_eq!(bytes_in_words(1_500), "1.5 kB");
        assert_eq!(bytes_in_words(4_000_000_000), "4.0 GB");
        assert_eq!(bytes_in_words(u128::MAX).split(' ').nth(1), Some("PB"));
    }
}
