use std::fmt::Debug;

use crate::detector::Detector;
use crate::fit::FitContext;
use crate::tensors::TensorReader;
use crate::view::PerView;
use crate::{OodError, Recipe};

/// What fitting must gather for a method. Plain data: the plan of a fit is the union over its
/// methods, so that nothing is gathered twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Scoring looks at features.
    pub(crate) features: bool,
    /// Scoring looks at logits: stored ones, or those of a head.
    pub(crate) logits: bool,
    /// Fitting looks at the head's weights.
    pub(crate) head: bool,
    /// First pass: mean and scatter of the features.
    pub(crate) moments: PerView<bool>,
    /// First pass: sum of the features of each class; needs labels.
    pub(crate) class_sums: PerView<bool>,
    /// First pass: every fitting row, of unit length.
    pub(crate) bank: bool,
    /// Second pass: the mean over the fitting rows of each of the detector's parts.
    pub(crate) part_means: bool,
}

impl Needs {
    /// The union of what the methods need.
    pub(crate) fn of(recipes: &[Recipe]) -> Self {
        let needs = recipes.iter().map(|recipe| recipe.method().needs());
        needs.fold(Self::default(), Self::or)
    }

    /// What either needs.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            features: self.features || other.features,
            logits: self.logits || other.logits,
            head: self.head || other.head,
            moments: self.moments.or(other.moments),
            class_sums: self.class_sums.or(other.class_sums),
            bank: self.bank || other.bank,
            part_means: self.part_means || other.part_means,
        }
    }

    /// Whether rows must carry labels.
    pub(crate) fn labels(self) -> bool {
        self.class_sums.any()
    }
}

/// The recipe of a detector: which method, with which parameters. Checked when it is parsed;
/// see [`Recipe`](crate::Recipe) for the text form.
pub(crate) trait Method: Debug + Send + Sync {
    /// What fitting must gather.
    fn needs(&self) -> Needs;

    /// The detector that follows from the first pass. Where [`Needs::part_means`] is set, it is
    /// complete only after [`Detector::set_part_means`].
    ///
    /// # Errors
    /// When the method cannot be fitted to these rows; the message says why and the way out.
    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError>;

    /// The detector that [`Detector::save`] wrote.
    ///
    /// # Errors
    /// When arrays are missing or have the wrong shape.
    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError>;
}
