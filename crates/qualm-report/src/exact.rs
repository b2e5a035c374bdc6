//! Numbers in JSON: every finite one exact, every other by name.
//!
//! JSON has no word for `NaN` or infinity. `null` would make them look like
//! missing values, so they become the strings `"NaN"`, `"inf"` and `"-inf"`.

use serde::{Serialize, Serializer};

/// A number in JSON.
pub(crate) struct Exact(pub(crate) f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(&self.0, serializer)
    }
}

/// Serialises one number.
pub(crate) fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.collect_str(value)
    }
}

/// Serialises a list of numbers.
pub(crate) fn numbers<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|&value| Exact(value)))
}

/// Serialises points as pairs.
pub(crate) fn points<S: Serializer>(
    points: &[(f64, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(points.iter().map(|&(x, y)| (Exact(x), Exact(y))))
}

/// Serialises ranges along an axis as triples.
pub(crate) fn ranges<S: Serializer>(
    ranges: &[(f64, f64, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        ranges
            .iter()
            .map(|&(x, lo, hi)| (Exact(x), Exact(lo), Exact(hi))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finite_numbers_are_exact_and_others_named() {
        let json = |value| serde_json::to_string(&Exact(value)).unwrap();
        assert_eq!(json(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(json(f64::NAN), "\"NaN\"");
        assert_eq!(json(f64::INFINITY), "\"inf\"");
        assert_eq!(json(f64::NEG_INFINITY), "\"-inf\"");
    }
}
