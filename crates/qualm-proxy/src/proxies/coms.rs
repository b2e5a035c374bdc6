use qualm_linalg::{Rows, add_multiple};
use qualm_net::{Activation, Adam, Network, Shape, Tape, squared_error};
use qualm_stats::Stream;

use super::Entry;
use super::batches::{BATCH, Batches};
use super::surface::Surface;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Features, Learner, OwnSearch, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "coms",
    what: "network taught to stay low where its own ascent leads, with a dual variable that holds \
           the overestimate there at tau",
    paper: "Trabucco et al., ICML 2021",
    parameters: "tau=0.5, rate=0.05, width=256, epochs=50",
    parse,
};

const TAU: f64 = 0.5;
const RATE: f64 = 0.05;
const WIDTH: usize = 256;
const EPOCHS: usize = 50;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    Ok(Box::new(Coms {
        tau: words.positive("tau", TAU)?,
        rate: words.positive("rate", RATE)?,
        width: words.count("width", WIDTH)?,
        epochs: words.count("epochs", EPOCHS)?,
    }))
}

/// A conservative objective model: minimises mean (y - f(x))^2 + alpha mean (f(x-) - f(x)), where
/// x- is 50 steps of ascent from x, each rate sqrt(d) times the gradient.
///
/// alpha minimises alpha (tau - mean (f(x-) - f(x))): it rises while the overestimate is above
/// tau. In training and in its own search the designs move in standard units.
#[derive(Debug, Clone, PartialEq)]
pub struct Coms {
    tau: f64,
    rate: f64,
    width: usize,
    epochs: usize,
}

/// Steps of ascent to the designs that are kept low, and of the search afterwards.
const ASCENT: usize = 50;
const LEARNING_RATE: f64 = 3e-4;
const FIRST_ALPHA: f64 = 0.1;
const DUAL_RATE: f64 = 0.01;

/// The price of overestimation, learned as ln alpha.
#[derive(Debug)]
struct Dual {
    log_alpha: [f64; 1],
    adam: Adam<f64>,
    tau: f64,
}

impl Dual {
    fn new(tau: f64) -> Self {
        Self {
            log_alpha: [FIRST_ALPHA.ln()],
            adam: Adam::new(1, DUAL_RATE),
            tau,
        }
    }

    fn alpha(&self) -> f64 {
        self.log_alpha[0].exp()
    }

    fn update(&mut self, overestimate: f64) {
        let gradient = self.alpha() * (self.tau - overestimate);
        self.adam.step(&mut self.log_alpha, &[gradient]);
    }
}

impl Learner for Coms {
    fn text(&self) -> String {
        let parameters = [
            ("tau", self.tau, TAU),
            ("rate", self.rate, RATE),
            ("width", self.width as f64, WIDTH as f64),
            ("epochs", self.epochs as f64, EPOCHS as f64),
        ];
        recipe("coms", &changed(&parameters))
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let d = data.width();
        let shape = Shape::new(&[d, self.width, self.width, 1], Activation::RELU);
        let mut stream = Stream::new(seed, 2);
        let mut network = Network::new(shape.clone(), &mut stream);
        let mut batches = Batches::new(data);
        let rows = batches.rows(BATCH);
        let mut tape = Tape::new(&shape, rows);
        let mut adam = Adam::new(shape.parameters(), LEARNING_RATE);
        let mut dual = Dual::new(self.tau);
        let mut gradient = vec![0.0f32; shape.parameters()];
        let mut of_outputs = vec![0.0f32; rows];
        let mut of_inputs = vec![0.0f32; rows * d];
        let ones = vec![1.0f32; rows];
        let step = (self.rate * (d as f64).sqrt()) as f32;
        for _ in 0..self.epochs * batches.in_epoch(BATCH) {
            let (x, y) = batches.draw(BATCH, &mut stream);
            let mut adversarial = x.to_vec();
            for _ in 0..ASCENT {
                network.forward(&mut tape, Rows::new(&adversarial, d));
                network.to_inputs(&mut tape, &ones, &mut of_inputs);
                add_multiple(&mut adversarial, step, &of_inputs);
            }
            gradient.fill(0.0);
            let share = (dual.alpha() / rows as f64) as f32;
            let outputs = network.forward(&mut tape, Rows::new(&adversarial, d));
            let above = outputs.iter().map(|&f| f64::from(f)).sum::<f64>() / rows as f64;
            network.backward(&mut tape, &vec![share; rows], &mut gradient);
            let outputs = network.forward(&mut tape, Rows::new(x, d));
            let below = outputs.iter().map(|&f| f64::from(f)).sum::<f64>() / rows as f64;
            squared_error(outputs, y, &mut of_outputs);
            of_outputs.iter_mut().for_each(|g| *g -= share);
            network.backward(&mut tape, &of_outputs, &mut gradient);
            adam.step(network.parameters_mut(), &gradient);
            dual.update(above - below);
        }
        Ok(Box::new(ComsProxy {
            surface: Surface { network },
            rate: f64::from(step),
        }))
    }
}

/// A trained [`Coms`].
#[derive(Debug, Clone)]
pub struct ComsProxy {
    surface: Surface,
    rate: f64,
}

impl Proxy for ComsProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        self.surface.predict(x)
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        self.surface.climb(x, gradient)
    }

    fn features(&self, x: Rows<'_, f64>) -> Option<Features> {
        self.surface.features(x)
    }

    fn shaken(&self, x: Rows<'_, f64>, share: f64, seed: u64) -> Option<Vec<f64>> {
        self.surface.shaken(x, share, seed)
    }

    fn own_search(&self) -> Option<OwnSearch> {
        Some(OwnSearch {
            steps: ASCENT,
            rate: self.rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::{bowl, correlation};

    #[test]
    fn the_price_rises_where_the_overestimate_is_above_tau() {
        let mut dual = Dual::new(0.5);
        dual.update(0.9);
        assert!(dual.alpha() > FIRST_ALPHA);
        let mut dual = Dual::new(0.5);
        dual.update(0.1);
        assert!(dual.alpha() < FIRST_ALPHA);
    }

    #[test]
    fn it_learns() {
        let data = bowl();
        let learner = Coms {
            tau: 0.5,
            rate: 0.05,
            width: 64,
            epochs: 100,
        };
        let proxy = learner.fit(&data, 1).expect("it fits");
        assert!(correlation(&proxy.predict(data.x()), data.y()) > 0.8);
        assert_eq!(learner.text(), "coms(width=64,epochs=100)");
    }
}
