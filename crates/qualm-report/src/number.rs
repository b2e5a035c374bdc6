//! Numbers as people read them.

use std::fmt;

use crate::model::Cell;

/// Beyond this, digits before the point say more about the format than about
/// the number, and an exponent is shorter.
const LARGEST_PLAIN: f64 = 1e15;

/// A number with a fixed count of decimals; `NaN`, `inf` and `-inf` by name,
/// never `-0.00`.
pub(crate) fn fixed(value: f64, decimals: u8) -> String {
    if value.is_finite() && value.abs() >= LARGEST_PLAIN {
        return format!("{value:.*e}", usize::from(decimals));
    }
    let text = format!("{value:.*}", usize::from(decimals));
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        _ => text,
    }
}

/// A p-value with three decimals, or the bound that it lies beyond.
fn p_value(p: f64) -> String {
    if (0.0..0.0005).contains(&p) {
        "<0.001".into()
    } else if (0.9995..1.0).contains(&p) {
        ">0.999".into()
    } else {
        fixed(p, 3)
    }
}

/// A share in percent with enough digits that a share above zero never reads
/// as zero.
pub(crate) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0001 {
        "<0.01 %".into()
    } else if share < 0.01 {
        format!("{} %", fixed(share * 100.0, 2))
    } else {
        format!("{} %", fixed(share * 100.0, 1))
    }
}

impl Cell {
    /// The estimate as it is shown, without the interval.
    pub(crate) fn figure(&self) -> Option<String> {
        match self.plain() {
            Self::Number { value, decimals }
            | Self::Interval {
                value, decimals, ..
            } => Some(fixed(*value, *decimals)),
            Self::PValue(p) => Some(p_value(*p)),
            Self::Text(_) | Self::Missing | Self::Strong(_) => None,
        }
    }

    /// The interval as it is shown.
    pub(crate) fn bounds(&self) -> Option<String> {
        match self.plain() {
            Self::Interval {
                lo, hi, decimals, ..
            } => Some(format!(
                "[{}, {}]",
                fixed(*lo, *decimals),
                fixed(*hi, *decimals)
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.plain(), self.figure(), self.bounds()) {
            (Self::Text(text), ..) => f.pad(text),
            (_, Some(figure), Some(bounds)) => f.pad(&format!("{figure} {bounds}")),
            (_, Some(figure), None) => f.pad(&figure),
            (_, None, _) => f.pad("–"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_leaves_a_minus_before_zero() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(fixed(-0.0, 0), "0");
        assert_eq!(fixed(-0.0006, 3), "-0.001");
    }

    #[test]
    fn extremes_have_a_short_form() {
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert_eq!(fixed(f64::NEG_INFINITY, 2), "-inf");
        assert_eq!(fixed(1.25e300, 2), "1.25e300");
        assert_eq!(fixed(123_456.789, 1), "123456.8");
    }

    #[test]
    fn p_values_say_which_bound_they_pass() {
        for (p, shown) in [
            (0.0, "<0.001"),
            (0.000_49, "<0.001"),
            (0.0005, "0.001"),
            (0.0123, "0.012"),
            (0.9996, ">0.999"),
            (1.0, "1.000"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Cell::PValue(p).to_string(), shown, "{p}");
        }
    }

    #[test]
    fn small_shares_stay_visible() {
        assert_eq!(percent(0.0), "0.00 %");
        assert_eq!(percent(0.000_01), "<0.01 %");
        assert_eq!(percent(0.002), "0.20 %");
        assert_eq!(percent(0.25), "25.0 %");
    }

    #[test]
    fn cells_pad_like_strings() {
        assert_eq!(format!("{:>6}", Cell::number(0.5, 2)), "  0.50");
        assert_eq!(
            Cell::interval(0.5, -0.00001, 1.0, 2).to_string(),
            "0.50 [0.00, 1.00]"
        );
    }
}
