use qualm_data::MemorySet;
use qualm_linalg::{Nearest, Rows, distance};
use qualm_ood::{Bundle, FitInput, FitOptions, Recipe, fit, score};

use crate::error::ProxyError;

/// Detectors of the OOD engine that need rows alone. Mahalanobis takes all rows for one class.
const OF_THE_ENGINE: &str = "mahalanobis,residual(origin=mean)";
const NEIGHBOURS: &str = "knn";
/// The neighbour that counts.
const K: usize = 5;

/// How unlike the visible designs others are: by Mahalanobis distance and ViM's residual of
/// [`qualm_ood`], and by the Euclidean distance to the 5th nearest. Higher = less like them.
///
/// The engine's own `knn` compares directions, as features of classifiers ask for; coordinates of
/// designs have no common length to take away.
#[derive(Debug)]
pub struct Detectors {
    bundle: Bundle,
    /// The rows x with -|x|^2 / 2 behind them: the largest inner product with (q, 1) is the nearest.
    bank: Vec<f32>,
    width: usize,
}

impl Detectors {
    /// Fits every detector to rows.
    ///
    /// # Errors
    /// When one cannot be fitted: to rows of which a coordinate does not vary, say.
    pub fn fit(origin: &str, rows: &[f32], width: usize) -> Result<Self, ProxyError> {
        let recipes = Recipe::parse_list(OF_THE_ENGINE).map_err(|error| fault(origin, &error))?;
        let train = MemorySet::new(origin)
            .with_features(rows.to_vec(), width)
            .and_then(|set| set.with_labels(vec![0; rows.len() / width]))
            .map_err(|error| fault(origin, &error))?;
        let input = FitInput {
            train: &train,
            head: None,
        };
        let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {});
        let bundle = fitted.map_err(|error| fault(origin, &error))?.bundle;
        let bank = rows.chunks_exact(width).flat_map(|row| {
            let half: f32 = row.iter().map(|x| x * x).sum::<f32>() / -2.0;
            row.iter().copied().chain([half])
        });
        Ok(Self {
            bundle,
            bank: bank.collect(),
            width,
        })
    }

    /// Words of the detectors.
    pub fn names(&self) -> Vec<String> {
        self.bundle
            .names()
            .chain([NEIGHBOURS])
            .map(str::to_owned)
            .collect()
    }

    /// Scores of rows, one list a detector; a row beyond single precision scores infinity.
    ///
    /// # Errors
    /// When a detector cannot score the rows.
    pub fn score(&self, rows: &[f32]) -> Result<Vec<Vec<f64>>, ProxyError> {
        // Squares of what is kept must be finite, too.
        let near = |row: &[f32]| row.iter().all(|x| x.abs() < 1e15);
        let kept: Vec<bool> = rows.chunks_exact(self.width).map(near).collect();
        let rows = rows
            .chunks_exact(self.width)
            .zip(&kept)
            .filter(|(_, kept)| **kept);
        let rows: Vec<f32> = rows.flat_map(|(row, _)| row).copied().collect();
        let mut scores = vec![Vec::with_capacity(kept.len()); self.bundle.detectors().len()];
        let mut distances = Vec::new();
        if !rows.is_empty() {
            distances = self.distances(&rows);
            let set = MemorySet::new("proposals").with_features(rows, self.width);
            let set = set.map_err(|error| fault("proposals", &error))?;
            let scored = score(&self.bundle, &set, &mut |scored| {
                for (detector, scores) in scores.iter_mut().enumerate() {
                    scores.extend_from_slice(scored.scores(detector));
                }
                Ok(())
            });
            scored.map_err(|error| fault("proposals", &error))?;
        }
        scores.push(distances);
        let all = |found: Vec<f64>| {
            let mut found = found.into_iter();
            let of_row = |&kept: &bool| if kept { found.next() } else { None };
            kept.iter()
                .map(of_row)
                .map(|score| score.unwrap_or(f64::INFINITY))
                .collect()
        };
        Ok(scores.into_iter().map(all).collect())
    }

    /// Distances to the K-th nearest row of the bank, from differences.
    fn distances(&self, rows: &[f32]) -> Vec<f64> {
        let mut nearest = Nearest::new(K);
        let queries: Vec<f32> = rows
            .chunks_exact(self.width)
            .flat_map(|row| row.iter().copied().chain([1.0]))
            .collect();
        nearest.search(
            Rows::new(&self.bank, self.width + 1),
            Rows::new(&queries, self.width + 1),
        );
        let distance = |(at, row): (usize, &[f32])| {
            let to = nearest.of(at).iter().map(|neighbour| {
                let start = neighbour.index as usize * (self.width + 1);
                distance(row, &self.bank[start..][..self.width])
            });
            to.fold(0.0, f64::max)
        };
        rows.chunks_exact(self.width)
            .enumerate()
            .map(distance)
            .collect()
    }
}

fn fault(origin: &str, error: &dyn std::fmt::Display) -> ProxyError {
    ProxyError::Fit {
        proxy: "detectors".into(),
        task: origin.into(),
        problem: error.to_string(),
    }
}

/// Rows in single precision.
pub(crate) fn narrow(x: Rows<'_, f64>) -> Vec<f32> {
    x.data().iter().map(|&x| x as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::Stream;

    #[test]
    fn what_lies_far_off_scores_higher() {
        let mut stream = Stream::new(1, 0);
        let rows: Vec<f32> = (0..400 * 3).map(|_| stream.normal() as f32).collect();
        let detectors = Detectors::fit("normal", &rows, 3).expect("they vary");
        let scores = detectors
            .score(&[0.0, 0.0, 0.0, 9.0, 9.0, 9.0])
            .expect("they are finite");
        assert_eq!(detectors.names(), ["mahalanobis", "residual", "knn"]);
        for of_one in &scores {
            assert!(of_one[1] > of_one[0], "{of_one:?}");
        }
        let beyond = detectors
            .score(&[f32::INFINITY, 0.0, 0.0])
            .expect("it is said");
        assert_eq!(beyond[0], [f64::INFINITY]);
    }

    #[test]
    fn the_fifth_nearest_by_hand() {
        let rows: Vec<f32> = (0..40)
            .flat_map(|i| [i as f32, (i % 3) as f32 * 0.1])
            .collect();
        let detectors = Detectors::fit("line", &rows, 2).expect("they vary");
        // From -1 the fifth nearest is row 4, at (4, 0.1).
        let scores = detectors.score(&[-1.0, 0.1]).expect("it is finite");
        assert!((scores[2][0] - 5.0).abs() < 1e-6, "{scores:?}");
    }
}
