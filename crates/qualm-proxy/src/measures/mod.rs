//! What is measured of a search once the truth is known.

mod best_of_n;
mod distance;
mod law;
mod lipschitz;

pub use best_of_n::{BestOfN, best_of_n, divergence};
pub use distance::{apart, moved};
pub use law::{Law, fit_best_of_n, fit_search};
pub use lipschitz::lipschitz;

/// The q-th quantile of numbers, between the order statistics around place q (n - 1); NaN of none.
///
/// ```
/// use qualm_proxy::measures::quantile;
/// assert_eq!(quantile(&[3.0, 1.0, 2.0, 5.0], 0.5), 2.5);
/// // Scores beyond all bounds are larger than any limit, not incomparable to it.
/// assert_eq!(quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.5), f64::INFINITY);
/// ```
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = q * last as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    // The difference of two infinities is none.
    if below == above {
        return below;
    }
    below + (above - below) * place.fract()
}

/// Arithmetic mean; NaN of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
