//! Flagging many rows at once: controlling the share of flags that are wrong.

/// Flags rows so that, on average, at most a share `q` of the flags is false (Benjamini and
/// Hochberg 1995): with the p-values sorted, the largest `i` with `p_(i) <= i * q / n` is
/// found, and every row with `p <= p_(i)` flagged.
///
/// The flags are in the order of `p_values`. A NaN p-value is never flagged but counts as a
/// row. A level of 5 % per row promises 50 false flags in 1000 harmless rows however few rows
/// are really out of distribution; this promises that most of the flags are right.
///
/// The promise holds for independent p-values and for the conformal p-values of one batch
/// against one common [`Reference`](crate::conformal::Reference), which depend on each other
/// in a way that does no harm (Bates et al. 2023, "Testing for outliers with conformal
/// p-values").
///
/// ```
/// use qualm_stats::false_discovery::benjamini_hochberg;
///
/// let p_values = [0.01, 0.6, 0.03, 0.04, 0.9];
/// // 0.04 > 3 * 0.06 / 5 and 0.03 > 2 * 0.06 / 5, but 0.01 <= 1 * 0.06 / 5.
/// assert_eq!(benjamini_hochberg(&p_values, 0.06), [true, false, false, false, false]);
/// // 0.04 <= 3 * 0.08 / 5 carries the two smaller ones with it.
/// assert_eq!(benjamini_hochberg(&p_values, 0.08), [true, false, true, true, false]);
/// ```
pub fn benjamini_hochberg(p_values: &[f64], q: f64) -> Vec<bool> {
    let rows = p_values.len() as f64;
    let mut sorted = p_values.to_vec();
    sorted.retain(|p| !p.is_nan());
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted
        .iter()
        .enumerate()
        .filter(|&(below, &p)| p <= (below + 1) as f64 * q / rows)
        .map(|(_, &p)| p)
        .next_back();
    p_values
        .iter()
        .map(|&p| cut.is_some_and(|cut| p <= cut))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn nothing_small_nothing_flagged() {
        assert_eq!(benjamini_hochberg(&[], 0.1), [false; 0]);
        assert_eq!(benjamini_hochberg(&[0.9, 0.4], 0.1), [false, false]);
        assert_eq!(benjamini_hochberg(&[0.001], f64::NAN), [false]);
    }

    #[test]
    fn nan_is_a_row_but_never_a_flag() {
        assert_eq!(benjamini_hochberg(&[0.05], 0.05), [true]);
        assert_eq!(benjamini_hochberg(&[0.05, f64::NAN], 0.05), [false, false]);
        assert_eq!(benjamini_hochberg(&[0.025, f64::NAN], 0.05), [true, false]);
    }

    #[test]
    fn the_false_share_of_flags_is_kept() {
        let (harmless, real, q) = (80, 20, 0.2);
        let mut false_share = 0.0;
        for repetition in 0..400 {
            let mut stream = Stream::new(31, repetition);
            let p_values: Vec<f64> = (0..harmless + real)
                .map(|row| stream.unit() * if row < harmless { 1.0 } else { 1e-3 })
                .collect();
            let flags = benjamini_hochberg(&p_values, q);
            let flagged = flags.iter().filter(|&&flag| flag).count();
            let wrong = flags[..harmless].iter().filter(|&&flag| flag).count();
            false_share += wrong as f64 / flagged.max(1) as f64 / 400.0;
        }
        // For independent p-values the expected share is exactly q * harmless / all.
        assert!((false_share - 0.16).abs() < 0.02, "{false_share}");
    }
}
