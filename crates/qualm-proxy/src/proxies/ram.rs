use qualm_linalg::Rows;
use qualm_net::{Activation, Adam, Network, Shape, Tape, list_cross_entropy};
use qualm_stats::Stream;

use super::Entry;
use super::batches::Batches;
use super::surface::Surface;
use crate::data::Data;
use crate::error::ProxyError;
use crate::proxy::{Features, Learner, Proxy};
use crate::words::{Words, changed, recipe};

pub(super) const ENTRY: Entry = Entry {
    word: "ram",
    what: "network that learns the order of labels in lists (ListNet), not the labels",
    paper: "Tan et al., ICLR 2025",
    parameters: "lists=2000, size=1000, width=256",
    parse,
};

const LISTS: usize = 2_000;
const SIZE: usize = 1_000;
const WIDTH: usize = 256;
const RATE: f64 = 3e-4;
const DECAY: f64 = 1e-5;

fn parse(words: &mut Words<'_>) -> Result<Box<dyn Learner>, ProxyError> {
    Ok(Box::new(Ram {
        lists: words.count("lists", LISTS)?,
        size: words.count("size", SIZE)?,
        width: words.count("width", WIDTH)?,
    }))
}

/// Ranking model: cross entropy between softmax(y) and softmax(f) over lists drawn at random.
///
/// Such an f has no scale; its values are made standard over the visible designs, as its search
/// takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ram {
    lists: usize,
    size: usize,
    width: usize,
}

impl Learner for Ram {
    fn text(&self) -> String {
        let parameters = [
            ("lists", self.lists as f64, LISTS as f64),
            ("size", self.size as f64, SIZE as f64),
            ("width", self.width as f64, WIDTH as f64),
        ];
        recipe("ram", &changed(&parameters))
    }

    fn fit(&self, data: &Data, seed: u64) -> Result<Box<dyn Proxy>, ProxyError> {
        let d = data.width();
        let shape = Shape::new(&[d, self.width, self.width, 1], Activation::RELU);
        let mut stream = Stream::new(seed, 2);
        let mut network = Network::new(shape.clone(), &mut stream);
        let mut batches = Batches::new(data);
        let rows = batches.rows(self.size);
        let mut tape = Tape::new(&shape, rows);
        let mut adam = Adam::new(shape.parameters(), RATE).with_decay(DECAY);
        let mut gradient = vec![0.0f32; shape.parameters()];
        let mut of_outputs = vec![0.0f32; rows];
        for _ in 0..self.lists {
            let (x, y) = batches.draw(self.size, &mut stream);
            let outputs = network.forward(&mut tape, Rows::new(x, d));
            list_cross_entropy(outputs, y, &mut of_outputs);
            gradient.fill(0.0);
            network.backward(&mut tape, &of_outputs, &mut gradient);
            adam.step(network.parameters_mut(), &gradient);
        }
        let surface = Surface { network };
        let values = surface.predict(data.x());
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        let deviation = (variance / values.len() as f64).sqrt();
        if deviation > 0.0 {
            Ok(Box::new(RamProxy {
                surface,
                mean,
                deviation,
            }))
        } else {
            Err(ProxyError::Fit {
                proxy: self.text(),
                task: data.origin().into(),
                problem: "it gives all designs one value; raise `lists`".into(),
            })
        }
    }
}

/// A trained [`Ram`].
#[derive(Debug, Clone)]
pub struct RamProxy {
    surface: Surface,
    mean: f64,
    deviation: f64,
}

impl RamProxy {
    fn standard(&self, mut values: Vec<f64>) -> Vec<f64> {
        for value in &mut values {
            *value = (*value - self.mean) / self.deviation;
        }
        values
    }
}

impl Proxy for RamProxy {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        self.standard(self.surface.predict(x))
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        let values = self.surface.climb(x, gradient)?;
        gradient.iter_mut().for_each(|g| *g /= self.deviation);
        Some(self.standard(values))
    }

    fn features(&self, x: Rows<'_, f64>) -> Option<Features> {
        self.surface.features(x)
    }

    fn shaken(&self, x: Rows<'_, f64>, share: f64, seed: u64) -> Option<Vec<f64>> {
        Some(self.standard(self.surface.shaken(x, share, seed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxies::testing::bowl;
    use qualm_stats::spearman;

    #[test]
    fn it_learns_the_order() {
        let data = bowl();
        let learner = Ram {
            lists: 400,
            size: 200,
            width: 64,
        };
        let proxy = learner.fit(&data, 1).expect("it fits");
        let values = proxy.predict(data.x());
        assert!(spearman(&values, data.y()).expect("they vary") > 0.9);
        assert!(values.iter().sum::<f64>().abs() < 1e-6 * values.len() as f64);
    }
}
