//! A number with the range it may lie in.

/// An estimate and the two ends of its confidence interval, all in the unit of the estimate.
///
/// ```
/// use qualm_stats::Interval;
///
/// let auroc = Interval { value: 0.912, lo: 0.884, hi: 0.935 };
/// let cell = format!("{:.3} [{:.3}, {:.3}]", auroc.value, auroc.lo, auroc.hi);
/// assert_eq!(cell, "0.912 [0.884, 0.935]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate from all rows.
    pub value: f64,
    /// The lower end.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}
