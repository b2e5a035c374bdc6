use std::sync::Arc;

use crate::layer::{Layer, widened};

/// One way in which stored numbers may have come about from features and a head.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) pooling: Option<Pooling>,
    pub(crate) activation: Option<Activation>,
    pub(crate) layer: Arc<Layer>,
    pub(crate) output: Output,
}

/// What turns the activations before pooling into features: the mean over positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pooling {
    pub(crate) positions: usize,
    pub(crate) order: Order,
}

/// How channels and positions lie in a row of activations before pooling.
///
/// ```
/// use qualm_data::{Head, MemorySet};
/// use qualm_head::{Diagnosis, Order, check};
/// let head = Head::new(vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 0.0], 2)?;
/// // Two positions of two channels; the logits are the means over positions.
/// let set = MemorySet::new("early")
///     .with_features(vec![1.0, 10.0, 3.0, 20.0, 5.0, 50.0, 4.0, 60.0], 4)?
///     .with_logits(vec![2.0, 15.0, 4.5, 55.0], 2)?;
/// let Diagnosis::BeforePooling { positions, order, .. } = check(&set, &head)?.diagnosis else {
///     panic!("pooling was not found");
/// };
/// assert_eq!((positions, order), (2, Order::ChannelsLast));
/// # Ok::<(), qualm_head::HeadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All positions of the first channel, then those of the second (PyTorch's layout).
    ChannelsFirst,
    /// All channels of the first position, then those of the second (TensorFlow's layout).
    ChannelsLast,
}

/// A function applied to each feature between the last layers of a network.
///
/// ```
/// use qualm_head::Activation;
/// assert_eq!(Activation::Relu6.of(7.5), 6.0);
/// assert_eq!(Activation::Relu6.name(), "ReLU6");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x / (1 + exp(-x))`, also called swish.
    Silu,
    /// `x min(max(x + 3, 0), 6) / 6`.
    HardSwish,
    /// `x Phi(x)` in the form with tanh, within 5e-4 of the form with the error function.
    Gelu,
}

impl Activation {
    /// All of them, common ones first.
    pub const ALL: [Self; 5] = [
        Self::Relu,
        Self::Relu6,
        Self::Silu,
        Self::HardSwish,
        Self::Gelu,
    ];

    /// The name that papers use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Silu => "SiLU",
            Self::HardSwish => "hard swish",
            Self::Gelu => "GELU",
        }
    }

    /// Its value at `x`.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Relu => x.max(0.0),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Silu => x / (1.0 + (-x).exp()),
            Self::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::Gelu => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + inner.tanh())
            }
        }
    }
}

/// What became of the logits before they were stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// Nothing.
    AsTheyAre,
    /// Multiplied by a number.
    Scaled(f64),
    /// A number a class was added.
    Shifted(Vec<f64>),
    /// Stored class c is class `order[c]` of the head.
    Permuted(Vec<usize>),
    /// Their softmax was stored.
    Softmax,
    /// The logarithm of their softmax was stored.
    LogSoftmax,
    /// A number a row was added, whichever it was.
    RowShifted,
}

impl Recipe {
    /// The plain recipe: features times weight plus bias.
    pub(crate) fn plain(layer: Arc<Layer>) -> Self {
        Self {
            pooling: None,
            activation: None,
            layer,
            output: Output::AsTheyAre,
        }
    }

    /// Whether rows of `dim` features and `classes` stored numbers can be compared.
    pub(crate) fn fits(&self, dim: usize, classes: usize) -> bool {
        let positions = self.pooling.map_or(1, |pooling| pooling.positions);
        positions.checked_mul(self.layer.dim()) == Some(dim) && self.layer.classes() == classes
    }

    /// Replaces `out` by what would have been stored; `stored` is what was, of which only
    /// [`Output::RowShifted`] looks at the mean of each row.
    pub(crate) fn predict(&self, features: &[f32], stored: &[f32], out: &mut Vec<f64>) {
        let mut inputs = widened(features);
        let activate = |inputs: &mut [f64]| {
            if let Some(activation) = self.activation {
                inputs.iter_mut().for_each(|x| *x = activation.of(*x));
            }
        };
        activate(&mut inputs);
        if let Some(pooling) = self.pooling {
            inputs = pooling.mean(&inputs, self.layer.dim());
        }
        self.layer.logits(&inputs, out);
        self.output.apply(out, stored, self.layer.classes());
    }
}

impl Pooling {
    fn mean(self, inputs: &[f64], dim: usize) -> Vec<f64> {
        let mut pooled = Vec::with_capacity(inputs.len() / self.positions);
        for row in inputs.chunks_exact(dim * self.positions) {
            for channel in 0..dim {
                let sum: f64 = match self.order {
                    Order::ChannelsFirst => row
                        .iter()
                        .skip(channel * self.positions)
                        .take(self.positions)
                        .sum(),
                    Order::ChannelsLast => row.iter().skip(channel).step_by(dim).sum(),
                };
                pooled.push(sum / self.positions as f64);
            }
        }
        pooled
    }
}

impl Output {
    fn apply(&self, logits: &mut [f64], stored: &[f32], classes: usize) {
        for (row, stored) in logits
            .chunks_exact_mut(classes)
            .zip(stored.chunks_exact(classes))
        {
            match self {
                Self::AsTheyAre => {}
                Self::Scaled(factor) => row.iter_mut().for_each(|l| *l *= factor),
                Self::Shifted(shifts) => row.iter_mut().zip(shifts).for_each(|(l, s)| *l += s),
                Self::Permuted(order) => {
                    let before = row.to_vec();
                    for (l, &from) in row.iter_mut().zip(order) {
                        *l = before[from];
                    }
                }
                Self::Softmax => {
                    let normaliser = log_sum_exp(row);
                    row.iter_mut().for_each(|l| *l = (*l - normaliser).exp());
                }
                Self::LogSoftmax => {
                    let normaliser = log_sum_exp(row);
                    row.iter_mut().for_each(|l| *l -= normaliser);
                }
                Self::RowShifted => {
                    let differences = stored.iter().zip(row.iter());
                    let sum: f64 = differences.map(|(&s, l)| f64::from(s) - l).sum();
                    let shift = sum / classes as f64;
                    row.iter_mut().for_each(|l| *l += shift);
                }
            }
        }
    }
}

/// `log sum exp` in `f64`, safe for logits of any size.
pub(crate) fn log_sum_exp(logits: &[f64]) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + logits.iter().map(|l| (l - max).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_by_hand() {
        let at = |x: f64| Activation::ALL.map(|activation| activation.of(x));
        assert_eq!(at(0.0), [0.0; 5]);
        assert_eq!(at(-1000.0), [0.0, 0.0, 0.0, 0.0, 0.0]);
        let [relu, relu6, silu, hard_swish, gelu] = at(1.0);
        assert_eq!((relu, relu6, hard_swish), (1.0, 1.0, 4.0 / 6.0));
        assert!((silu - 0.731_058_578_630_004_9).abs() < 1e-15);
        // Phi(1) = 0.841345.
        assert!((gelu - 0.841_345).abs() < 5e-4);
    }

    #[test]
    fn pooling_in_both_orders() {
        // Two channels, three positions: channel 0 holds 1, 2, 3 and channel 1 holds 10, 20, 30.
        let pool = |order, row: &[f64]| {
            Pooling {
                positions: 3,
                order,
            }
            .mean(row, 2)
        };
        let first = pool(Order::ChannelsFirst, &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
        let last = pool(Order::ChannelsLast, &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
        assert_eq!(first, [2.0, 20.0]);
        assert_eq!(last, [2.0, 20.0]);
    }

    #[test]
    fn outputs_by_hand() {
        let after = |output: Output| {
            let mut row = [0.0, 3f64.ln()];
            output.apply(&mut row, &[5.0, 7.0], 2);
            row
        };
        assert_eq!(after(Output::Scaled(2.0))[1], 2.0 * 3f64.ln());
        assert_eq!(after(Output::Shifted(vec![1.0, 0.0]))[0], 1.0);
        assert_eq!(after(Output::Permuted(vec![1, 0])), [3f64.ln(), 0.0]);
        let [p, q] = after(Output::Softmax);
        assert!((p - 0.25).abs() < 1e-15 && (q - 0.75).abs() < 1e-15);
        assert!((after(Output::LogSoftmax)[0] + 4f64.ln()).abs() < 1e-15);
        let [a, b] = after(Output::RowShifted);
        assert!((a + b - 12.0).abs() < 1e-14);
    }
}
