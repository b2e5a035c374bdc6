use std::ops::Range;

use qualm_linalg::{
    Elementary, Rows, add_rows, add_to_rows, product_nn, product_nt, product_tn, update,
};
use qualm_stats::Stream;

/// A layer over each row of a sequence and its two neighbours:
/// `relu(W [x_{t-1}; x_t; x_{t+1}] + b)`, zeros beyond the ends.
///
/// It holds no parameters but says where they stand in a buffer, as a
/// [`Network`](crate::Network)'s do.
///
/// ```
/// use qualm_net::{Convolution, ConvolutionTape};
/// let layer = Convolution::new(0, 1, 1);
/// let parameters = [1.0, 10.0, 100.0, 0.0]; // before, here, behind; bias
/// let mut tape = ConvolutionTape::default();
/// // Two sequences: what ends one does not look into the next.
/// let y = layer.forward(&parameters, &[1.0f32, 2.0, 3.0], &[0..2, 2..3], &mut tape);
/// assert_eq!(y, [210.0, 21.0, 30.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convolution {
    inputs: usize,
    outputs: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

/// What a pass through a [`Convolution`] leaves for the way back. Grows to the largest batch.
#[derive(Debug, Clone, Default)]
pub struct ConvolutionTape<T> {
    windows: Vec<T>,
    of_windows: Vec<T>,
    outputs: Vec<T>,
}

impl<T> ConvolutionTape<T> {
    /// Outputs of the last forward pass, row by row.
    pub fn outputs(&self) -> &[T] {
        &self.outputs
    }
}

impl Convolution {
    /// A layer whose parameters begin at `start`: a weight, outputs x 3 inputs, then a bias.
    pub fn new(start: usize, inputs: usize, outputs: usize) -> Self {
        let bias = start + 3 * inputs * outputs;
        Self {
            inputs,
            outputs,
            weight: start..bias,
            bias: bias..bias + outputs,
        }
    }

    /// One past its last parameter.
    pub fn end(&self) -> usize {
        self.bias.end
    }

    /// Draws the weights uniformly from +-sqrt(6 / (3 inputs)) (He et al., ICCV 2015); biases 0.
    pub fn draw<T: Elementary>(&self, parameters: &mut [T], stream: &mut Stream) {
        let limit = (2.0 / self.inputs as f64).sqrt();
        for value in &mut parameters[self.weight.clone()] {
            *value = T::of(limit * (2.0 * stream.unit() - 1.0));
        }
        parameters[self.bias.clone()].fill(T::ZERO);
    }

    /// Outputs of rows that stand in these sequences, which leave no row out.
    ///
    /// # Panics
    /// When rows and sequences do not fit.
    pub fn forward<'t, T: Elementary>(
        &self,
        parameters: &[T],
        x: &[T],
        sequences: &[Range<usize>],
        tape: &'t mut ConvolutionTape<T>,
    ) -> &'t [T] {
        let (wide, rows) = (3 * self.inputs, x.len() / self.inputs);
        // Every place is written below; what was there before does not matter.
        tape.windows.resize(rows * wide, T::ZERO);
        tape.outputs.resize(rows * self.outputs, T::ZERO);
        for sequence in sequences {
            for row in sequence.clone() {
                let window = &mut tape.windows[row * wide..(row + 1) * wide];
                for (part, place) in window.chunks_exact_mut(self.inputs).zip(0..3) {
                    match (row + place).checked_sub(1) {
                        Some(at) if sequence.contains(&at) => {
                            part.copy_from_slice(&x[at * self.inputs..(at + 1) * self.inputs]);
                        }
                        _ => part.fill(T::ZERO),
                    }
                }
            }
        }
        let weight = Rows::new(&parameters[self.weight.clone()], wide);
        product_nt(&mut tape.outputs, Rows::new(&tape.windows, wide), weight);
        add_to_rows(&mut tape.outputs, &parameters[self.bias.clone()]);
        update([&mut tape.outputs], [], |[y], []| {
            [if y > T::ZERO { y } else { T::ZERO }]
        });
        &tape.outputs
    }

    /// Adds to `gradient` what the parameters' gradient is where that of the outputs is
    /// `of_outputs`, which is changed, and sets `of_x` to that of the inputs, at the last forward
    /// pass.
    ///
    /// # Panics
    /// When lengths do not fit.
    pub fn backward<T: Elementary>(
        &self,
        parameters: &[T],
        sequences: &[Range<usize>],
        tape: &mut ConvolutionTape<T>,
        of_outputs: &mut [T],
        gradient: &mut [T],
        of_x: &mut Vec<T>,
    ) {
        let wide = 3 * self.inputs;
        update([of_outputs], [&tape.outputs], |[g], [y]| {
            [if y > T::ZERO { g } else { T::ZERO }]
        });
        let behind = Rows::new(of_outputs, self.outputs);
        let windows = Rows::new(&tape.windows, wide);
        product_tn(&mut gradient[self.weight.clone()], behind, windows);
        add_rows(&mut gradient[self.bias.clone()], of_outputs);
        tape.of_windows.clear();
        tape.of_windows.resize(tape.windows.len(), T::ZERO);
        let weight = Rows::new(&parameters[self.weight.clone()], wide);
        product_nn(&mut tape.of_windows, behind, weight);
        of_x.clear();
        of_x.resize(behind.len() * self.inputs, T::ZERO);
        for sequence in sequences {
            for row in sequence.clone() {
                let window = &tape.of_windows[row * wide..(row + 1) * wide];
                for (part, place) in window.chunks_exact(self.inputs).zip(0..3) {
                    if let Some(at) = (row + place).checked_sub(1)
                        && sequence.contains(&at)
                    {
                        let to = &mut of_x[at * self.inputs..(at + 1) * self.inputs];
                        update([to], [part], |[to], [part]| [to + part]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients of sum_i w_i y_i against finite differences, over two sequences.
    #[test]
    fn gradients_are_those_of_finite_differences() {
        let layer = Convolution::new(2, 3, 4);
        let mut stream = Stream::new(3, 0);
        let mut parameters = vec![0.0f64; layer.end()];
        layer.draw(&mut parameters, &mut stream);
        let normal = |n: usize, stream: &mut Stream| -> Vec<f64> {
            (0..n).map(|_| stream.normal()).collect()
        };
        parameters[layer.bias.clone()].copy_from_slice(&normal(4, &mut stream));
        let (x, w) = (normal(7 * 3, &mut stream), normal(7 * 4, &mut stream));
        let sequences = [0..4, 4..7];
        let mut tape = ConvolutionTape::default();
        let mut value = |parameters: &[f64], x: &[f64]| -> f64 {
            let y = layer.forward(parameters, x, &sequences, &mut tape);
            y.iter().zip(&w).map(|(y, w)| y * w).sum()
        };
        let slope = |f: &mut dyn FnMut(f64) -> f64| (f(1e-6) - f(-1e-6)) / 2e-6;
        let slopes_of_parameters: Vec<f64> = (0..parameters.len())
            .map(|i| {
                slope(&mut |h| {
                    let mut moved = parameters.clone();
                    moved[i] += h;
                    value(&moved, &x)
                })
            })
            .collect();
        let slopes_of_x: Vec<f64> = (0..x.len())
            .map(|i| {
                slope(&mut |h| {
                    let mut moved = x.clone();
                    moved[i] += h;
                    value(&parameters, &moved)
                })
            })
            .collect();
        let mut tape = ConvolutionTape::default();
        layer.forward(&parameters, &x, &sequences, &mut tape);
        let (mut gradient, mut of_x) = (vec![0.0; parameters.len()], Vec::new());
        layer.backward(
            &parameters,
            &sequences,
            &mut tape,
            &mut w.clone(),
            &mut gradient,
            &mut of_x,
        );
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close(&gradient, &slopes_of_parameters));
        assert!(close(&of_x, &slopes_of_x));
    }
}
