use qualm_linalg::{Rows, packed_len, symmetric_eigen};
use qualm_stats::Stream;

use super::Entry;
use super::best_of_n::best;
use crate::data::Data;
use crate::error::ProxyError;
use crate::optimiser::{Optimiser, PROPOSALS, Trajectory};
use crate::proxy::Proxy;
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "cma-es",
    what: "evolution with an adapted covariance, from the best visible design; proposes draws of \
           its last distribution",
    paper: "Hansen, arXiv:1604.00772",
    parameters: "generations=100, sigma=0.5",
    parse,
};

const GENERATIONS: usize = 100;
const SIGMA: f64 = 0.5;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Optimiser>, ProxyError> {
    Ok(Box::new(CmaEs {
        generations: words.count("generations", GENERATIONS)?,
        sigma: words.positive("sigma", SIGMA)?,
    }))
}

/// CMA-ES with rank-one and rank-mu updates and cumulative step size, in standard units.
///
/// Own code: the crate `cmaes` 0.2 brings nalgebra, a second library of linear algebra, for what
/// is an eigenproblem a generation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CmaEs {
    generations: usize,
    sigma: f64,
}

/// Weights and rates of the tutorial's table 1, for dimension d and population n.
#[derive(Debug)]
struct Rates {
    weights: Vec<f64>,
    effective: f64,
    path_sigma: f64,
    damping: f64,
    path: f64,
    rank_one: f64,
    rank_mu: f64,
    /// Expected length of a standard normal vector.
    expected: f64,
}

impl Rates {
    fn new(d: f64, population: usize) -> Self {
        let parents = population / 2;
        let raw = (1..=parents).map(|i| ((population as f64 + 1.0) / 2.0).ln() - (i as f64).ln());
        let raw: Vec<f64> = raw.collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|w| w / sum).collect();
        let effective = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
        let path_sigma = (effective + 2.0) / (d + effective + 5.0);
        let rank_one = 2.0 / ((d + 1.3).powi(2) + effective);
        let rank_mu = 2.0 * (effective - 2.0 + 1.0 / effective) / ((d + 2.0).powi(2) + effective);
        Self {
            weights,
            effective,
            path_sigma,
            damping: 1.0
                + 2.0 * (((effective - 1.0) / (d + 1.0)).sqrt() - 1.0).max(0.0)
                + path_sigma,
            path: (4.0 + effective / d) / (d + 4.0 + 2.0 * effective / d),
            rank_one,
            rank_mu: rank_mu.min(1.0 - rank_one),
            expected: d.sqrt() * (1.0 - 1.0 / (4.0 * d) + 1.0 / (21.0 * d * d)),
        }
    }
}

/// The normal distribution that is adapted: mean, step size, and covariance B D^2 B^T.
#[derive(Debug)]
struct Distribution {
    mean: Vec<f64>,
    sigma: f64,
    covariance: Vec<f64>,
    /// Eigenvectors, a row each, and roots of eigenvalues.
    vectors: Vec<f64>,
    roots: Vec<f64>,
}

impl Distribution {
    fn new(mean: Vec<f64>, sigma: f64) -> Self {
        let d = mean.len();
        let mut covariance = vec![0.0; packed_len(d)];
        (0..d).for_each(|i| covariance[packed_len(i) + i] = 1.0);
        let mut new = Self {
            mean,
            sigma,
            covariance,
            vectors: Vec::new(),
            roots: Vec::new(),
        };
        new.decompose();
        new
    }

    fn decompose(&mut self) {
        let d = self.mean.len();
        let eigen = symmetric_eigen(&self.covariance, d);
        self.roots = eigen
            .values
            .iter()
            .map(|value| value.max(1e-20).sqrt())
            .collect();
        self.vectors = eigen.vectors;
    }

    /// B D z for a standard normal z, and z in the axes of the space: B z.
    fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let d = self.mean.len();
        let mut step = vec![0.0; d];
        for (vector, root) in self.vectors.chunks_exact(d).zip(&self.roots) {
            let along = root * stream.normal();
            step.iter_mut()
                .zip(vector)
                .for_each(|(s, v)| *s += along * v);
        }
        step
    }

    /// C^{-1/2} y = B D^{-1} B^T y.
    fn whitened(&self, y: &[f64]) -> Vec<f64> {
        let d = y.len();
        let mut white = vec![0.0; d];
        for (vector, root) in self.vectors.chunks_exact(d).zip(&self.roots) {
            let along = vector.iter().zip(y).map(|(v, y)| v * y).sum::<f64>() / root;
            white
                .iter_mut()
                .zip(vector)
                .for_each(|(w, v)| *w += along * v);
        }
        white
    }
}

impl Optimiser for CmaEs {
    fn text(&self) -> String {
        let parameters = [
            ("generations", self.generations as f64, GENERATIONS as f64),
            ("sigma", self.sigma, SIGMA),
        ];
        recipe("cma-es", &changed(&parameters))
    }

    fn run(&self, data: &Data, proxy: &dyn Proxy, seed: u64) -> Result<Trajectory, ProxyError> {
        let width = data.width();
        let d = width as f64;
        let population = 4 + (3.0 * d.ln()).floor() as usize;
        let rates = Rates::new(d, population);
        let mut stream = Stream::new(seed, 0);
        let start = data.x().row(data.best(1)[0]).to_vec();
        let mut now = Distribution::new(start, self.sigma);
        let (mut path, mut path_sigma) = (vec![0.0; width], vec![0.0; width]);
        let mut way = Trajectory::new(width);
        propose(&now, proxy, &mut stream, &mut way, 0);
        let every = self.generations.div_ceil(50);
        for generation in 1..=self.generations {
            let steps: Vec<Vec<f64>> = (0..population).map(|_| now.draw(&mut stream)).collect();
            let at = |step: &Vec<f64>| -> Vec<f64> {
                now.mean
                    .iter()
                    .zip(step)
                    .map(|(m, s)| m + now.sigma * s)
                    .collect()
            };
            let x: Vec<f64> = steps.iter().flat_map(at).collect();
            let values = proxy.predict(Rows::new(&x, width));
            let flat: Vec<f64> = steps.concat();
            let (chosen, _) = best(&flat, &values, width, rates.weights.len());
            let mut move_by = vec![0.0; width];
            for (step, weight) in chosen.chunks_exact(width).zip(&rates.weights) {
                move_by
                    .iter_mut()
                    .zip(step)
                    .for_each(|(m, s)| *m += weight * s);
            }
            now.mean
                .iter_mut()
                .zip(&move_by)
                .for_each(|(m, s)| *m += now.sigma * s);
            // Equations 43 to 47.
            let keep = 1.0 - rates.path_sigma;
            let push = (rates.path_sigma * (2.0 - rates.path_sigma) * rates.effective).sqrt();
            let white = now.whitened(&move_by);
            path_sigma
                .iter_mut()
                .zip(white)
                .for_each(|(p, w)| *p = keep * *p + push * w);
            let length = path_sigma.iter().map(|p| p * p).sum::<f64>().sqrt();
            let settled = (1.0 - keep.powi(2 * generation as i32)).sqrt();
            let goes_on = length / settled < (1.4 + 2.0 / (d + 1.0)) * rates.expected;
            let push = (rates.path * (2.0 - rates.path) * rates.effective).sqrt();
            for (p, y) in path.iter_mut().zip(&move_by) {
                *p = (1.0 - rates.path) * *p + if goes_on { push * y } else { 0.0 };
            }
            let lost = if goes_on {
                0.0
            } else {
                rates.path * (2.0 - rates.path)
            };
            let keep = 1.0 - rates.rank_one - rates.rank_mu + rates.rank_one * lost;
            for i in 0..width {
                for j in 0..=i {
                    let mu: f64 = chosen
                        .chunks_exact(width)
                        .zip(&rates.weights)
                        .map(|(step, weight)| weight * step[i] * step[j])
                        .sum();
                    let c = &mut now.covariance[packed_len(i) + j];
                    *c = keep * *c + rates.rank_one * path[i] * path[j] + rates.rank_mu * mu;
                }
            }
            now.sigma *= (rates.path_sigma / rates.damping * (length / rates.expected - 1.0))
                .min(1.0)
                .exp();
            now.decompose();
            if generation.is_multiple_of(every) || generation == self.generations {
                propose(&now, proxy, &mut stream, &mut way, generation);
            }
        }
        Ok(way)
    }
}

/// 128 draws of the distribution as it stands.
fn propose(
    now: &Distribution,
    proxy: &dyn Proxy,
    stream: &mut Stream,
    way: &mut Trajectory,
    number: usize,
) {
    let mut x = Vec::with_capacity(PROPOSALS * now.mean.len());
    for _ in 0..PROPOSALS {
        let step = now.draw(stream);
        x.extend(now.mean.iter().zip(step).map(|(m, s)| m + now.sigma * s));
    }
    let values = proxy.predict(Rows::new(&x, now.mean.len()));
    way.push(number, &x, &values);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::bowl;

    /// -(x^2 + 100 y^2): a long valley.
    #[derive(Debug)]
    struct Valley;

    impl Proxy for Valley {
        fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
            x.data()
                .chunks_exact(2)
                .map(|x| -(x[0] * x[0] + 100.0 * x[1] * x[1]))
                .collect()
        }

        fn climb(&self, _x: Rows<'_, f64>, _gradient: &mut [f64]) -> Option<Vec<f64>> {
            None
        }
    }

    #[test]
    fn it_finds_the_bottom_of_a_valley_without_a_gradient() {
        let cma = &super::super::parse_list("cma-es(generations=150)").expect("a recipe")[0];
        let way = cma.run(&bowl(), &Valley, 1).expect("it needs nothing");
        let last = &way.steps()[way.steps().len() - 1];
        let worst = last.values.iter().copied().fold(0.0, f64::min);
        assert!(worst > -1e-6, "{worst}");
    }

    #[test]
    fn weights_and_rates_of_the_tutorial() {
        // d = 10: population 10, five parents; figures of Hansen's reference code.
        let rates = Rates::new(10.0, 10);
        assert!((rates.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(
            (rates.effective - 3.167).abs() < 1e-2,
            "{}",
            rates.effective
        );
        assert!((rates.expected - 3.084).abs() < 1e-3);
    }
}
