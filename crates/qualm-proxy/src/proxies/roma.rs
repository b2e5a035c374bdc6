use qualm_linalg::Rows;
use qualm_net::{move_by_share, norms};

use super::Entry;
use super::gaussian_net::{GaussianNet, PERTURBATION_STEPS, Pass, Training};
use super::surface::narrow;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Features, Learner, Objective, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "roma",
    what: "network smooth under perturbed weights, adapted to each step of the search, within a \
           trust region of predicted values; each of the three parts can be switched off",
    paper: "Yu et al., NeurIPS 2021",
    parameters: "perturb=yes, adapt=yes, trust=yes, gamma=0.005, alpha=1, r=4, noise=0.2, width=64, \
                 epochs=100",
    parse,
};

const NOISE: f64 = 0.2;
const GAMMA: f64 = 5e-3;
const ALPHA: f64 = 1.0;
const REACH: f64 = 4.0;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    let gamma = words.positive("gamma", GAMMA)?;
    let perturb = words.switch("perturb", true)?;
    Ok(Box::new(Roma {
        gamma,
        perturb,
        adapt: words.switch("adapt", true)?,
        trust: words.switch("trust", true)?,
        alpha: words.positive("alpha", ALPHA)?,
        reach: words.positive("r", REACH)?,
        training: Training {
            perturbation: if perturb { gamma } else { 0.0 },
            ..Training::take(words, NOISE)?
        },
    }))
}

/// Robust model adaptation.
///
/// Trained where the weights stand worst within a share gamma of each tensor's norm. A search
/// starts at x0 with labels y. At each step: from the trained weights theta, 100 steps down
/// mean |dmu/dx| + alpha mean NLL(y | x), each by gamma / 100 of a tensor's norm; then a step up
/// mu - (mu - mu_theta(x0))^2 / (2 R), whose optimum lies R label deviations above the start; then
/// y becomes what the adapted network says of the new designs.
#[derive(Debug, Clone, PartialEq)]
pub struct Roma {
    training: Training,
    gamma: f64,
    perturb: bool,
    adapt: bool,
    trust: bool,
    alpha: f64,
    reach: f64,
}

impl Learner for Roma {
    fn text(&self) -> String {
        let mut parameters = Vec::new();
        for (key, on) in [
            ("perturb", self.perturb),
            ("adapt", self.adapt),
            ("trust", self.trust),
        ] {
            if !on {
                parameters.push(format!("{key}=no"));
            }
        }
        let numbers = [
            ("gamma", self.gamma, GAMMA),
            ("alpha", self.alpha, ALPHA),
            ("r", self.reach, REACH),
        ];
        parameters.extend(changed(&numbers));
        parameters.extend(self.training.parameters(NOISE));
        recipe("roma", &parameters)
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        Ok(Box::new(RomaProxy {
            net: self.training.run(data, seed),
            method: self.clone(),
        }))
    }
}

/// A trained [`Roma`].
#[derive(Debug, Clone)]
pub struct RomaProxy {
    net: GaussianNet,
    method: Roma,
}

impl Proxy for RomaProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        self.net.surface.predict(x)
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        self.net.surface.climb(x, gradient)
    }

    fn features(&self, x: Rows<'_, f64>) -> Option<Features> {
        self.net.surface.features(x)
    }

    fn shaken(&self, x: Rows<'_, f64>, share: f64, seed: u64) -> Option<Vec<f64>> {
        self.net.surface.shaken(x, share, seed)
    }

    fn moving(&self, start: Rows<'_, f64>, labels: &[f64]) -> Option<Box<dyn Objective + '_>> {
        Some(Box::new(Adapting {
            proxy: self,
            adapted: self.net.clone(),
            pass: Pass::new(self.net.surface.network.shape(), start.len()),
            start_values: self.predict(start),
            labels: narrow(labels),
            first: true,
        }))
    }
}

/// A search under way: the network as it was adapted last.
struct Adapting<'a> {
    proxy: &'a RomaProxy,
    adapted: GaussianNet,
    pass: Pass,
    start_values: Vec<f64>,
    labels: Vec<f32>,
    first: bool,
}

/// Steps of adaptation, as multiples of those of perturbation.
const ADAPTATION_STEPS: usize = 5 * PERTURBATION_STEPS;

impl Adapting<'_> {
    fn adapt(&mut self, x: Rows<'_, f32>) {
        let trained = &self.proxy.net.surface.network;
        let tensors = trained.shape().tensors();
        let lengths = norms(trained.parameters(), &tensors);
        let network = &mut self.adapted.surface.network;
        network
            .parameters_mut()
            .copy_from_slice(trained.parameters());
        let share = -self.proxy.method.gamma / ADAPTATION_STEPS as f64;
        for _ in 0..ADAPTATION_STEPS {
            let alpha = self.proxy.method.alpha as f32;
            self.pass
                .smooth(network, &self.proxy.net.head, x, &self.labels, alpha);
            move_by_share(
                network.parameters_mut(),
                &self.pass.gradient,
                &tensors,
                &lengths,
                share,
            );
        }
    }
}

impl Objective for Adapting<'_> {
    fn step(&mut self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        let narrow = narrow(x.data());
        let narrow = Rows::new(&narrow, x.width());
        if self.proxy.method.adapt {
            if !self.first {
                let values = self.adapted.surface.predict(x);
                self.labels = super::surface::narrow(&values);
            }
            self.first = false;
            self.adapt(narrow);
        }
        let values = self.pass.climb(&self.adapted.surface.network, narrow);
        let rows = gradient
            .chunks_exact_mut(x.width())
            .zip(self.pass.of_inputs.chunks_exact(x.width()));
        for ((to, from), (value, start)) in rows.zip(values.iter().zip(&self.start_values)) {
            // d/dx of mu - (mu - mu0)^2 / (2 R)
            let factor = match self.proxy.method.trust {
                true => 1.0 - (value - start) / self.proxy.method.reach,
                false => 1.0,
            };
            for (to, &from) in to.iter_mut().zip(from) {
                *to = factor * f64::from(from);
            }
        }
        Some(values)
    }
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
    fn the_ascent_ends_where_the_trust_region_does() {
        let proxy = fitted("roma(adapt=no,r=0.5,epochs=150)");
        let start = [1.6, -1.6];
        let before = proxy.predict(Rows::new(&start, 2))[0];
        let mut climb = proxy
            .moving(Rows::new(&start, 2), &[before])
            .expect("it moves");
        let (mut x, mut gradient) = (start, [0.0; 2]);
        let mut value = before;
        for _ in 0..4000 {
            value = climb
                .step(Rows::new(&x, 2), &mut gradient)
                .expect("it has a gradient")[0];
            x.iter_mut().zip(gradient).for_each(|(x, g)| *x += 0.02 * g);
        }
        assert!((value - before - 0.5).abs() < 1e-3, "{before} {value}");
    }

    #[test]
    fn adaptation_makes_slopes_smaller() {
        let proxy = fitted("roma(gamma=0.05,epochs=20)");
        let data = bowl();
        let x = &data.x().data()[..32];
        let start = Rows::new(x, 2);
        let mut plain = vec![0.0; 32];
        let values = proxy.climb(start, &mut plain).expect("it has a gradient");
        let mut adapted = vec![0.0; 32];
        proxy
            .moving(start, &values)
            .expect("it moves")
            .step(start, &mut adapted);
        let steep = |g: &[f64]| g.chunks(2).map(|g| g[0].hypot(g[1])).sum::<f64>();
        assert!(steep(&adapted) < steep(&plain));
    }

    #[test]
    fn recipes_say_what_is_switched_off() {
        let text = |recipe: &str| crate::proxies::parse_list(recipe).expect("a recipe")[0].text();
        assert_eq!(text("roma()"), "roma");
        assert_eq!(
            text("roma(adapt=no, trust=yes, epochs=50)"),
            "roma(adapt=no,epochs=50)"
        );
    }
}
