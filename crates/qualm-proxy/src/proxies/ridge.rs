use qualm_linalg::{Rows, inverse_cholesky, packed_len};

use super::Entry;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "ridge",
    what: "linear in the coordinates, least squares with a penalty on the squared weights",
    paper: "Hoerl and Kennard, Technometrics 1970",
    parameters: "penalty=1",
    parse,
};

const PENALTY: f64 = 1.0;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    let penalty = words.positive("penalty", PENALTY)?;
    Ok(Box::new(Ridge { penalty }))
}

/// Least squares in standard units: w = (X^T X + penalty I)^-1 X^T y.
///
/// Coordinates and labels have mean 0, so there is no intercept.
#[derive(Debug, Clone, Copy)]
pub struct Ridge {
    /// Above 0.
    pub penalty: f64,
}

impl Learner for Ridge {
    fn text(&self) -> String {
        recipe("ridge", &changed(&[("penalty", self.penalty, PENALTY)]))
    }

    fn fit(&self, data: &Data, _seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let d = data.width();
        let mut gram = vec![0.0; packed_len(d)];
        let mut moments = vec![0.0; d];
        for (row, y) in data.x().data().chunks_exact(d).zip(data.y()) {
            for i in 0..d {
                for j in 0..=i {
                    gram[packed_len(i) + j] += row[i] * row[j];
                }
                moments[i] += row[i] * y;
            }
        }
        for i in 0..d {
            gram[packed_len(i) + i] += self.penalty;
        }
        let factor = inverse_cholesky(&gram, d).map_err(|_| ProxyError::Fit {
            proxy: self.text(),
            task: data.origin().into(),
            problem: "the penalty is too small for coordinates that depend on each other; raise it"
                .into(),
        })?;
        // With A = L L^T: A^-1 m = L^-T (L^-1 m).
        let half: Vec<f64> = factor
            .chunks_exact(d)
            .map(|row| dot(row, &moments))
            .collect();
        let column = |j: usize| factor.iter().skip(j).step_by(d).zip(&half);
        let weights = (0..d)
            .map(|j| column(j).map(|(l, h)| l * h).sum())
            .collect();
        Ok(Box::new(RidgeProxy { weights }))
    }
}

/// A fitted [`Ridge`].
#[derive(Debug, Clone)]
pub struct RidgeProxy {
    weights: Vec<f64>,
}

impl Proxy for RidgeProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let rows = x.data().chunks_exact(self.weights.len());
        rows.map(|row| dot(row, &self.weights)).collect()
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        for row in gradient.chunks_exact_mut(self.weights.len()) {
            row.copy_from_slice(&self.weights);
        }
        Some(self.predict(x))
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Designs, Labelled, Merge, Space};

    #[test]
    fn one_coordinate_by_hand() {
        // In standard units x is y, X^T X is n = 16: w = 16 / (16 + 4).
        let values: Vec<f64> = (0..16).map(f64::from).collect();
        let labels = values.iter().map(|x| 3.0 * x - 1.0).collect();
        let visible = Labelled::new("t", Designs::new(values, 1), labels, Merge::Refuse);
        let data = Data::new(
            &Space::continuous(&[(0.0, 15.0)]),
            visible.expect("they differ"),
        );
        let proxy = Ridge { penalty: 4.0 }
            .fit(&data.expect("sixteen"), 0)
            .expect("definite");
        let mut gradient = [0.0];
        let value = proxy
            .climb(Rows::new(&[2.0], 1), &mut gradient)
            .expect("it has a gradient");
        assert!((gradient[0] - 0.8).abs() < 1e-12 && (value[0] - 1.6).abs() < 1e-12);
    }
}
