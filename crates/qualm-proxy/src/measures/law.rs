use serde::{Deserialize, Serialize};

/// A law of over-optimisation, fitted to measured points by least squares (Gao et al., ICML 2023).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Law {
    /// Gain of truth per distance at the start.
    pub alpha: f64,
    /// What takes it away.
    pub beta: f64,
    /// Root mean squared residual, in units of the truth.
    pub residual: f64,
    /// Distance at which the fitted truth is largest, where that lies within the measured ones.
    pub peak: Option<f64>,
}

/// R = d (alpha - beta d), for the best of n with d the root of its divergence. Points are (d,
/// gain of truth). Nothing is fitted to fewer than three.
pub fn fit_best_of_n(points: &[(f64, f64)]) -> Option<Law> {
    fit(points, |d| d * d, |alpha, beta| alpha / (2.0 * beta))
}

/// R = d (alpha - beta ln d), for a search that moves by d. Gao et al. state it for reinforcement
/// learning with d the root of a divergence; d here is the root mean squared distance from the start
/// in standard units. Points are (d, gain of truth). Nothing is fitted to fewer than three.
pub fn fit_search(points: &[(f64, f64)]) -> Option<Law> {
    fit(
        points,
        |d| d * d.ln(),
        |alpha, beta| (alpha / beta - 1.0).exp(),
    )
}

fn fit(
    points: &[(f64, f64)],
    second: impl Fn(f64) -> f64,
    peak: impl Fn(f64, f64) -> f64,
) -> Option<Law> {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(|(d, _)| *d > 0.0).collect();
    if points.len() < 3 {
        return None;
    }
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 { points.iter().map(|&(d, r)| f(d, r)).sum() };
    // Least squares of r on the columns d and -second(d).
    let (aa, ab) = (sum(&|d, _| d * d), -sum(&|d, _| d * second(d)));
    let bb = sum(&|d, _| second(d) * second(d));
    let (ay, by) = (sum(&|d, r| d * r), -sum(&|d, r| second(d) * r));
    let determinant = aa * bb - ab * ab;
    if determinant <= f64::EPSILON * aa * bb {
        return None;
    }
    let (alpha, beta) = (
        (ay * bb - by * ab) / determinant,
        (by * aa - ay * ab) / determinant,
    );
    let squares = sum(&|d, r| (r - alpha * d + beta * second(d)).powi(2));
    let (near, far) = points
        .iter()
        .fold((f64::INFINITY, 0.0f64), |(near, far), &(d, _)| {
            (near.min(d), far.max(d))
        });
    let at = peak(alpha, beta);
    Some(Law {
        alpha,
        beta,
        residual: (squares / points.len() as f64).sqrt(),
        peak: Some(at).filter(|at| beta > 0.0 && (near..=far).contains(at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_laws_are_found() {
        let of = |f: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
            (0..10)
                .map(|i| f64::from(i) * 0.3)
                .map(|d| (d, if d > 0.0 { f(d) } else { 0.0 }))
                .collect()
        };
        let law = fit_best_of_n(&of(&|d| d * (2.0 - 0.5 * d))).expect("ten points");
        assert!((law.alpha - 2.0).abs() < 1e-9 && (law.beta - 0.5).abs() < 1e-9);
        assert!(law.residual < 1e-9 && (law.peak.expect("within") - 2.0).abs() < 1e-9);
        let law = fit_search(&of(&|d| d * (0.5 - 2.0 * d.ln()))).expect("ten points");
        assert!((law.alpha - 0.5).abs() < 1e-9 && (law.beta - 2.0).abs() < 1e-9);
        assert!((law.peak.expect("within") - (0.25f64 - 1.0).exp()).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_extrapolated() {
        let points: Vec<(f64, f64)> = (1..5).map(f64::from).map(|d| (d, d * (20.0 - d))).collect();
        assert_eq!(fit_best_of_n(&points).expect("four points").peak, None);
        assert_eq!(fit_best_of_n(&points[..2]), None);
    }
}
