use qualm_linalg::{Nearest, Rows};

use crate::data::Data;
use crate::detectors::narrow;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};

/// The mean label of the k nearest designs, each weighted by 1 / distance (Shepard, ACM 1968, with a
/// fixed number of neighbours). Tables whose labels jump are told better by it than by a smooth
/// model. It has no gradient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbours {
    pub(super) k: usize,
}

impl Learner for Neighbours {
    fn text(&self) -> String {
        match self.k {
            1 => "label of the nearest design".into(),
            k => format!("mean of the {k} nearest designs by 1/distance"),
        }
    }

    fn fit(&self, data: &Data, _seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let rows = data.x().data().chunks_exact(data.width());
        let bank = narrow(data.x());
        let bank = bank.chunks_exact(data.width()).flat_map(|row| {
            let half: f32 = row.iter().map(|x| x * x).sum::<f32>() / -2.0;
            row.iter().copied().chain([half])
        });
        Ok(Box::new(NeighboursProxy {
            k: self.k,
            x: rows.flatten().copied().collect(),
            bank: bank.collect(),
            y: data.y().to_vec(),
        }))
    }
}

#[derive(Debug)]
struct NeighboursProxy {
    k: usize,
    x: Vec<f64>,
    /// The rows x with -|x|^2 / 2 behind them: the largest inner product with (q, 1) is the nearest.
    bank: Vec<f32>,
    y: Vec<f64>,
}

/// What a coordinate is taken for at most: its square must be finite in single precision.
const FARTHEST: f64 = 1e15;

impl Proxy for NeighboursProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let width = x.width();
        let queries = x.data().chunks_exact(width).flat_map(|row| {
            let near = row.iter().map(|x| x.clamp(-FARTHEST, FARTHEST) as f32);
            near.chain([1.0])
        });
        let queries: Vec<f32> = queries.collect();
        let mut nearest = Nearest::new(self.k);
        nearest.search(
            Rows::new(&self.bank, width + 1),
            Rows::new(&queries, width + 1),
        );
        let rows = x.data().chunks_exact(width).enumerate();
        rows.map(|(at, row)| {
            let found = nearest.of(at).iter().map(|neighbour| {
                let place = neighbour.index as usize;
                let of_bank = &self.x[place * width..][..width];
                let squares = row.iter().zip(of_bank).map(|(a, b)| (a - b) * (a - b));
                (squares.sum::<f64>().sqrt(), self.y[place])
            });
            weighted(&found.collect::<Vec<_>>())
        })
        .collect()
    }

    fn climb(&self, _x: Rows<'_, f64>, _gradient: &mut [f64]) -> Option<Vec<f64>> {
        None
    }
}

/// The mean of values weighted by 1 / distance; that of those at no distance, where there are any.
fn weighted(found: &[(f64, f64)]) -> f64 {
    let here = found.iter().filter(|(distance, _)| *distance == 0.0);
    let here: Vec<f64> = here.map(|(_, value)| *value).collect();
    if !here.is_empty() {
        return crate::measures::mean(&here);
    }
    // Over the nearest's distance, so that no weight is infinite.
    let nearest = found.iter().map(|f| f.0).fold(f64::INFINITY, f64::min);
    let weights = found.iter().map(|(distance, _)| nearest / distance);
    let total: f64 = weights.clone().sum();
    weights.zip(found).map(|(w, f)| w * f.1).sum::<f64>() / total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Designs, Labelled, Merge, Space};

    #[test]
    fn weights_by_hand() {
        assert_eq!(weighted(&[(1.0, 4.0), (3.0, 0.0)]), 3.0);
        assert_eq!(weighted(&[(0.0, 4.0), (3.0, 0.0)]), 4.0);
        assert_eq!(weighted(&[(1e-300, 4.0), (1e-300, 2.0)]), 3.0);
    }

    #[test]
    fn between_two_designs_and_on_one() {
        let designs = Designs::new((0..16).map(f64::from).collect(), 1);
        let labels = (0..16).map(|i| f64::from(i * i)).collect();
        let visible = Labelled::new("t", designs, labels, Merge::Refuse).expect("labels differ");
        let data = Data::new(&Space::continuous(&[(0.0, 15.0)]), visible).expect("sixteen");
        let proxy = Neighbours { k: 2 }.fit(&data, 0).expect("it learns");
        let x = data.coordinates_of(&Designs::new(vec![3.25, 5.0, 1e30], 1));
        let said = proxy.predict(Rows::new(&x, 1));
        let labels: Vec<f64> = said.iter().map(|&y| data.label_of(y)).collect();
        // (9 / .25 + 16 / .75) / (1 / .25 + 1 / .75) = 10.75; beyond all, 15 and 14 alike.
        assert!((labels[0] - 10.75).abs() < 1e-9 && (labels[1] - 25.0).abs() < 1e-9);
        assert!((labels[2] - 210.5).abs() < 1e-6, "{labels:?}");
    }
}
