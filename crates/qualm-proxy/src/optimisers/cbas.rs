use qualm_linalg::Rows;
use qualm_stats::{Stream, normal_cdf};

use super::Entry;
use super::ascent::start;
use crate::data::Data;
use crate::error::ProxyError;
use crate::measures::quantile;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::Proxy;
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "cbas",
    what: "conditions a distribution of designs on being good, round by round, weighted back to that \
           of the data; the generative model is a normal one of independent coordinates, not the \
           paper's autoencoder",
    paper: "Brookes et al., ICML 2019",
    parameters: "rounds=20, draws=1024, percentile=80",
    parse,
};

const ROUNDS: usize = 20;
const DRAWS: usize = 1024;
const PERCENTILE: f64 = 80.0;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    let within = |p: &f64| (0.0..100.0).contains(p);
    Ok(Box::new(Cbas {
        rounds: words.count("rounds", ROUNDS)?,
        draws: words.take_or("draws", DRAWS, "a whole number from 128", |n| {
            *n >= PROPOSALS
        })?,
        percentile: words.take_or(
            "percentile",
            PERCENTILE,
            "a number from 0 and below 100",
            within,
        )?,
    }))
}

/// Conditioning by adaptive sampling: each round draws from q, sets gamma to a percentile of the
/// proxy's values (never lower than before), and refits q to the draws weighted by
/// p(x) / q(x) P(y > gamma), where p is the normal distribution of the data. A proxy that states a
/// spread gives the probability; what another says is taken as certain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cbas {
    rounds: usize,
    draws: usize,
    percentile: f64,
}

/// A normal distribution of independent coordinates.
#[derive(Debug, Clone)]
struct Normal {
    means: Vec<f64>,
    deviations: Vec<f64>,
}

/// No deviation becomes smaller: a distribution that has collapsed draws one design.
const LEAST_DEVIATION: f64 = 1e-3;

impl Normal {
    fn weighted(x: &[f64], weights: &[f64], width: usize) -> Self {
        let total: f64 = weights.iter().sum();
        let mut means = vec![0.0; width];
        for (row, w) in x.chunks_exact(width).zip(weights) {
            means
                .iter_mut()
                .zip(row)
                .for_each(|(m, x)| *m += w * x / total);
        }
        let mut deviations = vec![0.0; width];
        for (row, w) in x.chunks_exact(width).zip(weights) {
            for ((s, x), m) in deviations.iter_mut().zip(row).zip(&means) {
                *s += w * (x - m) * (x - m) / total;
            }
        }
        deviations
            .iter_mut()
            .for_each(|s| *s = s.sqrt().max(LEAST_DEVIATION));
        Self { means, deviations }
    }

    fn draw(&self, count: usize, stream: &mut Stream) -> Vec<f64> {
        let mut x = Vec::with_capacity(count * self.means.len());
        for _ in 0..count {
            let row = self.means.iter().zip(&self.deviations);
            x.extend(row.map(|(m, s)| m + s * stream.normal()));
        }
        x
    }

    /// Log density, but for a constant that both distributions share.
    fn log_density(&self, x: &[f64]) -> f64 {
        let terms = x.iter().zip(&self.means).zip(&self.deviations);
        terms
            .map(|((x, m), s)| -0.5 * ((x - m) / s).powi(2) - s.ln())
            .sum()
    }
}

/// P(y >= gamma) of each y, normal around its value where there is a spread.
fn above(values: &[f64], spread: Option<Vec<f64>>, gamma: f64) -> Vec<f64> {
    let certain = |value: f64| f64::from(u8::from(value >= gamma));
    let Some(spread) = spread else {
        return values.iter().copied().map(certain).collect();
    };
    let both = values.iter().zip(spread);
    both.map(|(&value, spread)| match spread > 0.0 {
        true => normal_cdf((value - gamma) / spread),
        false => certain(value),
    })
    .collect()
}

impl Optimiser for Cbas {
    fn text(&self) -> String {
        let parameters = [
            ("rounds", self.rounds as f64, ROUNDS as f64),
            ("draws", self.draws as f64, DRAWS as f64),
            ("percentile", self.percentile, PERCENTILE),
        ];
        recipe("cbas", &changed(&parameters))
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let width = data.width();
        let mut stream = Stream::new(seed, 0);
        let prior = Normal::weighted(data.x().data(), &vec![1.0; data.len()], width);
        let mut now = prior.clone();
        let mut gamma = f64::NEG_INFINITY;
        let mut way = Trajectory::new(width);
        let (x, _) = start(data);
        way.push(0, &x, &proxy.predict(Rows::new(&x, width)));
        for round in 1..=self.rounds {
            let x = now.draw(self.draws, &mut stream);
            let values = proxy.predict(Rows::new(&x, width));
            gamma = quantile(&values, self.percentile / 100.0).max(gamma);
            let above = above(&values, proxy.spread(Rows::new(&x, width)), gamma);
            let rows = x.chunks_exact(width).zip(above);
            let logs: Vec<f64> = rows
                .map(|(row, p)| p.ln() + prior.log_density(row) - now.log_density(row))
                .collect();
            // Weights up to a factor; where none can be above gamma, the distribution stays.
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if largest > f64::NEG_INFINITY {
                let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
                now = Normal::weighted(&x, &weights, width);
            }
            let proposals = now.draw(PROPOSALS, &mut stream);
            way.push(
                round,
                &proposals,
                &proxy.predict(Rows::new(&proposals, width)),
            );
        }
        Ok(way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::{self, testing::bowl};

    #[test]
    fn rounds_climb_and_stay_near_the_data() {
        let data = bowl();
        let proxy = proxies::parse_list("gp(points=60)").expect("a word")[0].fit(&data, 1);
        let cbas = &super::super::parse_list("cbas").expect("a word")[0];
        let way = cbas
            .run(&data, proxy.expect("it fits").as_ref(), 1)
            .expect("it needs nothing");
        let of = |at: usize| crate::measures::mean(&way.steps()[at].values);
        assert!(of(20) > of(1), "{} {}", of(1), of(20));
        assert!(way.steps()[20].x.iter().all(|x| x.abs() < 5.0));
    }

    #[test]
    fn doubts_soften_what_is_above() {
        assert_eq!(above(&[0.9, 1.0, 1.1], None, 1.0), [0.0, 1.0, 1.0]);
        let soft = above(&[0.0, 1.0, 1.0], Some(vec![1.0, 3.0, 0.0]), 1.0);
        assert!((soft[0] - 0.158_655_253_931_457).abs() < 1e-12);
        assert_eq!(soft[1..], [0.5, 1.0]);
    }

    #[test]
    fn weighted_moments_by_hand() {
        let normal = Normal::weighted(&[0.0, 4.0], &[3.0, 1.0], 1);
        assert_eq!((normal.means[0], normal.deviations[0]), (1.0, 3f64.sqrt()));
        assert!((normal.log_density(&[1.0]) + 3f64.sqrt().ln()).abs() < 1e-12);
    }
}
