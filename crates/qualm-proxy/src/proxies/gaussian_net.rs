use qualm_linalg::Rows;
use qualm_net::{
    Activation, Adam, GaussianHead, Network, Shape, SpectralLimit, Tape, clip_each, move_by_share,
    norms,
};
use qualm_stats::Stream;

use super::batches::{BATCH, Batches};
use super::surface::{Surface, first_output};
use crate::data::Data;
use crate::error::ProxyError;
use crate::words::{Words, changed};

/// How a network with a Gaussian head is trained: RoMA's, of which plain networks are the part
/// without perturbed weights. So a study compares nothing but what is switched.
///
/// d-64-64-2, softplus; Adam at 1e-3 on batches of 128; the gradient of each tensor cut to length 1
/// (Yu et al., NeurIPS 2021, and its code).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Training {
    pub(super) width: usize,
    pub(super) epochs: usize,
    /// Standard deviation of noise on the coordinates.
    pub(super) noise: f64,
    /// Weights move up the loss by this share of their norm, before the gradient is taken.
    pub(super) perturbation: f64,
    /// Weight of mean max(0, |dmu/dx| - 1)^2.
    pub(super) slope_penalty: f64,
    /// Largest singular value that a weight may have; 0 for any.
    pub(super) spectral: f64,
}

/// Standard deviations between which the head begins.
const SIGMAS: [f64; 2] = [0.2, 0.1];
const RATE: f64 = 1e-3;
const LONGEST: f64 = 1.0;
/// Steps in which weights are perturbed, RoMA's K.
pub(super) const PERTURBATION_STEPS: usize = 20;

impl Default for Training {
    fn default() -> Self {
        Self {
            width: 64,
            epochs: 100,
            noise: 0.0,
            perturbation: 0.0,
            slope_penalty: 0.0,
            spectral: 0.0,
        }
    }
}

/// A trained network and its head.
#[derive(Debug, Clone)]
pub(super) struct GaussianNet {
    pub(super) surface: Surface,
    pub(super) head: GaussianHead<f32>,
}

impl Training {
    /// Takes what all such networks share.
    pub(super) fn take(words: &mut Words<'_>, noise: f64) -> Result<Self, ProxyError> {
        let standard = Self::default();
        Ok(Self {
            width: words.count("width", standard.width)?,
            epochs: words.count("epochs", standard.epochs)?,
            noise: words.take_or("noise", noise, "a number from 0", |v: &f64| {
                v.is_finite() && *v >= 0.0
            })?,
            ..standard
        })
    }

    /// What differs from the default, as parameters of a recipe.
    pub(super) fn parameters(&self, noise: f64) -> Vec<String> {
        let standard = Self::default();
        changed(&[
            ("width", self.width as f64, standard.width as f64),
            ("epochs", self.epochs as f64, standard.epochs as f64),
            ("noise", self.noise, noise),
        ])
    }

    pub(super) fn run(&self, data: &Data, seed: u64) -> GaussianNet {
        let d = data.width();
        let shape = Shape::new(&[d, self.width, self.width, 2], Activation::Softplus);
        let mut stream = Stream::new(seed, 2);
        let mut network = Network::new(shape.clone(), &mut stream);
        let mut head = GaussianHead::new(SIGMAS[0], SIGMAS[1]);
        let mut limit = (self.spectral > 0.0).then(|| SpectralLimit::new(self.spectral));
        let mut batches = Batches::new(data);
        let rows = batches.rows(BATCH);
        let tensors = shape.tensors();
        let mut adam = Adam::new(shape.parameters(), RATE);
        let mut adam_of_bounds = Adam::new(2, RATE);
        let mut pass = Pass::new(&shape, rows);
        let steps = self.epochs * batches.in_epoch(BATCH);
        let mut before = Vec::new();
        for _ in 0..steps {
            let (x, y) = batches.draw(BATCH, &mut stream);
            for x in x.iter_mut() {
                *x += (self.noise * stream.normal()) as f32;
            }
            let x = Rows::new(x, d);
            if self.perturbation > 0.0 {
                before.clear();
                before.extend_from_slice(network.parameters());
                perturb(&mut network, &head, x, y, self.perturbation, &mut pass);
            }
            pass.loss(&network, &head, x, y, self.slope_penalty);
            if self.perturbation > 0.0 {
                network.parameters_mut().copy_from_slice(&before);
            }
            clip_each(&mut pass.gradient, &tensors, LONGEST);
            adam.step(network.parameters_mut(), &pass.gradient);
            clip_each(&mut pass.of_bounds, &[0..1, 1..2], LONGEST);
            adam_of_bounds.step(&mut head.bounds, &pass.of_bounds);
            if let Some(limit) = &mut limit {
                limit.hold(&mut network);
            }
        }
        GaussianNet {
            surface: Surface { network },
            head,
        }
    }
}

/// Moves each tensor up the loss by at most `share` of its norm, in steps of equal length
/// (adversarial weight perturbation; Wu et al., NeurIPS 2020).
fn perturb(
    network: &mut Network<f32>,
    head: &GaussianHead<f32>,
    x: Rows<'_, f32>,
    y: &[f32],
    share: f64,
    pass: &mut Pass,
) {
    let tensors = network.shape().tensors();
    let lengths = norms(network.parameters(), &tensors);
    let share = share / PERTURBATION_STEPS as f64;
    for _ in 0..PERTURBATION_STEPS {
        pass.loss(network, head, x, y, 0.0);
        move_by_share(
            network.parameters_mut(),
            &pass.gradient,
            &tensors,
            &lengths,
            share,
        );
    }
}

/// Buffers of one pass forth and back.
#[derive(Debug)]
pub(super) struct Pass {
    tape: Tape<f32>,
    of_mean: Vec<f32>,
    of_outputs: Vec<f32>,
    /// Gradients of the mean with respect to the rows, after a pass that takes them.
    pub(super) of_inputs: Vec<f32>,
    pub(super) gradient: Vec<f32>,
    pub(super) of_bounds: [f32; 2],
}

impl Pass {
    pub(super) fn new(shape: &Shape, rows: usize) -> Self {
        Self {
            tape: Tape::new(shape, rows),
            of_mean: first_output(rows, 2),
            of_outputs: vec![0.0; 2 * rows],
            of_inputs: vec![0.0; rows * shape.inputs()],
            gradient: vec![0.0; shape.parameters()],
            of_bounds: [0.0; 2],
        }
    }

    /// Gradient of the mean Gaussian loss plus `penalty` mean max(0, |dmu/dx| - 1)^2.
    fn loss(
        &mut self,
        network: &Network<f32>,
        head: &GaussianHead<f32>,
        x: Rows<'_, f32>,
        y: &[f32],
        penalty: f64,
    ) {
        let outputs = network.forward(&mut self.tape, x);
        self.of_bounds = [0.0; 2];
        head.loss(outputs, y, &mut self.of_outputs, &mut self.of_bounds);
        self.gradient.fill(0.0);
        if penalty == 0.0 {
            network.backward(&mut self.tape, &self.of_outputs, &mut self.gradient);
            return;
        }
        let share = 2.0 * penalty as f32 / y.len() as f32;
        self.mixed(network, |length| share * (length - 1.0).max(0.0));
    }

    /// Gradient of mean |dmu/dx| + alpha times the mean Gaussian loss, for RoMA's adaptation.
    pub(super) fn smooth(
        &mut self,
        network: &Network<f32>,
        head: &GaussianHead<f32>,
        x: Rows<'_, f32>,
        y: &[f32],
        alpha: f32,
    ) {
        let outputs = network.forward(&mut self.tape, x);
        head.loss(outputs, y, &mut self.of_outputs, &mut [0.0; 2]);
        self.of_outputs.iter_mut().for_each(|g| *g *= alpha);
        self.gradient.fill(0.0);
        let share = 1.0 / y.len() as f32;
        self.mixed(network, |_| share);
    }

    /// Adds the gradient of a loss of the lengths |dmu/dx|, whose derivative by a length is
    /// `by_length`.
    fn mixed(&mut self, network: &Network<f32>, by_length: impl Fn(f32) -> f32) {
        network.to_inputs(&mut self.tape, &self.of_mean, &mut self.of_inputs);
        for row in self.of_inputs.chunks_exact_mut(network.shape().inputs()) {
            let length = row.iter().map(|g| g * g).sum::<f32>().sqrt();
            if length > 0.0 {
                let factor = by_length(length) / length;
                row.iter_mut().for_each(|g| *g *= factor);
            }
        }
        network.mixed(
            &mut self.tape,
            &self.of_inputs,
            &self.of_outputs,
            &mut self.gradient,
        );
    }

    /// Means of rows; [`Pass::of_inputs`] then holds their gradients.
    pub(super) fn climb(&mut self, network: &Network<f32>, x: Rows<'_, f32>) -> Vec<f64> {
        let outputs = network.forward(&mut self.tape, x);
        let values = outputs
            .chunks_exact(2)
            .map(|row| f64::from(row[0]))
            .collect();
        network.to_inputs(&mut self.tape, &self.of_mean, &mut self.of_inputs);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_net::norm;

    #[test]
    fn perturbed_weights_stay_within_their_share() {
        let shape = Shape::new(&[2, 16, 16, 2], Activation::Softplus);
        let mut network = Network::new(shape.clone(), &mut Stream::new(1, 0));
        network.parameters_mut().iter_mut().for_each(|p| *p += 0.1);
        let before = network.parameters().to_vec();
        let (x, y): (Vec<f32>, Vec<f32>) = (vec![0.3, -0.7, 1.1, 0.2], vec![1.0, -1.0]);
        let (head, x) = (GaussianHead::new(0.2, 0.1), Rows::new(&x, 2));
        let mut pass = Pass::new(&shape, 2);
        let loss = |network: &Network<f32>| {
            let outputs = network.forward(&mut Tape::new(&shape, 2), x).to_vec();
            head.loss(&outputs, &y, &mut [0.0; 4], &mut [0.0; 2])
        };
        let low = loss(&network);
        perturb(&mut network, &head, x, &y, 0.05, &mut pass);
        assert!(loss(&network) > low);
        for tensor in shape.tensors() {
            let theta = &before[tensor.clone()];
            let moved: Vec<f32> = network.parameters()[tensor]
                .iter()
                .zip(theta)
                .map(|(a, b)| a - b)
                .collect();
            assert!(norm(&moved) <= 0.05 * norm(theta) * (1.0 + 1e-5));
        }
    }
}
