use serde::{Deserialize, Serialize};

/// Expected values of the best of n, for one n.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestOfN {
    /// Designs that the best is taken of.
    pub n: usize,
    /// Expected proxy value of the proxy's best.
    pub proxy: f64,
    /// Expected truth of the proxy's best.
    pub truth: f64,
}

/// Kullback-Leibler divergence of the best of n from one draw: ln n - (n - 1) / n (Stiennon et al.,
/// NeurIPS 2020).
pub fn divergence(n: usize) -> f64 {
    let n = n as f64;
    n.ln() - (n - 1.0) / n
}

/// Expected proxy value and truth of the design that the proxy likes best among n, over all subsets
/// of n of a pool: the unbiased estimator of Nakano et al. (2021), from one pool for every n.
///
/// With the pool in the order of the proxy, the i-th of N is the best of C(i - 1, n - 1) subsets of
/// C(N, n). Designs that the proxy values alike are each as likely to be taken.
///
/// # Panics
/// When lengths differ, or n is 0 or larger than the pool.
pub fn best_of_n(proxy: &[f64], truth: &[f64], n: usize) -> BestOfN {
    let pool = proxy.len();
    assert_eq!(
        pool,
        truth.len(),
        "each design has a proxy value and a truth"
    );
    assert!(
        (1..=pool).contains(&n),
        "n is at least 1 and at most the pool"
    );
    let mut order: Vec<usize> = (0..pool).collect();
    order.sort_by(|&a, &b| proxy[b].total_cmp(&proxy[a]));
    // Weight of the best, then down: w_{i-1} = w_i (i - n) / (i - 1).
    let mut weight = n as f64 / pool as f64;
    let mut expected = BestOfN {
        n,
        proxy: 0.0,
        truth: 0.0,
    };
    let mut rank = pool;
    for alike in order.chunk_by(|&a, &b| proxy[a] == proxy[b]) {
        let mut of_all = 0.0;
        for _ in alike {
            of_all += weight;
            weight *= rank.saturating_sub(n) as f64 / (rank - 1).max(1) as f64;
            rank -= 1;
        }
        expected.proxy += of_all * proxy[alike[0]];
        let mean = alike.iter().map(|&at| truth[at]).sum::<f64>() / alike.len() as f64;
        expected.truth += of_all * mean;
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All subsets, each tie broken in every way.
    fn brute_force(proxy: &[f64], truth: &[f64], n: usize) -> (f64, f64) {
        let (mut p, mut f, mut subsets) = (0.0, 0.0, 0.0);
        for subset in 0u32..1 << proxy.len() {
            if subset.count_ones() as usize == n {
                let of = |at: &usize| subset >> at & 1 == 1;
                let members: Vec<usize> = (0..proxy.len()).filter(of).collect();
                let best = members.iter().map(|&at| proxy[at]).fold(f64::MIN, f64::max);
                let tied: Vec<usize> = members
                    .into_iter()
                    .filter(|&at| proxy[at] == best)
                    .collect();
                p += best;
                f += tied.iter().map(|&at| truth[at]).sum::<f64>() / tied.len() as f64;
                subsets += 1.0;
            }
        }
        (p / subsets, f / subsets)
    }

    #[test]
    fn twelve_points_by_brute_force() {
        let proxy: Vec<f64> = (0..12).map(|i| f64::from((i * 7) % 12)).collect();
        let tied: Vec<f64> = proxy.iter().map(|p| (p / 3.0).floor()).collect();
        let truth: Vec<f64> = (0..12).map(|i| f64::from(i * i % 10)).collect();
        for proxy in [proxy, tied] {
            for n in 1..=12 {
                let got = best_of_n(&proxy, &truth, n);
                let (p, f) = brute_force(&proxy, &truth, n);
                assert!((got.proxy - p).abs() < 1e-12, "{n}");
                // With ties, a subset takes each of those alike with one probability.
                assert!((got.truth - f).abs() < 1e-12, "{n}: {} {f}", got.truth);
            }
        }
    }

    #[test]
    fn one_draw_diverges_from_nothing() {
        assert_eq!(divergence(1), 0.0);
        assert!((divergence(2) - (2f64.ln() - 0.5)).abs() < 1e-15);
    }
}
