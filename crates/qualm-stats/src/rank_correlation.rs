//! Do two scores put the same rows in the same order?

use crate::error::{Sample, StatsError, check_scores};

/// Spearman's rank correlation of two scores of the same rows, in `[-1, 1]`: the correlation
/// of their ranks, tied rows sharing the average of their ranks.
///
/// Exact sums over whole numbers, so 1 and -1 mean "the same order" and "the reverse order".
///
/// # Errors
/// [`StatsError::LengthMismatch`] if the lists differ in length, [`StatsError::TooFewRows`]
/// below two rows, [`StatsError::NotANumber`], and [`StatsError::Constant`] if all values of a
/// list are the same.
///
/// ```
/// use qualm_stats::rank_correlation::spearman;
///
/// assert_eq!(spearman(&[1.0, 2.0, 3.0], &[10.0, 100.0, 1e6])?, 1.0);
/// assert_eq!(spearman(&[1.0, 2.0, 3.0], &[5.0, 4.0, 3.0])?, -1.0);
/// # Ok::<(), qualm_stats::StatsError>(())
/// ```
pub fn spearman(a: &[f64], b: &[f64]) -> Result<f64, StatsError> {
    if a.len() != b.len() {
        return Err(StatsError::LengthMismatch {
            first: a.len(),
            second: b.len(),
        });
    }
    let ranks_a = varied_ranks(Sample::First, a)?;
    let ranks_b = varied_ranks(Sample::Second, b)?;
    let product = |left: &[i64], right: &[i64]| -> f64 {
        let sum: i128 = left
            .iter()
            .zip(right)
            .map(|(&left, &right)| i128::from(left) * i128::from(right))
            .sum();
        sum as f64
    };
    // The root of one product, not the product of two roots: the root of a square is exact.
    let scale = (product(&ranks_a, &ranks_a) * product(&ranks_b, &ranks_b)).sqrt();
    Ok((product(&ranks_a, &ranks_b) / scale).clamp(-1.0, 1.0))
}

/// The ranks of a list that has at least two different values.
fn varied_ranks(which: Sample, values: &[f64]) -> Result<Vec<i64>, StatsError> {
    if values.len() < 2 {
        return Err(StatsError::TooFewRows {
            which,
            rows: values.len(),
            needed: 2,
        });
    }
    check_scores(which, values)?;
    let ranks = doubled_centred_ranks(values);
    if ranks.iter().all(|&rank| rank == 0) {
        return Err(StatsError::Constant { which });
    }
    Ok(ranks)
}

/// Twice the distance of each value's average rank from the middle rank.
fn doubled_centred_ranks(values: &[f64]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
    let mut ranks = vec![0; values.len()];
    let mut before = 0;
    // `==` ties the two zeros, which stand next to each other in the total order.
    for tied in order.chunk_by(|&left, &right| values[left] == values[right]) {
        // Ranks before + 1 ..= before + k average to before + (k + 1) / 2, the middle is
        // (rows + 1) / 2.
        let rank = (2 * before + tied.len()) as i64 - values.len() as i64;
        for &row in tied {
            ranks[row] = rank;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_average_rank() {
        // Ranks 1, 2.5, 2.5, 4 around 2.5, doubled.
        assert_eq!(
            doubled_centred_ranks(&[-7.0, 0.0, -0.0, f64::INFINITY]),
            [-3, 0, 0, 3]
        );
    }

    #[test]
    fn a_correlation_worked_by_hand() {
        // Centred ranks -1.5, 0, 0, 1.5 against 1.5, -.5, .5, -1.5 (ranks 4, 2, 3, 1).
        let rho = spearman(&[1.0, 2.0, 2.0, 3.0], &[9.0, 1.0, 2.0, 0.0]).unwrap();
        assert!((rho + 4.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn lists_without_a_correlation_are_refused() {
        let which = Sample::Second;
        assert_eq!(
            spearman(&[1.0, 2.0], &[3.0, 3.0]),
            Err(StatsError::Constant { which })
        );
        assert_eq!(
            spearman(&[1.0, 2.0], &[3.0, f64::NAN]),
            Err(StatsError::NotANumber { which, index: 1 })
        );
        assert_eq!(
            spearman(&[1.0], &[]),
            Err(StatsError::LengthMismatch {
                first: 1,
                second: 0
            })
        );
        assert_eq!(
            spearman(&[], &[]),
            Err(StatsError::TooFewRows {
                which: Sample::First,
                rows: 0,
                needed: 2
            })
        );
    }
}
