use std::fmt;

use crate::recipe::{Activation, Order};

/// What [`check`](crate::check()) makes of a feature set and a head. Prints as one sentence that
/// says what to do.
///
/// ```
/// use qualm_head::{Activation, Diagnosis};
/// let diagnosis = Diagnosis::BeforeActivation(Activation::Relu);
/// assert!(diagnosis.to_string().contains("apply ReLU to the features"));
/// assert!(!diagnosis.agrees());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Diagnosis {
    /// Features times weight plus bias are the stored logits, within rounding.
    Agrees(Rounding),
    /// Some rows agree and some do not.
    SomeRowsApart {
        /// The first that does not, counted from 0.
        first: u64,
        /// How many do not.
        rows: u64,
    },
    /// An activation function stands between these features and the head.
    BeforeActivation(Activation),
    /// A mean over positions stands between these features and the head.
    BeforePooling {
        /// Positions that the mean is over, height times width.
        positions: usize,
        /// How channels and positions lie.
        order: Order,
        /// Applied before the mean.
        activation: Option<Activation>,
    },
    /// The weight was written column by column.
    TransposedWeight,
    /// The biases are not those behind the stored logits.
    Bias(BiasFault),
    /// The stored logits are those of the head times a number.
    Scaled {
        /// That number; 1 / temperature where a temperature was applied.
        factor: f64,
    },
    /// The classes stand in another order.
    Permuted {
        /// Classes that do not stand in their place.
        moved: usize,
        /// The first of them, as numbered by the stored logits.
        stored: usize,
        /// Which class of the head it is.
        head: usize,
    },
    /// Probabilities are stored in place of logits.
    Probabilities {
        /// Whether their logarithms are stored.
        log: bool,
        /// Whether this head gives these probabilities.
        of_this_head: bool,
    },
    /// Each row of stored logits is that of the head plus a number that differs from row to row.
    RowsShifted,
    /// The stored logits have nothing to do with this head and these features.
    Unrelated {
        /// Correlation of stored and computed logits within classes.
        correlation: f64,
    },
    /// The stored logits are near those of the head, and nothing on the list explains the rest.
    Unexplained {
        /// Correlation of stored and computed logits within classes.
        correlation: f64,
    },
    /// Features and head differ in width, and no pooling or transposition explains it.
    OtherWidth {
        /// Width of the features.
        features: usize,
        /// Width of the head.
        head: usize,
    },
    /// Stored logits and head differ in the number of classes.
    OtherClasses {
        /// Width of the stored logits.
        stored: usize,
        /// Classes of the head.
        head: usize,
    },
    /// Nothing to compare with: no logits are stored.
    NoLogits,
}

/// How well stored and computed logits agree.
///
/// ```
/// use qualm_head::{Diagnosis, Rounding};
/// assert!(Diagnosis::Agrees(Rounding::Half).agrees());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the rounding of `f32`.
    Single,
    /// To the rounding of half precision (f16, bf16, TF32).
    Half,
}

/// In which way the bias is wrong.
///
/// ```
/// use qualm_head::{BiasFault, Diagnosis};
/// assert!(Diagnosis::Bias(BiasFault::Twice).to_string().contains("bias twice"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BiasFault {
    /// The head's bias is 0 and the stored logits contain one.
    MissingInHead,
    /// The stored logits are features times weight alone.
    MissingInLogits,
    /// The stored logits contain the head's bias twice.
    Twice,
    /// The stored logits contain another bias.
    Other,
}

impl Diagnosis {
    /// Whether the head is the one behind the stored logits.
    pub fn agrees(&self) -> bool {
        matches!(self, Self::Agrees(_))
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees(Rounding::Single) => {
                f.write_str("the stored logits are those of this head to single precision")
            }
            Self::Agrees(Rounding::Half) => f.write_str(
                "the stored logits are those of this head to half precision, in which the model or the files seem to be",
            ),
            Self::SomeRowsApart { first, rows } => write!(
                f,
                "{rows} rows do not agree with this head, the first of them row {first}, and the others do: rows of different models or runs seem to be mixed"
            ),
            Self::BeforeActivation(activation) => write!(
                f,
                "the features were taken before the activation {0}; apply {0} to the features or take them one step later",
                activation.name()
            ),
            Self::BeforePooling {
                positions,
                order,
                activation,
            } => {
                let order = match order {
                    Order::ChannelsFirst => "channels first",
                    Order::ChannelsLast => "channels last",
                };
                let activation = match activation {
                    Some(activation) => format!(" and before {}", activation.name()),
                    None => String::new(),
                };
                write!(
                    f,
                    "the features were taken before pooling{activation}: average them over {positions} positions ({order}), or take them one step later"
                )
            }
            Self::TransposedWeight => f.write_str(
                "the weight is stored transposed; write it as classes x features, row by row",
            ),
            Self::Bias(BiasFault::MissingInHead) => f.write_str(
                "the head's bias is zero, but the stored logits contain one; add the bias of the model's last layer to the head",
            ),
            Self::Bias(BiasFault::MissingInLogits) => f.write_str(
                "the stored logits lack the head's bias; add it to them, or set it to zero if the model has none",
            ),
            Self::Bias(BiasFault::Twice) => f.write_str(
                "the stored logits contain the head's bias twice; take it away from them once",
            ),
            Self::Bias(BiasFault::Other) => f.write_str(
                "the stored logits differ from this head's by a constant for each class; take the bias from the same checkpoint as the weight",
            ),
            Self::Scaled { factor } => write!(
                f,
                "the stored logits are this head's times {factor:.4}, as after a temperature of {:.4}; store them as they leave the last layer",
                1.0 / factor
            ),
            Self::Permuted {
                moved,
                stored,
                head,
            } => write!(
                f,
                "{moved} classes stand in another order: column {stored} of the stored logits is row {head} of the head; bring both into the order of the labels"
            ),
            Self::Probabilities { log, of_this_head } => {
                let what = if *log {
                    "logarithms of softmax probabilities"
                } else {
                    "softmax probabilities"
                };
                let whose = if *of_this_head {
                    "of this head"
                } else {
                    "(not of this head)"
                };
                write!(
                    f,
                    "what is stored as logits are {what} {whose}; store the numbers before the softmax"
                )
            }
            Self::RowsShifted => f.write_str(
                "each row of stored logits is this head's plus a constant of its own, which changes no prediction but every energy; store them as they leave the last layer",
            ),
            Self::Unrelated { correlation } => write!(
                f,
                "the stored logits have little to do with this head (correlation {correlation:.2}): features, logits and head are not of the same checkpoint, or rows are in another order"
            ),
            Self::Unexplained { correlation } => write!(
                f,
                "the stored logits are only near this head's (correlation {correlation:.2}): perhaps another epoch of the same model, or dropout was on in one of two runs"
            ),
            Self::OtherWidth { features, head } => {
                write!(
                    f,
                    "features have width {features} and the head takes {head}"
                )?;
                if *head > 0 && features > head && features.is_multiple_of(*head) {
                    write!(
                        f,
                        ", {} times less: perhaps they were taken before a pooling over that many positions",
                        features / head
                    )
                } else {
                    f.write_str(": they are not of the same layer")
                }
            }
            Self::OtherClasses { stored, head } => write!(
                f,
                "{stored} logits are stored a row and the head gives {head}: they are not of the same model"
            ),
            Self::NoLogits => f.write_str(
                "no logits are stored to compare this head's with; only its accuracy on labelled rows can speak for it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_that_divide_suggest_pooling() {
        let text = |features, head| Diagnosis::OtherWidth { features, head }.to_string();
        assert!(text(62_720, 1280).contains("pooling over that many positions"));
        assert!(text(62_720, 1280).contains("49 times less"));
        assert!(text(1000, 1280).contains("not of the same layer"));
    }
}
