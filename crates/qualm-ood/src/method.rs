use std::fmt::Debug;

use crate::detector::Detector;
use crate::fit::FitContext;
use crate::statistics::{BankNeed, ExtremesOf, SumKind, SumOf, SumSet};
use crate::tensors::TensorReader;
use crate::view::PerView;
use crate::{OodError, Recipe};

/// What fitting must gather for a method. Plain data: the plan of a fit is the union over its
/// methods, so that nothing is gathered twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Needs {
    /// Scoring looks at features.
    pub(crate) features: bool,
    /// Scoring looks at logits: stored ones, or those of a head.
    pub(crate) logits: bool,
    /// Fitting looks at the head's weights.
    pub(crate) head: bool,
    /// First pass: mean and scatter of the features.
    pub(crate) moments: PerView<bool>,
    /// First pass: sums by class.
    pub(crate) sums: SumSet,
    /// First pass: mean and scatter of each class of its own; needs labels.
    pub(crate) class_scatters: PerView<bool>,
    /// First pass: fitting rows of unit length.
    pub(crate) bank: Option<BankNeed>,
    /// A graph is built over the bank.
    pub(crate) graph: bool,
    /// First pass: how the features of all rows and columns are distributed.
    pub(crate) activations: bool,
    /// First pass: the smallest and largest of some numbers, each kind once.
    pub(crate) extremes: Vec<ExtremesOf>,
    /// First pass: what tells the best temperature of the logits; needs labels.
    pub(crate) temperature: bool,
    /// Second pass: the mean over the fitting rows of each of the detector's parts.
    pub(crate) part_means: bool,
    /// Second pass: the largest of one of the detector's parts, class by class; needs labels and
    /// logits.
    pub(crate) tail: Option<TailNeed>,
    /// Parts of a row held back, where they are so many that all rows' weigh.
    pub(crate) kept_parts: usize,
    /// After the second pass: rows that were held back, to measure components against.
    pub(crate) ruler: bool,
}

/// Of which part the largest numbers are kept: over the rows of each class that the classifier gets
/// right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TailNeed {
    /// The part.
    pub(crate) part: usize,
    /// How many are kept.
    pub(crate) keep: usize,
}

impl Needs {
    /// The union of what the methods need.
    pub(crate) fn of(recipes: &[Recipe]) -> Self {
        let needs = recipes.iter().map(|recipe| recipe.method().needs());
        needs.fold(Self::default(), Self::or)
    }

    /// What either needs.
    pub(crate) fn or(self, other: Self) -> Self {
        let mut extremes = self.extremes;
        for of in other.extremes {
            if !extremes.contains(&of) {
                extremes.push(of);
            }
        }
        Self {
            features: self.features || other.features,
            logits: self.logits || other.logits,
            head: self.head || other.head,
            moments: self.moments.or(other.moments),
            sums: self.sums.or(other.sums),
            class_scatters: self.class_scatters.or(other.class_scatters),
            bank: match (self.bank, other.bank) {
                (Some(a), Some(b)) => Some(a.or(b)),
                (a, b) => a.or(b),
            },
            graph: self.graph || other.graph,
            activations: self.activations || other.activations,
            extremes,
            temperature: self.temperature || other.temperature,
            part_means: self.part_means || other.part_means,
            tail: self.tail.or(other.tail),
            kept_parts: self.kept_parts + other.kept_parts,
            ruler: self.ruler || other.ruler,
        }
    }

    /// Whether rows must carry labels.
    pub(crate) fn labels(&self) -> bool {
        self.sums.iter().any(|kind| kind.by.labels())
            || self.class_scatters.any()
            || self.temperature
            || self.tail.is_some()
    }

    /// Whether the second pass measures the fitting rows.
    pub(crate) fn second_pass(&self) -> bool {
        self.part_means || self.tail.is_some()
    }

    /// Whether the first pass must compute logits.
    pub(crate) fn logits_when_gathering(&self) -> bool {
        let looks = |kind: SumKind| kind.of.logits() || kind.by.predictions();
        self.sums.iter().any(looks) || self.temperature || self.bank.is_some_and(|bank| bank.logits)
    }

    /// Whether the first pass needs rows of unit length.
    pub(crate) fn unit_when_gathering(&self) -> bool {
        self.bank.is_some()
            || self.moments.unit
            || self.class_scatters.unit
            || self.sums.iter().any(|kind| kind.of == SumOf::Unit)
    }

    /// Whether the first pass must turn logits into probabilities.
    pub(crate) fn probabilities_when_gathering(&self) -> bool {
        self.sums.iter().any(|kind| kind.of == SumOf::Probabilities)
    }
}

/// The recipe of a detector: which method, with which parameters. Checked when it is parsed;
/// see [`Recipe`](crate::Recipe) for the text form.
pub(crate) trait Method: Debug + Send + Sync {
    /// What fitting must gather.
    fn needs(&self) -> Needs;

    /// Why this program cannot fit the method, and the way out; it may score with it all the same.
    fn refusal(&self) -> Option<&'static str> {
        None
    }

    /// The detector that follows from the first pass. Where the second pass is asked for
    /// something, it is complete only after [`Detector::set_part_means`] or
    /// [`Detector::set_tails`].
    ///
    /// # Errors
    /// When the method cannot be fitted to these rows; the message says why and the way out.
    fn solve(&self, context: &FitContext<'_>) -> Result<Box<dyn Detector>, OodError>;

    /// Names and methods of the detector's [components](Detector::components), in their order.
    fn components(&self) -> Vec<(&str, &dyn Method)> {
        Vec::new()
    }

    /// The detector that [`Detector::save`] wrote.
    ///
    /// # Errors
    /// When arrays are missing or have the wrong shape.
    fn load(&self, tensors: &TensorReader<'_>) -> Result<Box<dyn Detector>, OodError>;
}
