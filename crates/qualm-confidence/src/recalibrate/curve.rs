//! A non-decreasing curve through knots.

use serde::{Deserialize, Serialize};

/// Straight lines between knots, constant before the first and behind the last.
///
/// ```
/// use qualm_confidence::recalibrate::Curve;
///
/// let curve: Curve = serde_json::from_str(r#"{"from": [0.25, 0.75], "to": [0.0, 1.0]}"#)?;
/// assert_eq!([0.0, 0.5, 0.9].map(|c| curve.apply(c)), [0.0, 0.5, 1.0]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Curve {
    /// Strictly ascending, not empty.
    from: Vec<f64>,
    /// Not descending, between 0 and 1, one for each of `from`.
    to: Vec<f64>,
}

impl Curve {
    /// A curve through knots `(from, to)`, where they are as a file's must be.
    pub(crate) fn through(knots: Vec<(f64, f64)>) -> Result<Curve, String> {
        let (from, to) = knots.into_iter().unzip();
        Written { from, to }.try_into()
    }

    /// The value at `confidence`.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        let after = self.from.partition_point(|&x| x < confidence);
        let Some(&right) = self.from.get(after) else {
            return self.to[after - 1];
        };
        if after == 0 || right == confidence {
            return self.to[after];
        }
        let (left, low, high) = (self.from[after - 1], self.to[after - 1], self.to[after]);
        let share = (confidence - left) / (right - left);
        // Rounding must not carry it beyond the knots.
        (low + share * (high - low)).clamp(low, high)
    }

    /// The knots, ascending.
    pub fn knots(&self) -> impl Iterator<Item = (f64, f64)> {
        self.from.iter().copied().zip(self.to.iter().copied())
    }
}

/// What stands in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    from: Vec<f64>,
    to: Vec<f64>,
}

impl TryFrom<Written> for Curve {
    type Error = String;

    fn try_from(Written { from, to }: Written) -> Result<Curve, String> {
        if from.is_empty() || from.len() != to.len() {
            return Err("a curve needs as many values `to` as `from`, and at least one".to_owned());
        }
        let confidences = from.iter().chain(&to);
        if !confidences.into_iter().all(|x| (0.0..=1.0).contains(x)) {
            return Err("a knot of the curve is not between 0 and 1".to_owned());
        }
        if !from.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err("the values `from` of the curve do not ascend".to_owned());
        }
        if !to.windows(2).all(|pair| pair[0] <= pair[1]) {
            return Err("the values `to` of the curve descend".to_owned());
        }
        Ok(Curve { from, to })
    }
}

impl From<Curve> for Written {
    fn from(Curve { from, to }: Curve) -> Written {
        Written { from, to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_before_and_behind_the_knots() {
        let curve = Curve::through(vec![(0.125, 0.25), (0.25, 0.25), (0.5, 0.75)]).unwrap();
        let values = [0.0, 0.125, 0.2, 0.25, 0.375, 0.5, 1.0].map(|c| curve.apply(c));
        assert_eq!(values, [0.25, 0.25, 0.25, 0.25, 0.5, 0.75, 0.75]);
        assert!(curve.apply(f64::NAN).is_finite());
    }

    #[test]
    fn knots_that_are_no_curve_are_refused() {
        for knots in [
            vec![],
            vec![(0.1, 0.2), (0.1, 0.3)],
            vec![(0.1, 0.2), (0.2, 0.1)],
            vec![(0.1, 1.2)],
            vec![(f64::NAN, 0.2)],
        ] {
            assert!(Curve::through(knots.clone()).is_err(), "{knots:?}");
        }
    }
}
