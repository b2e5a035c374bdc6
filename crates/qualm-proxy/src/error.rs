use thiserror::Error;

/// Why a proxy could not be studied. Every message is one sentence that says what to do.
///
/// ```
/// use qualm_proxy::{Designs, Labelled, Merge};
/// let twice = Designs::new(vec![1.0, 1.0], 1);
/// let error = Labelled::new("a.csv", twice, vec![0.2, 0.9], Merge::Refuse).unwrap_err();
/// assert!(error.to_string().contains("--aggregate"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A journal that cannot be read or written.
    #[error(transparent)]
    Journal(#[from] qualm_data::DataError),
    /// There is too little to learn from.
    #[error("{origin}: {rows} designs are too few; {needed} are needed {purpose}")]
    TooFewRows {
        /// File or task.
        origin: String,
        /// Distinct designs there are.
        rows: usize,
        /// Designs there must be.
        needed: usize,
        /// What they are needed for: "to fit a proxy".
        purpose: &'static str,
    },
    /// A proxy of a constant learns nothing.
    #[error("{origin}: all {rows} labels are {value}; a proxy needs labels that differ")]
    Constant {
        /// File or task.
        origin: String,
        /// Designs.
        rows: usize,
        /// The one label.
        value: f64,
    },
    /// A number that is none.
    #[error("{origin}: row {row}: {column} is {value}; only finite numbers can be learned from")]
    NotFinite {
        /// File or task.
        origin: String,
        /// The row, counted from 1.
        row: usize,
        /// The column.
        column: String,
        /// NaN or an infinity.
        value: f64,
    },
    /// The same design, labelled twice and differently.
    #[error(
        "{origin}: rows {first} and {second} are one design with labels {first_label} and \
         {second_label}; say `--aggregate mean` or `--aggregate median` to take one label for both"
    )]
    Conflict {
        /// File or task.
        origin: String,
        /// A row, counted from 1.
        first: usize,
        /// A later row of the same design.
        second: usize,
        /// Label of the first.
        first_label: f64,
        /// Label of the second.
        second_label: f64,
    },
    /// A design that does not belong to the space.
    #[error("{origin}: {problem}")]
    Design {
        /// File or task.
        origin: String,
        /// Where and what.
        problem: String,
    },
    /// A proxy, optimiser or stop rule that is not understood.
    #[error("`{text}`: {problem}")]
    Words {
        /// What was given.
        text: String,
        /// What is wrong with it, and what there is.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The user's oracle failed.
    #[error("oracle `{command}`: {problem}")]
    Oracle {
        /// The command as it was given.
        command: String,
        /// What it did.
        problem: String,
    },
    /// A search left what numbers can say.
    #[error(
        "{optimiser} on {proxy}: the search is beyond all bounds at step {step}; take smaller or \
         fewer steps"
    )]
    Beyond {
        /// The optimiser's recipe.
        optimiser: String,
        /// The proxy's recipe.
        proxy: String,
        /// The first step that cannot be judged.
        step: usize,
    },
    /// A proxy that was made elsewhere cannot be used, or failed.
    #[error("{proxy}: {problem}")]
    Given {
        /// What it is called.
        proxy: String,
        /// What went wrong, and what to do.
        problem: String,
    },
    /// A proxy could not be fitted.
    #[error("{proxy} on {task}: {problem}")]
    Fit {
        /// The proxy.
        proxy: String,
        /// What it was fitted to.
        task: String,
        /// What went wrong, and what to do.
        problem: String,
    },
}
