use qualm_data::{Head, Schema};
use serde::{Deserialize, Serialize};

use crate::OodError;

/// Widths of the rows that detectors belong to.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_ood::{FitInput, FitOptions, Recipe, Shape, fit};
/// let train = MemorySet::new("train").with_features(vec![2.0, 0.0, 0.5, 1.0], 2)?;
/// let head = Head::new(vec![1.0; 6], vec![0.0; 3], 2)?;
/// let input = FitInput { train: &train, head: Some(&head) };
/// let recipes = Recipe::parse_list("msp")?;
/// let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
/// assert_eq!(bundle.shape(), Shape { dim: Some(2), classes: Some(3) });
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// D, where rows have features.
    pub dim: Option<usize>,
    /// C, where head or stored logits tell it.
    pub classes: Option<usize>,
}

impl Shape {
    /// The shape of rows together with a head.
    ///
    /// # Errors
    /// When the two do not fit.
    pub(crate) fn of(origin: &str, schema: &Schema, head: Option<&Head>) -> Result<Self, OodError> {
        if let (Some(head), Some(dim)) = (head, schema.dim)
            && head.dim() != dim
        {
            return Err(OodError::rows(
                origin,
                format!(
                    "features have width {dim}, but the head takes {} (weight is {} x {}); take the \
                     features that enter this head",
                    head.dim(),
                    head.classes(),
                    head.dim()
                ),
            ));
        }
        if let (Some(head), Some(classes)) = (head, schema.classes)
            && head.classes() != classes
        {
            return Err(OodError::rows(
                origin,
                format!(
                    "logits have width {classes}, but the head has {} classes",
                    head.classes()
                ),
            ));
        }
        let classes = head.map(Head::classes).or(schema.classes);
        Ok(Self {
            dim: schema.dim,
            classes,
        })
    }
}
