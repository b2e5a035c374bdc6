use std::sync::Arc;

use qualm_data::{Head, Source};

use crate::HeadError;
use crate::blocks::{Block, Blocks};
use crate::diagnosis::{Diagnosis, Rounding};
use crate::difference::{Difference, Spread, Tally, Tolerance};
use crate::hypotheses::{Proposal, Sample};
use crate::layer::{Layer, predicted};
use crate::recipe::Recipe;

/// What [`check`] found.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_head::{Diagnosis, check};
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.5, -0.5], 2)?;
/// let set = MemorySet::new("batch").with_features(vec![1.0, 2.0, 3.0, 0.0], 2)?;
/// let found = check(&set.with_labels(vec![0, -1])?, &head)?;
/// assert_eq!((found.rows, found.labelled_rows), (2, 1));
/// assert_eq!((found.head_accuracy, found.stored_accuracy), (Some(1.0), None));
/// assert_eq!(found.diagnosis, Diagnosis::NoLogits);
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Rows compared: all of them.
    pub rows: u64,
    /// Rows with a label of 0 or above.
    pub labelled_rows: u64,
    /// Share of the labelled rows that the head, applied to the features, gets right; `None`
    /// without labelled rows or when widths differ.
    pub head_accuracy: Option<f64>,
    /// The same for the stored logits.
    pub stored_accuracy: Option<f64>,
    /// Stored logits against features times weight plus bias; `None` without stored logits or
    /// when widths differ.
    pub as_given: Option<Difference>,
    /// Stored logits against those that the diagnosis explains, where it explains any.
    pub as_diagnosed: Option<Difference>,
    /// What seems to be the matter.
    pub diagnosis: Diagnosis,
}

/// Compares stored logits with `features * weight^T + bias` over all rows and says what is
/// likely wrong where they differ.
///
/// Explanations are tried on the first rows (at most 1024) and the one that is taken is confirmed
/// on all. Memory is bounded by a block of rows and a few copies of the head.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_head::{Diagnosis, check};
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.5, -0.5], 2)?;
/// let set = MemorySet::new("batch")
///     .with_features(vec![1.0, 2.0, 3.0, 5.0], 2)?
///     .with_logits(vec![1.5, 1.5, 3.5, 4.5], 2)?
///     .with_labels(vec![0, 1])?;
/// let found = check(&set, &head)?;
/// assert!(found.diagnosis.agrees());
/// assert_eq!(found.as_given.map(|difference| difference.largest), Some(0.0));
/// assert_eq!(found.head_accuracy, Some(1.0));
///
/// let unlike = set.with_logits(vec![3.0, 3.0, 7.0, 9.0], 2)?;
/// assert_eq!(check(&unlike, &head)?.diagnosis, Diagnosis::Scaled { factor: 2.0 });
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
///
/// # Errors
/// When the source has no features or no rows, holds NaN or infinity or a label that is none of the
/// classes, or cannot be read. That nothing fits is no error but a [`Diagnosis`].
pub fn check(source: &dyn Source, head: &Head) -> Result<Check, HeadError> {
    let origin = || source.name().to_owned();
    let schema = source.schema();
    let stored_classes = schema.classes.filter(|&classes| classes > 0);
    let Some(dim) = schema.dim.filter(|&dim| dim > 0) else {
        return Err(HeadError::NoFeatures { origin: origin() });
    };
    let mut blocks = Blocks::of(source)?;
    let Some(first) = blocks.next()? else {
        return Err(HeadError::NoRows { origin: origin() });
    };
    let tolerance = Tolerance::of(&Spread::of(&first.logits));
    let suspicion = match stored_classes {
        Some(classes) => suspect(&Sample::new(head, first, dim, classes), tolerance),
        None if dim != head.dim() => Suspicion::Certain(other_width(dim, head)),
        None => Suspicion::Certain(Diagnosis::NoLogits),
    };

    let classes = stored_classes.unwrap_or(0);
    let plain = Recipe::plain(Arc::new(Layer::of(head)));
    let mut given = (head.dim() == dim).then(|| Follower::new(&plain, tolerance));
    let mut diagnosed = match &suspicion {
        Suspicion::Explained { proposal, .. } => Some(Follower::new(&proposal.recipe, tolerance)),
        _ => None,
    };
    let mut spread = Spread::default();
    let mut stored_right = 0;
    let (mut rows, mut labelled_rows) = (0, 0);
    let mut blocks = Blocks::of(source)?;
    while let Some(block) = blocks.next()? {
        rows += block.rows as u64;
        labelled_rows += block.labels.iter().filter(|label| **label >= 0).count() as u64;
        // Where head and logits disagree on the number of classes, that is the finding.
        check_labels(block, classes.max(head.classes()), source.name())?;
        spread.add(&block.logits);
        if classes > 0 {
            stored_right += right(&block.logits, classes, &block.labels);
        }
        for follower in [&mut given, &mut diagnosed].into_iter().flatten() {
            follower.add(block, classes);
        }
    }

    let share = |right: u64| (labelled_rows > 0).then(|| right as f64 / labelled_rows as f64);
    let given_tally = given.as_ref().map(|follower| &follower.tally);
    let diagnosed_tally = diagnosed.as_ref().map(|follower| &follower.tally);
    Ok(Check {
        rows,
        labelled_rows,
        head_accuracy: given.as_ref().and_then(|follower| share(follower.right)),
        stored_accuracy: (classes > 0).then(|| share(stored_right)).flatten(),
        as_given: given_tally.and_then(|tally| tally.finish(&spread)),
        as_diagnosed: diagnosed_tally.and_then(|tally| tally.finish(&spread)),
        diagnosis: suspicion.confirm(given_tally, diagnosed_tally, tolerance),
    })
}

/// Refuses labels beyond the classes; a negative one marks a row as out of distribution.
fn check_labels(block: &Block, classes: usize, origin: &str) -> Result<(), HeadError> {
    let beyond = |label: &i64| usize::try_from(*label).is_ok_and(|label| label >= classes);
    match block.labels.iter().position(beyond) {
        None => Ok(()),
        Some(at) => Err(HeadError::LabelBeyondClasses {
            origin: origin.to_owned(),
            row: block.first_row + at as u64,
            label: block.labels[at],
            classes,
        }),
    }
}

/// What the first rows say.
enum Suspicion {
    /// Nothing that more rows could change.
    Certain(Diagnosis),
    /// The head as it is gives the stored logits.
    Agreement,
    /// A proposal gives them; `else_` holds should it fail on the other rows.
    Explained {
        proposal: Proposal,
        else_: Diagnosis,
    },
    /// Nothing gives them.
    Open(Diagnosis),
}

fn suspect(sample: &Sample<'_>, tolerance: Tolerance) -> Suspicion {
    /// How many times nearer than the head as it is an explanation must come. Rounding and
    /// chance never gain so much.
    const NEARER: f64 = 10.0;
    let plain = sample.plain_distance();
    if plain <= tolerance.single {
        return Suspicion::Agreement;
    }
    let open = unexplained(sample);
    match sample.best() {
        Some((proposal, apart)) if apart <= tolerance.half && apart <= plain / NEARER => {
            Suspicion::Explained {
                proposal,
                else_: open,
            }
        }
        _ if plain <= tolerance.half => Suspicion::Agreement,
        _ => Suspicion::Open(open),
    }
}

/// What can be said about rows that no recipe explains.
fn unexplained(sample: &Sample<'_>) -> Diagnosis {
    /// Features that share their inputs but not their network correlate less.
    const RELATED: f64 = 0.5;
    if sample.head().dim() != sample.dim() {
        return other_width(sample.dim(), sample.head());
    }
    if sample.head().classes() != sample.classes() {
        return Diagnosis::OtherClasses {
            stored: sample.classes(),
            head: sample.head().classes(),
        };
    }
    for (log, stored) in [
        (false, sample.stores_probabilities()),
        (true, sample.stores_log_probabilities()),
    ] {
        if stored {
            return Diagnosis::Probabilities {
                log,
                of_this_head: false,
            };
        }
    }
    let correlation = sample.correlation();
    if correlation < RELATED {
        Diagnosis::Unrelated { correlation }
    } else {
        Diagnosis::Unexplained { correlation }
    }
}

fn other_width(features: usize, head: &Head) -> Diagnosis {
    Diagnosis::OtherWidth {
        features,
        head: head.dim(),
    }
}

impl Suspicion {
    /// What remains of it after all rows.
    fn confirm(
        &self,
        given: Option<&Tally>,
        diagnosed: Option<&Tally>,
        tolerance: Tolerance,
    ) -> Diagnosis {
        let apart = |tally: Option<&Tally>| tally.and_then(Tally::apart);
        let some_rows = |(first, rows)| Diagnosis::SomeRowsApart { first, rows };
        // Rows that were mixed from two sources are not explained by what most of them do not do.
        let mostly = |tally: &Tally| tally.rows_apart() <= tally.rows() / 2;
        match self {
            Self::Certain(diagnosis) => diagnosis.clone(),
            Self::Agreement => apart(given).map_or_else(
                || {
                    let single = given.is_some_and(|given| given.distance() <= tolerance.single);
                    Diagnosis::Agrees(if single {
                        Rounding::Single
                    } else {
                        Rounding::Half
                    })
                },
                some_rows,
            ),
            Self::Explained { proposal, .. } if diagnosed.is_some_and(mostly) => {
                proposal.diagnosis.clone()
            }
            Self::Explained { else_, .. } | Self::Open(else_) => apart(given)
                .filter(|_| given.is_some_and(mostly))
                .map_or_else(|| else_.clone(), some_rows),
        }
    }
}

/// Applies a recipe to all rows.
struct Follower<'a> {
    recipe: &'a Recipe,
    tally: Tally,
    /// Labelled rows that it gets right.
    right: u64,
    predicted: Vec<f64>,
}

impl<'a> Follower<'a> {
    fn new(recipe: &'a Recipe, tolerance: Tolerance) -> Self {
        Self {
            recipe,
            tally: Tally::new(tolerance),
            right: 0,
            predicted: Vec::new(),
        }
    }

    /// `classes` is the width of the stored logits, which may be another than that of the head.
    fn add(&mut self, block: &Block, classes: usize) {
        self.recipe
            .predict(&block.features, &block.logits, &mut self.predicted);
        let width = self.recipe.layer.classes();
        self.right += right(&self.predicted, width, &block.labels);
        if width == classes {
            self.tally
                .add(block.first_row, &self.predicted, &block.logits, classes);
        }
    }
}

/// Rows whose largest logit is that of their label.
fn right<T: PartialOrd + Copy>(logits: &[T], classes: usize, labels: &[i64]) -> u64 {
    let rows = logits.chunks_exact(classes).zip(labels);
    rows.filter(|(row, label)| usize::try_from(**label).is_ok_and(|y| predicted(row) == Some(y)))
        .count() as u64
}
