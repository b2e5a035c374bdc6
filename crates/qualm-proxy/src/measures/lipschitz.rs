use qualm_linalg::Rows;
use qualm_stats::Stream;

use crate::proxy::Proxy;

/// Neighbours that each row is compared with.
const NEIGHBOURS: usize = 8;

/// How steep a proxy is around each row: the largest |p(x + v) - p(x)| / |v| over 8 directions that
/// the seed draws, with |v| = `reach` sqrt(d), so that each coordinate moves by about `reach`
/// standard deviations.
///
/// It bounds the Lipschitz constant there from below. Unlike the length of a gradient it sees steps
/// and ripples, and needs none.
pub fn lipschitz(proxy: &dyn Proxy, x: Rows<'_, f64>, reach: f64, seed: u64) -> Vec<f64> {
    let length = reach * (x.width() as f64).sqrt();
    let here = proxy.predict(x);
    let mut steepest = vec![0.0f64; here.len()];
    let mut stream = Stream::new(seed, 0);
    for _ in 0..NEIGHBOURS {
        let mut there = x.data().to_vec();
        for row in there.chunks_exact_mut(x.width()) {
            let direction: Vec<f64> = row.iter().map(|_| stream.normal()).collect();
            let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.iter_mut()
                .zip(direction)
                .for_each(|(x, v)| *x += length * v / norm);
        }
        let values = proxy.predict(Rows::new(&there, x.width()));
        for ((steepest, here), there) in steepest.iter_mut().zip(&here).zip(values) {
            *steepest = steepest.max((there - here).abs() / length);
        }
    }
    steepest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plane of slope 5, with a step of height 1 at x = 10.
    #[derive(Debug)]
    struct Plane;

    impl Proxy for Plane {
        fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
            let value = |x: &[f64]| 3.0 * x[0] + 4.0 * x[1] + f64::from(u8::from(x[0] > 10.0));
            x.data().chunks_exact(2).map(value).collect()
        }

        fn climb(&self, _x: Rows<'_, f64>, _gradient: &mut [f64]) -> Option<Vec<f64>> {
            None
        }
    }

    #[test]
    fn a_plane_is_as_steep_as_its_gradient_and_a_step_is_steeper() {
        let x = [[0.0, 0.0]; 50].concat();
        let slopes = lipschitz(&Plane, Rows::new(&x, 2), 0.1, 1);
        let largest = slopes.iter().copied().fold(0.0, f64::max);
        assert!(slopes.iter().all(|slope| *slope <= 5.0 + 1e-9));
        assert!(largest > 4.99, "{largest}");
        let at_the_step = [[10.0, 0.0]; 50].concat();
        let slopes = lipschitz(&Plane, Rows::new(&at_the_step, 2), 0.1, 1);
        // The step alone is 1 over a length of 0.1 sqrt(2).
        assert!(slopes.iter().copied().fold(0.0, f64::max) > 7.0);
    }
}
