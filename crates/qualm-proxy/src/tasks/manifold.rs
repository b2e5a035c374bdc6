use qualm_stats::Stream;

use super::{DATA_STREAM, Entry};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

const DIM: usize = 32;
/// Dimensions that data and optimum lie in.
const PLANTED: usize = 4;
const ROWS: usize = 5_000;
/// Deviation of the data off the plane.
const OFF: f64 = 0.05;
const CENTRE: [f64; PLANTED] = [0.9, -0.6, 0.7, -0.8];

/// The seed of the plane, apart from that of the data: the truth is one function.
const PLANE_SEED: u64 = 32;

pub(super) const ENTRY: Entry = Entry {
    word: "manifold-32",
    what: "data on a plane of 4 of 32 dimensions, off which the truth falls",
    parameters: "",
    parse: |_, _| Ok(Box::new(Manifold::default())),
};

/// A plane of 4 dimensions in 32 that the data lie on, and off which the truth falls.
///
/// With A the first 4 and B the other 28 columns of a random rotation: z ~ U\[-2, 2\]^4,
/// x = A z + 0.05 B e, e normal;
/// f(x) = exp(-|A^T x - c|^2 / 2) + 0.3 mean cos(2 A^T x) - |B^T x|^2, c = (0.9, -0.6, 0.7, -0.8).
/// A proxy learns little of the 28 directions that the data do not vary in, and ascent finds what
/// it made up there.
#[derive(Debug)]
pub struct Manifold {
    space: Space,
    /// Columns of the rotation, one after the other.
    columns: Vec<[f64; DIM]>,
}

impl Default for Manifold {
    fn default() -> Self {
        Self {
            space: Space::continuous(&[(f64::NEG_INFINITY, f64::INFINITY); DIM]),
            columns: rotation(),
        }
    }
}

impl Manifold {
    fn value(&self, x: &[f64]) -> f64 {
        let inner = |column: &[f64; DIM]| -> f64 { column.iter().zip(x).map(|(a, x)| a * x).sum() };
        let (plane, off) = self.columns.split_at(PLANTED);
        let z: Vec<f64> = plane.iter().map(inner).collect();
        let distance: f64 = z.iter().zip(CENTRE).map(|(z, c)| (z - c) * (z - c)).sum();
        let ripple = z.iter().map(|z| (2.0 * z).cos()).sum::<f64>() / PLANTED as f64;
        let off: f64 = off.iter().map(|column| inner(column).powi(2)).sum();
        (-distance / 2.0).exp() + 0.3 * ripple - off
    }
}

impl Task for Manifold {
    fn name(&self) -> &str {
        "manifold-32"
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let mut stream = Stream::new(seed, DATA_STREAM);
        let mut values = Vec::with_capacity(ROWS * DIM);
        for _ in 0..ROWS {
            let along = |at| {
                if at < PLANTED {
                    4.0 * stream.unit() - 2.0
                } else {
                    OFF * stream.normal()
                }
            };
            let along: Vec<f64> = (0..DIM).map(along).collect();
            let coordinate = |i: usize| -> f64 {
                self.columns
                    .iter()
                    .zip(&along)
                    .map(|(column, along)| column[i] * along)
                    .sum()
            };
            values.extend((0..DIM).map(coordinate));
        }
        let designs = Designs::new(values, DIM);
        let labels = designs.iter().map(|x| self.value(x)).collect();
        Labelled::new(self.name(), designs, labels, Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|x| Truth::of(self.value(x))).collect())
    }
}

/// Columns of a random rotation: Gaussian vectors made orthonormal by Gram and Schmidt, twice.
fn rotation() -> Vec<[f64; DIM]> {
    let mut stream = Stream::new(PLANE_SEED, 0);
    let mut columns: Vec<[f64; DIM]> = Vec::with_capacity(DIM);
    for _ in 0..DIM {
        let mut column = std::array::from_fn(|_| stream.normal());
        for _ in 0..2 {
            for other in &columns {
                let along: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
                column
                    .iter_mut()
                    .zip(other)
                    .for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = column.iter().map(|a| a * a).sum::<f64>().sqrt();
        columns.push(column.map(|a| a / length));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outside, Problem};

    #[test]
    fn the_rotation_is_one() {
        let columns = rotation();
        for (i, a) in columns.iter().enumerate() {
            for (j, b) in columns.iter().enumerate() {
                let inner: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn on_the_plane_at_the_centre_and_one_off_it() {
        let task = Manifold::default();
        let at = |off: f64| -> f64 {
            let along = |i: usize| {
                CENTRE
                    .get(i)
                    .copied()
                    .unwrap_or(if i == 9 { off } else { 0.0 })
            };
            let x: Vec<f64> = (0..DIM)
                .map(|k| (0..DIM).map(|i| task.columns[i][k] * along(i)).sum())
                .collect();
            task.value(&x)
        };
        let ripple = CENTRE.iter().map(|z| (2.0 * z).cos()).sum::<f64>() / 4.0;
        assert!((at(0.0) - (1.0 + 0.3 * ripple)).abs() < 1e-12);
        assert!((at(0.0) - at(2.0) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn the_best_visible_design_is_worth_a_quarter() {
        let task = Manifold::default();
        for seed in 0..3 {
            let problem = Problem::new(&task, Outside::Clip, seed).expect("a formula has data");
            let best = problem.best_visible();
            assert_eq!((problem.visible(), problem.data().len()), (2_500, 2_250));
            assert!((0.22..0.30).contains(&best), "{best}");
        }
    }
}
