use std::collections::BTreeMap;

use qualm_stats::Reference;

use crate::OodError;
use crate::tensors::{TensorReader, TensorWriter};

/// The scores of in-distribution rows held back from fitting, for each detector, and the classes
/// that the classifier predicts for them.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, calibrate, fit};
/// let train = MemorySet::new("train").with_logits(vec![10.0, 0.0], 2)?;
/// let fresh = MemorySet::new("fresh").with_logits(vec![9.0, 0.0, 8.0, 0.0, 0.0, 7.0], 2)?;
/// let input = FitInput { train: &train, head: None };
/// let mut bundle = fit(input, &["maxlogit".parse()?], &FitOptions::default(), &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// let reference = bundle.reference().expect("it was just calibrated");
/// assert!(reference.scores(0).eq([-9.0, -8.0, -7.0]));
/// assert_eq!(reference.overall(0)?.p_value(-1.0), 1.0 / 4.0);
/// assert_eq!(reference.per_class(0)?[&1].p_value(-1.0), 1.0 / 2.0);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceRows {
    /// Rows times detectors.
    scores: Vec<f64>,
    detectors: usize,
    /// Empty where no detector looks at the classifier's own logits.
    predicted: Vec<u32>,
}

impl ReferenceRows {
    pub(crate) fn new(detectors: usize) -> Self {
        Self {
            scores: Vec::new(),
            detectors,
            predicted: Vec::new(),
        }
    }

    pub(crate) fn push_scores(&mut self, scores: impl Iterator<Item = f64>) {
        self.scores.extend(scores);
    }

    pub(crate) fn extend_predicted(&mut self, predicted: &[u32]) {
        self.predicted.extend_from_slice(predicted);
    }

    /// Itself, or nothing where no row was held back.
    pub(crate) fn checked(self) -> Result<Option<Self>, OodError> {
        if self.scores.iter().any(|score| score.is_nan()) {
            return Err(OodError::fit(
                "reference",
                "a score is not a number; check the rows",
            ));
        }
        Ok((!self.scores.is_empty()).then_some(self))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.scores.len().checked_div(self.detectors).unwrap_or(0)
    }

    /// Whether there is no row, which no reference of a bundle has.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The scores of one detector, in the order of the rows.
    pub fn scores(&self, detector: usize) -> impl Iterator<Item = f64> + '_ {
        self.scores
            .iter()
            .skip(detector)
            .step_by(self.detectors.max(1))
            .copied()
    }

    /// The reference of one detector over all classes.
    ///
    /// # Errors
    /// When there is no row.
    pub fn overall(&self, detector: usize) -> Result<Reference, OodError> {
        Ok(Reference::new(self.scores(detector).collect())?)
    }

    /// One reference for each class that the classifier predicts for some row.
    ///
    /// # Errors
    /// When the bundle has no logits to predict classes from.
    pub fn per_class(&self, detector: usize) -> Result<BTreeMap<u32, Reference>, OodError> {
        if self.predicted.is_empty() {
            return Err(OodError::fit(
                "per-class thresholds",
                "no detector of the bundle looks at the classifier's own logits, so no class is predicted; \
                 add one, such as msp",
            ));
        }
        let mut by_class: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (score, &class) in self.scores(detector).zip(&self.predicted) {
            by_class.entry(class).or_default().push(score);
        }
        let reference = |(class, scores)| Ok((class, Reference::new(scores)?));
        by_class.into_iter().map(reference).collect()
    }

    pub(crate) fn save(&self, tensors: &mut TensorWriter) {
        tensors.matrix("scores", &self.scores, self.detectors);
        tensors.vector("predicted", &self.predicted);
    }

    pub(crate) fn load(
        tensors: &TensorReader<'_>,
        detectors: usize,
    ) -> Result<Option<Self>, OodError> {
        if !tensors.has("scores") && !tensors.has("predicted") {
            return Ok(None);
        }
        let scores = tensors.matrix::<f64>("scores", detectors)?;
        let predicted = tensors.any_vector::<u32>("predicted")?;
        let reference = Self {
            scores,
            detectors,
            predicted,
        };
        let whole = reference.predicted.is_empty() || reference.predicted.len() == reference.len();
        if !whole || reference.scores.iter().any(|score| score.is_nan()) {
            return Err(tensors.wrong("scores", "is not one number a row and detector"));
        }
        reference.checked()
    }
}
