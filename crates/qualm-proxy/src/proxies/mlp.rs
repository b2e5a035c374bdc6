use super::Entry;
use super::gaussian_net::Training;
use super::surface::Surface;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Learner, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "mlp",
    what: "network d-64-64, softplus, Gaussian loss; noise on its inputs, a limit on the singular \
           values of its weights, or a penalty on slopes above 1 make it smoother",
    paper: "Miyato et al., ICLR 2018 (spectral); Gulrajani et al., NeurIPS 2017 (penalty)",
    parameters: "noise=0, spectral=0, penalty=0, width=64, epochs=100",
    parse,
};

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    Mlp::take(words).map(|mlp| Box::new(mlp) as _)
}

/// A network of two hidden layers, trained on the mean and spread of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    training: Training,
}

impl Mlp {
    pub(super) fn take(words: &mut Words<'_>) -> Result<Self, ProxyError> {
        let from_zero = |v: &f64| v.is_finite() && *v >= 0.0;
        Ok(Self {
            training: Training {
                slope_penalty: words.take_or("penalty", 0.0, "a number from 0", from_zero)?,
                spectral: words.take_or("spectral", 0.0, "a number from 0", from_zero)?,
                ..Training::take(words, 0.0)?
            },
        })
    }

    pub(super) fn parameters(&self) -> Vec<String> {
        let mut parameters = self.training.parameters(0.0);
        parameters.extend(changed(&[
            ("spectral", self.training.spectral, 0.0),
            ("penalty", self.training.slope_penalty, 0.0),
        ]));
        parameters
    }

    pub(super) fn train(&self, data: &Data, seed: u64) -> Surface {
        self.training.run(data, seed).surface
    }
}

impl Learner for Mlp {
    fn text(&self) -> String {
        recipe("mlp", &self.parameters())
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        Ok(Box::new(self.train(data, seed)))
    }
}

#[cfg(test)]
mod tests {
    use qualm_linalg::Rows;

    use crate::proxies::testing::{bowl, correlation};

    #[test]
    fn a_bowl_is_learned_and_its_gradient_is_one() {
        let data = bowl();
        let learner = &crate::proxies::parse_list("mlp(epochs=60)").expect("a recipe")[0];
        let proxy = learner.fit(&data, 1).expect("it fits");
        let mut gradient = vec![0.0; data.x().data().len()];
        let values = proxy
            .climb(data.x(), &mut gradient)
            .expect("it has a gradient");
        assert!(correlation(&values, data.y()) > 0.95);
        let mut x = data.x().data()[..2].to_vec();
        let here = proxy.predict(Rows::new(&x, 2))[0];
        x[0] += 1e-2;
        let there = proxy.predict(Rows::new(&x, 2))[0];
        assert!((there - here - 1e-2 * gradient[0]).abs() < 1e-3);
    }

    #[test]
    fn a_spectral_limit_holds_every_slope() {
        let data = bowl();
        let learner =
            &crate::proxies::parse_list("mlp(spectral=1,epochs=20)").expect("a recipe")[0];
        let proxy = learner.fit(&data, 1).expect("it fits");
        let mut gradient = vec![0.0; data.x().data().len()];
        proxy.climb(data.x(), &mut gradient);
        let steepest = gradient
            .chunks(2)
            .map(|g| g[0].hypot(g[1]))
            .fold(0.0, f64::max);
        // One power step a training step follows the weights closely, not exactly.
        assert!(steepest < 1.05, "{steepest}");
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let data = bowl();
        let learner = &crate::proxies::parse_list("mlp(noise=0.2,epochs=2)").expect("a recipe")[0];
        let values = |seed| learner.fit(&data, seed).expect("it fits").predict(data.x());
        assert_eq!(values(1), values(1));
        assert_ne!(values(1), values(2));
        assert_eq!(learner.text(), "mlp(epochs=2,noise=0.2)");
    }
}
