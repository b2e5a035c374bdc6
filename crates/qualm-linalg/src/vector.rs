use pulp::Arch;

use crate::Real;

/// `log(sum_i exp(x_i))` of finite numbers, in one pass over numbers that sit in the cache.
///
/// The exponentials are taken in `f32` by a polynomial (relative error below 2e-7) and added in
/// `f64`, so that the result is good to about 1e-7 absolutely. `max` is the largest of `x`.
pub fn log_sum_exp(x: &[f32], max: f32) -> f64 {
    let sum = Arch::new().dispatch(
        #[inline(always)]
        || sum_of_exponentials(x, max),
    );
    f64::from(max) + sum.ln()
}

/// Euclidean norm, summed in `f64`.
pub fn norm(x: &[f32]) -> f64 {
    squared_norm(x).sqrt()
}

/// Squared Euclidean norm, summed in `f64`.
pub fn squared_norm(x: &[f32]) -> f64 {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut lanes = [0f64; 16];
            let (body, tail) = x.as_chunks::<16>();
            for block in body {
                for (lane, &x) in lanes.iter_mut().zip(block) {
                    *lane += f64::from(x) * f64::from(x);
                }
            }
            let tail: f64 = tail.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            lanes.iter().sum::<f64>() + tail
        },
    )
}

/// `to = from - shift`, and `sums += to`.
pub(crate) fn subtract_and_add<T: Real>(
    to: &mut [T],
    from: &[f32],
    shift: &[f32],
    sums: &mut [f64],
) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (((to, &from), &shift), sum) in to.iter_mut().zip(from).zip(shift).zip(sums) {
                *to = T::from(from) - T::from(shift);
                let difference: f64 = (*to).into();
                *sum += difference;
            }
        },
    );
}

#[inline(always)]
fn sum_of_exponentials(x: &[f32], max: f32) -> f64 {
    // Terms are at most 1: 64 of them fit a lane of f32 without a rounding error that shows.
    const RUN: usize = 16 * 64;
    let mut total = 0f64;
    for run in x.chunks(RUN) {
        let mut lanes = [0f32; 16];
        let (body, tail) = run.as_chunks::<16>();
        for block in body {
            for (lane, &x) in lanes.iter_mut().zip(block) {
                *lane += exp(x - max);
            }
        }
        total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        total += tail.iter().map(|&x| f64::from(exp(x - max))).sum::<f64>();
    }
    total
}

/// `exp(x)` for `x <= 0`, without a branch, so that the compiler makes vectors of it.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // exp(x) = 2^n exp(r) with |r| <= ln(2)/2; ln(2) in two parts keeps r exact.
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5 * 2^23 rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN2_HI) - n * LN2_LO;
    // Taylor's polynomial of degree 7: its remainder at ln(2)/2 is 5e-9.
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let scale = f32::from_bits(((n as i32 + 127) as u32) << 23);
    p * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn log_sum_exp_by_hand() {
        assert!((log_sum_exp(&[0.0; 8], 0.0) - 8f64.ln()).abs() < 1e-7);
        // A far smaller term does not count, a shift comes out again.
        assert!((log_sum_exp(&[1000.0, -1000.0], 1000.0) - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn norm_by_hand() {
        assert_eq!(norm(&[3.0, 0.0, 4.0]), 5.0);
        // f32 would overflow.
        assert!((norm(&[3e30, 4e30]) / 5e30 - 1.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn exponentials_are_accurate(x in -87.0f32..=0.0) {
            let want = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) - want).abs() <= 2e-7 * want);
        }
    }
}
