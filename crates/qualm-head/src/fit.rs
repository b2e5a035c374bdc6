use qualm_data::{Head, Source};
use qualm_linalg::{Limits, Stop, VECTORS_HELD, minimise};

use crate::HeadError;
use crate::layer::accuracy;
use crate::softmax::{self, SoftmaxLoss};
use crate::survey::{Room, Survey};

/// Vectors as long as the parameters that are held at once.
const VECTORS: usize = VECTORS_HELD + softmax::VECTORS;

/// What to fit and how far to go. [`FitOptions::default`] is what scikit-learn's defaults mean,
/// carried through to a much smaller gradient.
///
/// ```
/// use qualm_head::FitOptions;
/// let strong = FitOptions { inverse_regularisation: 0.01, ..FitOptions::default() };
/// assert_eq!(strong.gradient_tolerance, 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// C of the objective, scikit-learn's `C`: large values trust the data, small ones keep the
    /// weights small. Default 1.
    pub inverse_regularisation: f64,
    /// Steps of the optimiser; each is one pass over the rows, seldom two. Default 1000.
    pub max_iterations: u64,
    /// The fit has converged when the Euclidean norm of the gradient of the *mean* objective
    /// (the objective divided by `C n`) with respect to all weights and biases is at most this.
    /// It bounds scikit-learn's `tol`, which is the largest entry of the same gradient. It is in
    /// units of the features: for features a thousand times larger ask for a thousand times
    /// more. Default 1e-6.
    pub gradient_tolerance: f64,
    /// Bytes that may be held. The parameters and the optimiser's history, 51 numbers of 8 bytes a
    /// parameter, must fit; if the rows fit beside them they are read from the source once, if
    /// not they are read anew in each pass. The result is the same. Blocks of rows, some
    /// tens of megabytes, come on top. Default 4 GiB.
    pub memory: u64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            inverse_regularisation: 1.0,
            max_iterations: 1000,
            gradient_tolerance: 1e-6,
            memory: 4 << 30,
        }
    }
}

impl FitOptions {
    /// Weaker or stronger than this the penalty is rounded away, or the data are.
    const REGULARISATION: std::ops::RangeInclusive<f64> = 1e-30..=1e30;

    fn check(&self) -> Result<(), HeadError> {
        if !Self::REGULARISATION.contains(&self.inverse_regularisation) {
            return Err(HeadError::Option {
                option: "inverse_regularisation (-c)",
                value: self.inverse_regularisation,
                must: "between 1e-30 and 1e30",
            });
        }
        if !(self.gradient_tolerance > 0.0 && self.gradient_tolerance.is_finite()) {
            return Err(HeadError::Option {
                option: "gradient_tolerance (--tolerance)",
                value: self.gradient_tolerance,
                must: "a positive number",
            });
        }
        Ok(())
    }
}

/// Where a running fit stands.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_head::{FitOptions, fit_head};
/// let set = MemorySet::new("two").with_features(vec![-1.0, 1.0], 1)?.with_labels(vec![0, 1])?;
/// let mut norms = Vec::new();
/// fit_head(&set, &FitOptions::default(), &mut |progress| norms.push(progress.gradient_norm))?;
/// assert!(norms.last() <= Some(&1e-6));
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps done; the first report is about the start, 0.
    pub iteration: u64,
    /// As [`FittedHead::objective`].
    pub objective: f64,
    /// As [`FittedHead::gradient_norm`].
    pub gradient_norm: f64,
}

/// A head that was learned, and what there is to say about how.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_head::{FitOptions, Stop, fit_head};
/// let set = MemorySet::new("two").with_features(vec![-1.0, 1.0], 1)?.with_labels(vec![0, 1])?;
/// let fitted = fit_head(&set, &FitOptions::default(), &mut |_| {})?;
/// assert_eq!(fitted.stop, Stop::Converged);
/// assert_eq!((fitted.classes, fitted.rows, fitted.training_accuracy), (2, 2, 1.0));
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedHead {
    /// Weight `C x D` and bias, rounded from `f64`. The biases have mean 0: moving them all
    /// together changes nothing.
    pub head: Head,
    /// `C sum_i -log p(y_i | x_i) + |W|^2 / 2` before rounding.
    pub objective: f64,
    /// Euclidean norm of the gradient of `objective / (C n)`, before rounding.
    pub gradient_norm: f64,
    /// Steps of the optimiser.
    pub iterations: u64,
    /// Passes over the rows: one that looks at them, one for each evaluation of the objective,
    /// one that measures the accuracy.
    pub passes: u64,
    /// n, the rows with a label of 0 or above.
    pub rows: u64,
    /// Rows with a negative label, which nothing was learned from.
    pub left_out: u64,
    /// Number of classes.
    pub classes: usize,
    /// Share of the n rows whose largest logit, of the rounded head, is that of their label.
    pub training_accuracy: f64,
    /// Why it ended. Only [`Stop::Converged`] means that the tolerance is met.
    pub stop: Stop,
}

/// Learns the head of least `C sum_i -log softmax(W x_i + b)[y_i] + |W|^2 / 2` over the rows with
/// a label of 0 or above.
///
/// This is scikit-learn's `LogisticRegression(C=C)`: multinomial, L2 penalty on the weights and
/// none on the biases. Features are taken as they are: standardise them beforehand if the penalty
/// should not depend on their units. (Inside, the optimiser works in standardised variables and
/// pays the penalty of the original ones, which changes its speed and not the result.)
///
/// All sums run in `f64` over blocks of rows that depend on the row numbers alone: the same rows
/// give the same bytes for any number of threads, any size of chunk and any
/// [`memory`](FitOptions::memory).
///
/// `progress` is called before the first step and after each.
///
/// # Errors
/// When the source has no features or labels, holds NaN or infinity or cannot be read; when fewer
/// than two classes have rows, or a class below the largest label has none; when the parameters
/// would not fit into the memory allowed; when an option is out of range. Not converging is no
/// error: see [`FittedHead::stop`].
pub fn fit_head(
    source: &dyn Source,
    options: &FitOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<FittedHead, HeadError> {
    options.check()?;
    let dim = source.schema().dim.unwrap_or(0);
    let room = Room {
        allowed: options.memory,
        per_class: (dim as u128 + 1) * (VECTORS * size_of::<f64>()) as u128,
    };
    let (survey, kept) = Survey::of(source, &room)?;
    let rows: &dyn Source = match &kept {
        Some(kept) => kept,
        None => source,
    };
    let mut loss = SoftmaxLoss::new(rows, &survey, options.inverse_regularisation);
    let unit = loss.unit();
    let limits = Limits {
        iterations: options.max_iterations,
        gradient_norm: options.gradient_tolerance,
    };
    let start = loss.start();
    let found = minimise(&mut loss, start, limits, &mut |iteration, value, norm| {
        progress(Progress {
            iteration,
            objective: unit * value,
            gradient_norm: norm,
        });
    })?;
    let (weight, bias) = loss.head(&found.at);
    let round = |numbers: Vec<f64>| numbers.into_iter().map(|x| x as f32).collect();
    let head = Head::new(round(weight), round(bias), dim)?;
    Ok(FittedHead {
        training_accuracy: accuracy(rows, &head)?,
        head,
        objective: unit * found.value,
        gradient_norm: found.gradient_norm,
        iterations: found.iterations,
        passes: 1 + loss.passes() + 1,
        rows: survey.rows,
        left_out: survey.left_out,
        classes: survey.class_rows.len(),
        stop: found.stop,
    })
}
