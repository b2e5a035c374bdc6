//! Confidence intervals and paired tests for AUROC without resampling (DeLong, DeLong and
//! Clarke-Pearson 1988).
//!
//! The placement of an OOD row is the share of ID rows below it, ties counting half; AUROC is
//! the mean placement. Its variance is that of the mean placement of OOD rows plus that of ID
//! rows, and the variance of a difference of two AUROCs on the same rows comes from the
//! differences of their placements, row by row.
//!
//! By definition placements take n * m comparisons. Sun and Xu (2014) get them in
//! O((n + m) log(n + m)) from midranks: the midrank of a row among all rows less its midrank
//! in its own class. That difference is a count of rows of the other class, and is found here
//! as one, by binary search in the sorted other class. Doubled it is a whole number, so AUROC
//! and "these two detectors rank alike" are exact.
//!
//! Like the bootstrap, this answers for the choice of test rows and assumes them independent.

use libm::erfc;
use statrs::function::erf::erfc_inv;

use crate::error::{Sample, StatsError, check_level, check_scores};
use crate::interval::Interval;
use crate::ranking::sorted;

/// AUROC with DeLong's interval: the plain Wald interval `auroc ± z * standard error`, its
/// ends clipped to `[0, 1]`.
///
/// Scores are outlier scores: higher means more like OOD. Where the classes are perfectly
/// apart the standard error is 0 and the interval a point, which claims too much.
///
/// # Errors
/// [`StatsError::BadLevel`] unless `level` is strictly between 0 and 1,
/// [`StatsError::TooFewRows`] below two rows in a class, [`StatsError::EmptyClass`],
/// [`StatsError::NotANumber`].
///
/// ```
/// use qualm_stats::delong::auroc_interval;
///
/// let auroc = auroc_interval(&[0.1, 0.2, 0.6, 0.3], &[0.5, 0.8, 0.9], 0.95)?;
/// assert_eq!(auroc.value, 11.0 / 12.0);
/// assert_eq!(auroc.hi, 1.0);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
pub fn auroc_interval(id: &[f64], ood: &[f64], level: f64) -> Result<Interval, StatsError> {
    check_level(level)?;
    let placements = Placements::new(id, ood)?;
    let value = placements.mean();
    // The two-sided normal quantile: |Z| stays below it with probability `level`.
    let z = std::f64::consts::SQRT_2 * erfc_inv(1.0 - level);
    let reach = z * placements.standard_error();
    Ok(Interval {
        value,
        lo: (value - reach).max(0.0),
        hi: (value + reach).min(1.0),
    })
}

/// The outcome of [`paired_delong`].
///
/// ```
/// use qualm_stats::delong::paired_delong;
///
/// // The second detector is the first on another scale, so no row changes its place.
/// let test = paired_delong(&[1., 2., 4.], &[3., 5.], &[10., 20., 40.], &[30., 50.])?;
/// assert_eq!((test.difference, test.standard_error), (0.0, 0.0));
/// assert_eq!((test.z, test.p_value), (0.0, 1.0));
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDelong {
    /// AUROC of the first detector.
    pub auroc_a: f64,
    /// AUROC of the second detector.
    pub auroc_b: f64,
    /// `auroc_a - auroc_b`.
    pub difference: f64,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// `difference / standard_error`; 0 or infinite where the standard error is 0.
    pub z: f64,
    /// The two-sided p-value of "both detectors have the same AUROC".
    pub p_value: f64,
}

/// Tests whether two detectors differ in AUROC on the same rows.
///
/// `id_a` and `id_b` are the scores that the two detectors give to the same in-distribution
/// rows in the same order; likewise `ood_a` and `ood_b`. Scores are outlier scores; the two
/// detectors' scales need not agree.
///
/// With a standard error of 0 there is no normal law to compare with. If the difference is 0
/// too (both detectors place every row alike) the p-value is 1; if it is not (every row's
/// placement differs by the same amount, such as perfect separation against all ties) the
/// p-value is 0: resampling these rows would never change the difference.
///
/// # Errors
/// [`StatsError::LengthMismatch`] if the lists of a class differ in length,
/// [`StatsError::TooFewRows`] below two rows in a class, [`StatsError::EmptyClass`],
/// [`StatsError::NotANumber`].
///
/// ```
/// use qualm_stats::delong::paired_delong;
///
/// // Three ID and two OOD rows, scored by two detectors.
/// let test = paired_delong(&[1., 2., 4.], &[3., 5.], &[1., 2., 3.], &[4., 5.])?;
/// assert_eq!((test.auroc_a, test.auroc_b), (5.0 / 6.0, 1.0));
/// assert!(test.p_value > 0.3, "five rows prove nothing");
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
pub fn paired_delong(
    id_a: &[f64],
    ood_a: &[f64],
    id_b: &[f64],
    ood_b: &[f64],
) -> Result<PairedDelong, StatsError> {
    check_same_length(id_a, id_b)?;
    check_same_length(ood_a, ood_b)?;
    let a = Placements::new(id_a, ood_a)?;
    let b = Placements::new(id_b, ood_b)?;
    let gap = a.minus(&b);
    let difference = gap.mean();
    let standard_error = gap.standard_error();
    let z = if difference == 0.0 {
        0.0
    } else {
        difference / standard_error
    };
    Ok(PairedDelong {
        auroc_a: a.mean(),
        auroc_b: b.mean(),
        difference,
        standard_error,
        z,
        p_value: erfc(z.abs() / std::f64::consts::SQRT_2),
    })
}

/// For each row of a class, twice the number of rows of the other class below it plus the
/// number tied with it; or the differences of two such.
struct Placements {
    id: Vec<i64>,
    ood: Vec<i64>,
}

impl Placements {
    fn new(id: &[f64], ood: &[f64]) -> Result<Placements, StatsError> {
        check_class(Sample::InDistribution, id)?;
        check_class(Sample::OutOfDistribution, ood)?;
        Ok(Placements {
            id: doubled_placements(id, &sorted(ood)),
            ood: doubled_placements(ood, &sorted(id)),
        })
    }

    fn minus(&self, other: &Placements) -> Placements {
        let minus = |left: &[i64], right: &[i64]| {
            left.iter()
                .zip(right)
                .map(|(left, right)| left - right)
                .collect()
        };
        Placements {
            id: minus(&self.id, &other.id),
            ood: minus(&self.ood, &other.ood),
        }
    }

    /// AUROC, or the difference of two: whole counts and one division.
    fn mean(&self) -> f64 {
        total(&self.ood) as f64 / (2 * self.id.len() as u128 * self.ood.len() as u128) as f64
    }

    fn standard_error(&self) -> f64 {
        // A placement is a share of the other class; it was left doubled and undivided.
        let of_ood = variance_of_mean(&self.ood) / square(2.0 * self.id.len() as f64);
        let of_id = variance_of_mean(&self.id) / square(2.0 * self.ood.len() as f64);
        (of_ood + of_id).sqrt()
    }
}

fn doubled_placements(rows: &[f64], others_sorted: &[f64]) -> Vec<i64> {
    rows.iter()
        .map(|row| {
            let below = others_sorted.partition_point(|other| other < row);
            let up_to = others_sorted.partition_point(|other| other <= row);
            (below + up_to) as i64
        })
        .collect()
}

fn total(values: &[i64]) -> i128 {
    values.iter().map(|&value| i128::from(value)).sum()
}

/// The unbiased variance of `values` over their number; exactly 0 if they are all equal.
fn variance_of_mean(values: &[i64]) -> f64 {
    let rows = values.len() as f64;
    let mean = total(values) as f64 / rows;
    let squares: f64 = values
        .iter()
        .map(|&value| square(value as f64 - mean))
        .sum();
    squares / (rows - 1.0) / rows
}

fn square(value: f64) -> f64 {
    value * value
}

fn check_class(which: Sample, scores: &[f64]) -> Result<(), StatsError> {
    check_scores(which, scores)?;
    if scores.len() < 2 {
        return Err(StatsError::TooFewRows {
            which,
            rows: scores.len(),
            needed: 2,
        });
    }
    Ok(())
}

fn check_same_length(first: &[f64], second: &[f64]) -> Result<(), StatsError> {
    if first.len() != second.len() {
        return Err(StatsError::LengthMismatch {
            first: first.len(),
            second: second.len(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-14, "{left} is not {right}");
    }

    #[test]
    fn one_auroc_worked_by_hand() {
        // Placements of OOD 2, 4 among ID 1, 2, 3: (1 + 1/2) / 3 = 1/2 and 1.
        // Placements of ID 1, 2, 3 (share of OOD above): 1, 3/4, 1/2.
        let interval = auroc_interval(&[1.0, 2.0, 3.0], &[2.0, 4.0], 0.5).unwrap();
        assert_eq!(interval.value, 0.75);
        // Variances 1/8 over 2 rows and 1/16 over 3 rows.
        let standard_error = (1.0_f64 / 16.0 + 1.0 / 48.0).sqrt();
        // Half of a normal law lies within 0.6745 standard deviations.
        let z = 0.674_489_750_196_081_7;
        assert_close(interval.lo, 0.75 - z * standard_error);
        assert_close(interval.hi, 0.75 + z * standard_error);
    }

    #[test]
    fn a_paired_test_worked_by_hand() {
        // b separates the classes: its OOD placements are 1, 1 and its ID placements 1, 1, 1.
        let test = paired_delong(&[1.0, 2.0, 3.0], &[2.0, 4.0], &[0.0; 3], &[1.0; 2]).unwrap();
        assert_eq!((test.auroc_a, test.auroc_b), (0.75, 1.0));
        assert_eq!(test.difference, -0.25);
        // The differences are those of a, shifted, so the standard error is that of a.
        let standard_error = (1.0_f64 / 16.0 + 1.0 / 48.0).sqrt();
        assert_close(test.standard_error, standard_error);
        assert_close(test.z, -0.25 / standard_error);
        // 2 * (1 - Phi(sqrt(3 / 4))).
        assert_close(test.p_value, 0.386_476_230_771_232_65);
    }

    #[test]
    fn a_detector_does_not_differ_from_a_monotone_map_of_itself() {
        let (id, ood) = ([0.1, 0.7, 0.3], [0.7, 0.9]);
        let exp = |scores: &[f64]| scores.iter().map(|score| score.exp()).collect::<Vec<_>>();
        let test = paired_delong(&id, &ood, &exp(&id), &exp(&ood)).unwrap();
        assert_eq!((test.difference, test.standard_error), (0.0, 0.0));
        assert_eq!((test.z, test.p_value), (0.0, 1.0));
    }

    #[test]
    fn a_difference_that_resampling_cannot_change_is_certain() {
        let test = paired_delong(&[0.0; 3], &[1.0; 3], &[5.0; 3], &[5.0; 3]).unwrap();
        assert_eq!((test.auroc_a, test.auroc_b), (1.0, 0.5));
        assert_eq!((test.standard_error, test.p_value), (0.0, 0.0));
        assert_eq!(test.z, f64::INFINITY);
    }

    #[test]
    fn under_no_difference_small_p_values_are_as_rare_as_they_say() {
        use crate::random::Stream;
        let rejected = (0..1_000)
            .filter(|&repetition| {
                let mut stream = Stream::new(21, repetition);
                // A quality that both detectors see, each with its own noise.
                let mut scored = |mean: f64| -> (Vec<f64>, Vec<f64>) {
                    (0..60)
                        .map(|_| {
                            let shared = mean + stream.normal();
                            (shared + stream.normal(), shared + stream.normal())
                        })
                        .unzip()
                };
                let (id_a, id_b) = scored(0.0);
                let (ood_a, ood_b) = scored(1.5);
                let test = paired_delong(&id_a, &ood_a, &id_b, &ood_b).unwrap();
                test.p_value <= 0.1
            })
            .count();
        // 100 by the book; 4 standard deviations are 38.
        assert!(rejected.abs_diff(100) < 38, "{rejected} of 1000");
    }

    #[test]
    fn what_cannot_be_paired_or_estimated_is_refused() {
        assert_eq!(
            paired_delong(&[1.0, 2.0], &[3.0, 4.0], &[1.0, 2.0], &[3.0]),
            Err(StatsError::LengthMismatch {
                first: 2,
                second: 1
            })
        );
        assert_eq!(
            auroc_interval(&[1.0, 2.0], &[3.0], 0.95),
            Err(StatsError::TooFewRows {
                which: Sample::OutOfDistribution,
                rows: 1,
                needed: 2
            })
        );
        assert_eq!(
            auroc_interval(&[1.0, 2.0], &[3.0, 4.0], 95.0),
            Err(StatsError::BadLevel { level: 95.0 })
        );
        assert_eq!(
            auroc_interval(&[1.0, 2.0], &[], 0.95),
            Err(StatsError::EmptyClass {
                which: Sample::OutOfDistribution
            })
        );
    }
}
