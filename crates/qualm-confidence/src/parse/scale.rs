//! Scales on which numbers without a unit stand.

use std::fmt;
use std::str::FromStr;

/// From which number to which a confidence goes, as in `0-100`.
///
/// ```
/// use qualm_confidence::parse::Scale;
///
/// let stars: Scale = "1-5".parse().unwrap();
/// assert_eq!(stars.share(4.0), Some(0.75));
/// assert_eq!(stars.share(6.0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    lo: f64,
    hi: f64,
}

impl Scale {
    /// 0 to 100.
    pub const PERCENT: Scale = Scale { lo: 0.0, hi: 100.0 };
    /// 0 to 1.
    pub const UNIT: Scale = Scale { lo: 0.0, hi: 1.0 };

    /// From `lo` to `hi`, where `lo` is the smaller.
    #[must_use]
    pub fn new(lo: f64, hi: f64) -> Option<Scale> {
        (lo.is_finite() && hi.is_finite() && lo < hi).then_some(Scale { lo, hi })
    }

    /// How far along the scale a number stands, from 0 to 1; none where the scale does not reach.
    #[must_use]
    pub fn share(&self, number: f64) -> Option<f64> {
        (self.lo..=self.hi)
            .contains(&number)
            .then(|| (number - self.lo) / (self.hi - self.lo))
    }

    pub(super) fn hi(&self) -> f64 {
        self.hi
    }

    pub(super) fn starts_at_zero(&self) -> bool {
        self.lo == 0.0
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Scale, String> {
        let ends = text.split_once('-').and_then(|(lo, hi)| {
            let (lo, hi) = (lo.trim().parse().ok()?, hi.trim().parse().ok()?);
            Scale::new(lo, hi)
        });
        ends.ok_or_else(|| format!("{text:?} is no scale; write 0-1, 0-100 or 1-5"))
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.lo, self.hi)
    }
}
