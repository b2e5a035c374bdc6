use qualm_linalg::Rows;
use rayon::prelude::*;

use super::Entry;
use super::mlp::Mlp;
use super::surface::Surface;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};
use crate::words::{Words, problem, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "ensemble",
    what: "several `mlp`, each from its own seed: their mean, their least, or mean less beta \
           standard deviations",
    paper: "Lakshminarayanan et al., NeurIPS 2017",
    parameters: "take=mean|min|lcb, of=5, beta=1, and those of mlp",
    parse,
};

const MEMBERS: usize = 5;
const BETA: f64 = 1.0;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    let take = words.take_or("take", "mean".to_owned(), "mean, min or lcb", |_| true)?;
    let beta = words.positive("beta", BETA)?;
    let take = match take.as_str() {
        "mean" => Take::Mean,
        "min" => Take::Min,
        "lcb" => Take::LowerBound(beta),
        other => return Err(problem(other, "`take` is mean, min or lcb")),
    };
    let members = words.take_or("of", MEMBERS, "a whole number from 2", |of| *of > 1)?;
    Ok(Box::new(Ensemble {
        take,
        members,
        member: Mlp::take(words)?,
    }))
}

/// What an ensemble says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Take {
    Mean,
    Min,
    /// Mean less so many standard deviations.
    LowerBound(f64),
}

/// Networks that differ by their seed alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    take: Take,
    members: usize,
    member: Mlp,
}

impl Learner for Ensemble {
    fn text(&self) -> String {
        let mut parameters = match self.take {
            Take::Mean => vec![],
            Take::Min => vec!["take=min".into()],
            Take::LowerBound(BETA) => vec!["take=lcb".into()],
            Take::LowerBound(beta) => vec!["take=lcb".into(), format!("beta={beta}")],
        };
        if self.members != MEMBERS {
            parameters.push(format!("of={}", self.members));
        }
        parameters.extend(self.member.parameters());
        recipe("ensemble", &parameters)
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let members = (0..self.members as u64).into_par_iter();
        // Seeds far from those of neighbouring studies.
        let members = members.map(|member| self.member.train(data, seed ^ (member << 40)));
        Ok(Box::new(EnsembleProxy {
            members: members.collect(),
            take: self.take,
        }))
    }
}

/// A trained [`Ensemble`].
#[derive(Debug, Clone)]
pub struct EnsembleProxy {
    members: Vec<Surface>,
    take: Take,
}

impl EnsembleProxy {
    fn said(&self, x: Rows<'_, f64>) -> Vec<Vec<f64>> {
        self.members
            .iter()
            .map(|member| member.predict(x))
            .collect()
    }

    fn taken(&self, said: &[f64]) -> f64 {
        match self.take {
            Take::Mean => mean_and_deviation(said).0,
            Take::Min => said.iter().copied().fold(f64::INFINITY, f64::min),
            Take::LowerBound(beta) => {
                let (mean, deviation) = mean_and_deviation(said);
                mean - beta * deviation
            }
        }
    }

    /// Weight of each member's gradient in the gradient of what is taken.
    fn weights(&self, said: &[f64]) -> Vec<f64> {
        let even = 1.0 / said.len() as f64;
        match self.take {
            Take::Mean => vec![even; said.len()],
            Take::Min => {
                let least = self.taken(said);
                let at = said.iter().position(|&value| value == least);
                (0..said.len())
                    .map(|member| f64::from(Some(member) == at))
                    .collect()
            }
            Take::LowerBound(beta) => {
                let (mean, deviation) = mean_and_deviation(said);
                // d deviation / d m_i = (m_i - mean) / (k deviation); where all agree, it has a kink.
                let slope = |m: f64| {
                    if deviation > 0.0 {
                        (m - mean) / deviation
                    } else {
                        0.0
                    }
                };
                said.iter()
                    .map(|&m| even * (1.0 - beta * slope(m)))
                    .collect()
            }
        }
    }
}

impl Proxy for EnsembleProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let said = self.said(x);
        let of_row = |row: usize| -> Vec<f64> { said.iter().map(|values| values[row]).collect() };
        (0..x.len()).map(|row| self.taken(&of_row(row))).collect()
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        let mut said = Vec::with_capacity(self.members.len());
        let mut gradients = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let mut gradient = vec![0.0; x.data().len()];
            said.push(member.climb(x, &mut gradient)?);
            gradients.push(gradient);
        }
        gradient.fill(0.0);
        let mut values = Vec::with_capacity(x.len());
        for (row, to) in gradient.chunks_exact_mut(x.width()).enumerate() {
            let of_row: Vec<f64> = said.iter().map(|values| values[row]).collect();
            values.push(self.taken(&of_row));
            for (weight, from) in self.weights(&of_row).into_iter().zip(&gradients) {
                let from = &from[row * x.width()..];
                to.iter_mut()
                    .zip(from)
                    .for_each(|(to, from)| *to += weight * from);
            }
        }
        Some(values)
    }

    fn spread(&self, x: Rows<'_, f64>) -> Option<Vec<f64>> {
        let said = self.said(x);
        let of_row = |row: usize| -> Vec<f64> { said.iter().map(|values| values[row]).collect() };
        Some(
            (0..x.len())
                .map(|row| mean_and_deviation(&of_row(row)).1)
                .collect(),
        )
    }
}

fn mean_and_deviation(said: &[f64]) -> (f64, f64) {
    let count = said.len() as f64;
    let mean = said.iter().sum::<f64>() / count;
    let squares = said.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>();
    (mean, (squares / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::bowl;

    fn fitted(recipe: &str) -> Box<dyn Proxy> {
        let learner = &crate::proxies::parse_list(recipe).expect("a recipe")[0];
        learner.fit(&bowl(), 1).expect("it fits")
    }

    #[test]
    fn the_mean_is_the_mean_and_the_least_the_least() {
        let data = bowl();
        let mean = fitted("ensemble(of=3,epochs=2)").predict(data.x());
        let spread = fitted("ensemble(of=3,epochs=2)")
            .spread(data.x())
            .expect("it has one");
        let least = fitted("ensemble(of=3,epochs=2,take=min)").predict(data.x());
        let bound = fitted("ensemble(of=3,epochs=2,take=lcb,beta=2)").predict(data.x());
        for row in 0..data.len() {
            assert!(least[row] <= mean[row] && spread[row] > 0.0);
            // The least of three lies at most sqrt(2) deviations below their mean.
            assert!(mean[row] - least[row] <= 2f64.sqrt() * spread[row] + 1e-9);
            assert!((bound[row] - (mean[row] - 2.0 * spread[row])).abs() < 1e-9);
        }
    }

    #[test]
    fn gradients_agree_with_differences() {
        for take in ["mean", "min", "lcb"] {
            let proxy = fitted(&format!("ensemble(of=3,epochs=2,take={take})"));
            let x = [0.31, -0.77];
            let mut gradient = [0.0; 2];
            proxy.climb(Rows::new(&x, 2), &mut gradient);
            for at in 0..2 {
                let moved = |by: f64| {
                    let mut x = x;
                    x[at] += by;
                    proxy.predict(Rows::new(&x, 2))[0]
                };
                // Members compute in single precision.
                let numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!(
                    (numeric - gradient[at]).abs() < 2e-3,
                    "{take}: {numeric} {}",
                    gradient[at]
                );
            }
        }
    }
}
