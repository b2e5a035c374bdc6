//! Do treatments differ that were tried on the same blocks? Tests on ranks.

use statrs::function::gamma::gamma_ur;

use crate::normal::normal_cdf;

/// Average ranks from 1, ties sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for alike in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = before as f64 + (alike.len() + 1) as f64 / 2.0;
        alike.iter().for_each(|&at| ranks[at] = shared);
        before += alike.len();
    }
    ranks
}

/// What Friedman's test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// Mean rank of each treatment, the least value having rank 1.
    pub mean_ranks: Vec<f64>,
    /// The statistic, about chi-squared with one degree of freedom fewer than treatments.
    pub statistic: f64,
    /// Its p-value by that approximation, which is rough below ten blocks.
    pub p_value: f64,
}

/// Friedman's test (1937), corrected for ties, of `blocks` in which each treatment has one value.
/// Nothing for fewer than two blocks or two treatments, blocks of differing lengths, values that
/// are NaN, or blocks that are all ties.
///
/// ```
/// use qualm_stats::matched::friedman;
/// let blocks = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [1.0, 2.0, 3.0]];
/// let found = friedman(&blocks).expect("four blocks of three");
/// assert_eq!(found.mean_ranks, [1.0, 2.25, 2.75]);
/// assert!((found.statistic - 6.5).abs() < 1e-12 && (found.p_value - 0.0387742).abs() < 1e-6);
/// ```
pub fn friedman<B: AsRef<[f64]>>(blocks: &[B]) -> Option<Friedman> {
    let treatments = blocks.first()?.as_ref().len();
    let whole = |block: &B| {
        block.as_ref().len() == treatments && !block.as_ref().iter().any(|v| v.is_nan())
    };
    if blocks.len() < 2 || treatments < 2 || !blocks.iter().all(whole) {
        return None;
    }
    let (n, k) = (blocks.len() as f64, treatments as f64);
    let mut sums = vec![0.0; treatments];
    let mut squares = 0.0;
    for block in blocks {
        for (sum, rank) in sums.iter_mut().zip(ranks(block.as_ref())) {
            *sum += rank;
            squares += rank * rank;
        }
    }
    // Conover's form, in which ties correct themselves through the squares of ranks.
    let even = n * k * (k + 1.0) * (k + 1.0) / 4.0;
    let between = sums.iter().map(|sum| sum * sum).sum::<f64>() / n - even;
    let within = squares - even;
    if within <= 0.0 {
        return None;
    }
    let statistic = (k - 1.0) * n * between / within;
    Some(Friedman {
        mean_ranks: sums.iter().map(|sum| sum / n).collect(),
        statistic,
        p_value: gamma_ur((k - 1.0) / 2.0, (statistic / 2.0).max(f64::MIN_POSITIVE)),
    })
}

/// Differences up to which every assignment of signs is counted.
const COUNTED: usize = 60;

/// Two-sided p-value of Wilcoxon's signed-rank test (1945) of paired differences; zeros are left
/// out. Up to 60 differences it is exact, over all signs that they could have had, ties and all;
/// beyond, by the normal approximation with the variance of the ranks as they are tied. 1 where no
/// difference is left, and nothing for NaN.
///
/// ```
/// use qualm_stats::matched::wilcoxon;
/// // All of one sign: 2 of 2^5 assignments are as extreme.
/// assert_eq!(wilcoxon(&[0.1, 0.2, 0.3, 0.4, 0.5]), Some(2.0 / 32.0));
/// assert_eq!(wilcoxon(&[1.0, -1.0]), Some(1.0));
/// ```
pub fn wilcoxon(differences: &[f64]) -> Option<f64> {
    let kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if kept.iter().any(|d| d.is_nan()) {
        return None;
    }
    let sizes: Vec<f64> = kept.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&sizes);
    let signed = ranks.iter().zip(&kept);
    let positive = signed.filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    Some(match kept.len() {
        0 => 1.0,
        n if n <= COUNTED => counted(&ranks, positive),
        _ => approximated(&ranks, positive),
    })
}

/// Share of assignments of signs whose sum of positive ranks is as far from the middle.
fn counted(ranks: &[f64], positive: f64) -> f64 {
    // Doubled, ranks are whole even where ties share them.
    let doubled = |rank: f64| (2.0 * rank) as usize;
    let total: usize = ranks.iter().copied().map(doubled).sum();
    // How many assignments give each sum.
    let mut ways = vec![0.0f64; total + 1];
    ways[0] = 1.0;
    for rank in ranks.iter().copied().map(doubled) {
        for sum in (rank..=total).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let extreme = doubled(positive).min(total - doubled(positive));
    let tail: f64 = ways[..=extreme].iter().sum();
    (2.0 * tail / 2f64.powi(ranks.len() as i32)).min(1.0)
}

/// Each rank counts or does not: the sum has mean half of all and variance a quarter of all squares.
fn approximated(ranks: &[f64], positive: f64) -> f64 {
    let mean = ranks.iter().sum::<f64>() / 2.0;
    let variance = ranks.iter().map(|rank| rank * rank).sum::<f64>() / 4.0;
    2.0 * normal_cdf(-(positive - mean).abs() / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn friedman_with_ties_by_hand() {
        // Ranks 1 2 3, 2.5 2.5 1, 1 2.5 2.5, 3 1 2: sums 7.5, 8, 8.5. The plain statistic is
        // 12 / (4 * 3 * 4) * 192.5 - 3 * 4 * 4 = .125; ties divide it by 1 - 12 / 96.
        let blocks = [
            [1.0, 2.0, 3.0],
            [2.0, 2.0, 1.0],
            [2.0, 3.0, 3.0],
            [3.0, 1.0, 2.0],
        ];
        let found = friedman(&blocks).expect("four blocks");
        assert_eq!(found.mean_ranks, [1.875, 2.0, 2.125]);
        assert!((found.statistic - 0.125 / 0.875).abs() < 1e-12);
        assert!(friedman(&[[1.0, 1.0], [2.0, 2.0]]).is_none());
    }

    #[test]
    fn wilcoxon_counts_every_sign() {
        // Ranks 1.5, 1.5, 3 with signs +, -, +: sums of positive ranks 0, 1.5 (twice), 3 (twice),
        // 4.5 (twice), 6; 4.5 is as extreme as 1.5.
        assert_eq!(wilcoxon(&[1.0, -1.0, 2.0]), Some(2.0 * 3.0 / 8.0));
        assert_eq!(wilcoxon(&[0.0, 0.0]), Some(1.0));
        assert_eq!(wilcoxon(&[f64::NAN]), None);
    }

    #[test]
    fn published_and_scipy_values() {
        // Hollander and Wolfe's depression scale, before and after treatment: p = .0391 (1973).
        #[expect(clippy::approx_constant, reason = "3.14 is a score of the scale")]
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let paired = before.iter().zip(after).map(|(b, a)| b - a);
        assert_eq!(wilcoxon(&paired.collect::<Vec<_>>()), Some(0.0390625));
        // Eighty differences, one of them 0, with ties: scipy 1.17, method="approx".
        let many = (1..=80).map(|i| f64::from((i * 37) % 101 - 40) / 10.0);
        let p = wilcoxon(&many.collect::<Vec<_>>()).expect("numbers");
        assert!((p - 0.004_025_721_660_402_369).abs() < 1e-14, "{p}");
        // Four treatments over five blocks: scipy 1.17, friedmanchisquare.
        let blocks = [
            [7.0, 5.3, 4.9, 8.8],
            [9.9, 5.7, 7.6, 8.9],
            [8.5, 4.7, 5.5, 8.1],
            [5.1, 3.5, 2.8, 3.3],
            [10.3, 7.7, 8.4, 9.1],
        ];
        let found = friedman(&blocks).expect("five blocks");
        assert!((found.statistic - 10.68).abs() < 1e-12);
        assert!((found.p_value - 0.013_588_272_958).abs() < 1e-9);
    }

    #[test]
    fn the_approximation_meets_the_count() {
        let values: Vec<f64> = (1..=60).map(|i| f64::from((i * 37) % 101 - 45)).collect();
        let kept: Vec<f64> = values.into_iter().filter(|d| *d != 0.0).collect();
        let ranks = ranks(&kept.iter().map(|d| d.abs()).collect::<Vec<_>>());
        let signed = ranks.iter().zip(&kept);
        let positive: f64 = signed.filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
        let (exact, close) = (counted(&ranks, positive), approximated(&ranks, positive));
        assert!(
            exact < 0.9 && (exact - close).abs() < 0.01,
            "{exact} {close}"
        );
    }
}
