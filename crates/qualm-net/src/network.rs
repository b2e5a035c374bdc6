use std::ops::Range;

use qualm_linalg::{Elementary, Rows};
use qualm_stats::Stream;

use crate::activation::Activation;

/// Widths of a network's layers, from its inputs to its outputs, and what stands between them.
///
/// ```
/// use qualm_net::{Activation, Shape};
/// let shape = Shape::new(&[32, 64, 64, 2], Activation::Softplus);
/// assert_eq!(shape.parameters(), 33 * 64 + 65 * 64 + 65 * 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    widths: Vec<usize>,
    activation: Activation,
}

impl Shape {
    /// Widths of inputs, hidden layers and outputs.
    ///
    /// # Panics
    /// When there are fewer than two widths, or one of them is 0.
    pub fn new(widths: &[usize], activation: Activation) -> Self {
        assert!(
            widths.len() > 1 && !widths.contains(&0),
            "layers must have a width"
        );
        Self {
            widths: widths.to_vec(),
            activation,
        }
    }

    /// Numbers of weights and biases together.
    pub fn parameters(&self) -> usize {
        self.widths
            .windows(2)
            .map(|pair| (pair[0] + 1) * pair[1])
            .sum()
    }

    /// Widths of inputs, hidden layers and outputs.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// What stands between two layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Width of the inputs.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// Width of the outputs.
    pub fn outputs(&self) -> usize {
        self.widths[self.layers()]
    }

    /// Where each tensor stands among the parameters: weight and bias of the first layer, then of
    /// the next. A weight is row-major, outputs x inputs.
    pub fn tensors(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let mut tensors = Vec::with_capacity(2 * self.layers());
        for pair in self.widths.windows(2) {
            for length in [pair[0] * pair[1], pair[1]] {
                tensors.push(end..end + length);
                end += length;
            }
        }
        tensors
    }
}

/// A network with its parameters in one buffer, so that whatever changes them (an optimiser, a
/// perturbation, a copy) works on slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Network<T> {
    shape: Shape,
    tensors: Vec<Range<usize>>,
    parameters: Vec<T>,
}

impl<T: Elementary> Network<T> {
    /// Weights drawn uniformly from +-sqrt(6 / (inputs + outputs)) (Glorot and Bengio, AISTATS
    /// 2010, eq. 16), biases 0.
    pub fn new(shape: Shape, stream: &mut Stream) -> Self {
        let mut parameters = vec![T::ZERO; shape.parameters()];
        let tensors = shape.tensors();
        for (weight, pair) in tensors.iter().step_by(2).zip(shape.widths.windows(2)) {
            let limit = (6.0 / (pair[0] + pair[1]) as f64).sqrt();
            for value in &mut parameters[weight.clone()] {
                *value = T::of(limit * (2.0 * stream.unit() - 1.0));
            }
        }
        Self {
            shape,
            tensors,
            parameters,
        }
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Weights and biases ([`Shape::tensors`]).
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// Weights and biases ([`Shape::tensors`]).
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    pub(crate) fn weight(&self, layer: usize) -> Rows<'_, T> {
        let range = self.tensors[2 * layer].clone();
        Rows::new(&self.parameters[range], self.shape.widths[layer])
    }

    pub(crate) fn bias(&self, layer: usize) -> &[T] {
        &self.parameters[self.tensors[2 * layer + 1].clone()]
    }

    pub(crate) fn tensor(&self, index: usize) -> Range<usize> {
        self.tensors[index].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variances of the two weights of a network.
    fn variances(network: &Network<f64>) -> [f64; 2] {
        [0, 1].map(|layer| {
            let weight = network.weight(layer).data();
            weight.iter().map(|w| w * w).sum::<f64>() / weight.len() as f64
        })
    }

    #[test]
    fn weights_have_the_variance_of_the_paper() {
        let shape = Shape::new(&[100, 300, 50], Activation::LEAKY_RELU);
        let network = Network::<f64>::new(shape, &mut Stream::new(1, 0));
        for (got, want) in variances(&network)
            .into_iter()
            .zip([2.0 / 400.0, 2.0 / 350.0])
        {
            assert!((got / want - 1.0).abs() < 0.05, "{got} {want}");
        }
        assert!(network.bias(0).iter().all(|&b| b == 0.0));
    }

    #[test]
    fn tensors_follow_each_other_without_a_gap() {
        let shape = Shape::new(&[3, 4, 2], Activation::RELU);
        assert_eq!(shape.tensors(), [0..12, 12..16, 16..24, 24..26]);
        assert_eq!(shape.parameters(), 26);
    }
}
