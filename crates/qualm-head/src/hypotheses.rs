use std::sync::Arc;

use qualm_data::Head;
use qualm_linalg::{Rows, product_tn};

use crate::blocks::Block;
use crate::diagnosis::{BiasFault, Diagnosis};
use crate::difference::distance;
use crate::layer::{Layer, widened};
use crate::recipe::{Activation, Order, Output, Pooling, Recipe, log_sum_exp};

/// The first rows of a feature set, on which explanations are tried.
pub(crate) struct Sample<'a> {
    head: &'a Head,
    layer: Arc<Layer>,
    block: &'a Block,
    dim: usize,
    classes: usize,
    /// The logits of the head as it is, where widths allow them.
    computed: Option<Vec<f64>>,
}

/// An explanation, and how to compute what would have been stored if it were true.
pub(crate) struct Proposal {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) recipe: Recipe,
}

/// A question to the sample; answers with proposals, which need not be right.
type Hypothesis = fn(&Sample<'_>) -> Vec<Proposal>;

/// What can go wrong, in the order in which explanations are preferred.
const HYPOTHESES: [Hypothesis; 9] = [
    before_activation,
    before_pooling,
    transposed_weight,
    wrong_bias,
    scaled,
    permuted,
    probabilities,
    log_probabilities,
    shifted_rows,
];

/// Fewer rows than this fit anything that has a number a class.
const FEWEST_ROWS: usize = 8;

/// How far sums of probabilities and logarithms of such sums may be from 1 and 0: half precision
/// loses as much over a thousand classes.
const SUM_TOLERANCE: f64 = 0.02;

impl<'a> Sample<'a> {
    /// `block` has features of width `dim` and logits of width `classes`.
    pub(crate) fn new(head: &'a Head, block: &'a Block, dim: usize, classes: usize) -> Self {
        let layer = Arc::new(Layer::of(head));
        let plain = Recipe::plain(Arc::clone(&layer));
        let computed = plain.fits(dim, classes).then(|| {
            let mut computed = Vec::new();
            plain.predict(&block.features, &block.logits, &mut computed);
            computed
        });
        Self {
            head,
            layer,
            block,
            dim,
            classes,
            computed,
        }
    }

    pub(crate) fn head(&self) -> &Head {
        self.head
    }

    /// Width of the features.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// Width of the stored logits.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Root mean square difference of the head as it is, infinite where widths forbid it.
    pub(crate) fn plain_distance(&self) -> f64 {
        self.computed
            .as_ref()
            .map_or(f64::INFINITY, |c| distance(c, &self.block.logits))
    }

    /// The proposal that comes nearest to the stored numbers, with its distance. A later
    /// hypothesis must halve the distance of an earlier one to win over it.
    pub(crate) fn best(&self) -> Option<(Proposal, f64)> {
        let mut best: Option<(Proposal, f64)> = None;
        let mut predicted = Vec::new();
        for proposal in HYPOTHESES.iter().flat_map(|ask| ask(self)) {
            if !proposal.recipe.fits(self.dim, self.classes) {
                continue;
            }
            let (features, stored) = (&self.block.features, &self.block.logits);
            proposal.recipe.predict(features, stored, &mut predicted);
            let apart = distance(&predicted, stored);
            if best.as_ref().is_none_or(|(_, least)| apart < least / 2.0) {
                best = Some((proposal, apart));
            }
        }
        best
    }

    /// Correlation of stored and computed logits after the mean of each class is taken away from
    /// both; 0 where there is none to compute.
    pub(crate) fn correlation(&self) -> f64 {
        let Some(computed) = &self.computed else {
            return 0.0;
        };
        let mut stored = widened(&self.block.logits);
        let mut computed = computed.clone();
        centre_columns(&mut stored, self.classes);
        centre_columns(&mut computed, self.classes);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let both = (dot(&stored, &stored) * dot(&computed, &computed)).sqrt();
        if both > 0.0 {
            dot(&stored, &computed) / both
        } else {
            0.0
        }
    }

    /// Whether every stored row sums to one and is nowhere negative.
    pub(crate) fn stores_probabilities(&self) -> bool {
        self.classes > 1
            && self.stored_rows().all(|row| {
                let sum: f64 = row.iter().copied().map(f64::from).sum();
                row.iter().all(|&p| p >= 0.0) && (sum - 1.0).abs() <= SUM_TOLERANCE
            })
    }

    /// Whether the exponentials of every stored row sum to one.
    pub(crate) fn stores_log_probabilities(&self) -> bool {
        self.classes > 1
            && self
                .stored_rows()
                .all(|row| log_sum_exp(&widened(row)).abs() <= SUM_TOLERANCE)
    }

    fn stored_rows(&self) -> impl Iterator<Item = &[f32]> {
        self.block.logits.chunks_exact(self.classes)
    }

    /// The head as it is, with another output.
    fn with_output(&self, diagnosis: Diagnosis, output: Output) -> Vec<Proposal> {
        let recipe = Recipe {
            output,
            ..Recipe::plain(Arc::clone(&self.layer))
        };
        vec![Proposal { diagnosis, recipe }]
    }
}

fn centre_columns(numbers: &mut [f64], width: usize) {
    let rows = (numbers.len() / width).max(1) as f64;
    for column in 0..width {
        let sum: f64 = numbers.iter().skip(column).step_by(width).sum();
        let entries = numbers.iter_mut().skip(column).step_by(width);
        entries.for_each(|x| *x -= sum / rows);
    }
}

fn before_activation(sample: &Sample<'_>) -> Vec<Proposal> {
    Activation::ALL
        .map(|activation| Proposal {
            diagnosis: Diagnosis::BeforeActivation(activation),
            recipe: Recipe {
                activation: Some(activation),
                ..Recipe::plain(Arc::clone(&sample.layer))
            },
        })
        .into()
}

fn before_pooling(sample: &Sample<'_>) -> Vec<Proposal> {
    let width = sample.layer.dim();
    if sample.dim <= width || !sample.dim.is_multiple_of(width) {
        return Vec::new();
    }
    let positions = sample.dim / width;
    let activations = std::iter::once(None).chain(Activation::ALL.map(Some));
    activations
        .flat_map(|activation| {
            [Order::ChannelsFirst, Order::ChannelsLast].map(|order| (activation, order))
        })
        .map(|(activation, order)| Proposal {
            diagnosis: Diagnosis::BeforePooling {
                positions,
                order,
                activation,
            },
            recipe: Recipe {
                pooling: Some(Pooling { positions, order }),
                activation,
                ..Recipe::plain(Arc::clone(&sample.layer))
            },
        })
        .collect()
}

/// The numbers of the weight read column by column: with the bias where it has one number a
/// class, without where it has one a feature.
fn transposed_weight(sample: &Sample<'_>) -> Vec<Proposal> {
    let head = sample.head;
    let bias = if head.classes() == sample.classes && head.dim() == sample.dim {
        widened(head.bias())
    } else if head.classes() == sample.dim && head.dim() == sample.classes {
        vec![0.0; sample.classes]
    } else {
        return Vec::new();
    };
    vec![Proposal {
        diagnosis: Diagnosis::TransposedWeight,
        recipe: Recipe::plain(Arc::new(Layer::transposed(head.weight(), bias, sample.dim))),
    }]
}

/// A constant a class, and whether it is the bias itself.
fn wrong_bias(sample: &Sample<'_>) -> Vec<Proposal> {
    let Some(computed) = &sample.computed else {
        return Vec::new();
    };
    if sample.block.rows < FEWEST_ROWS {
        return Vec::new();
    }
    let mut shifts = vec![0.0; sample.classes];
    for (row, stored) in computed
        .chunks_exact(sample.classes)
        .zip(sample.stored_rows())
    {
        for (shift, (c, &s)) in shifts.iter_mut().zip(row.iter().zip(stored)) {
            *shift += f64::from(s) - c;
        }
    }
    let rows = sample.block.rows as f64;
    shifts.iter_mut().for_each(|shift| *shift /= rows);

    let bias = sample.head.bias();
    let negative: Vec<f32> = bias.iter().map(|b| -b).collect();
    let size = distance(&vec![0.0; bias.len()], bias);
    let near = |what: &[f32]| distance(&shifts, what) <= 0.05 * size;
    let fault = if size == 0.0 {
        BiasFault::MissingInHead
    } else if near(&negative) {
        BiasFault::MissingInLogits
    } else if near(bias) {
        BiasFault::Twice
    } else {
        BiasFault::Other
    };
    sample.with_output(Diagnosis::Bias(fault), Output::Shifted(shifts))
}

fn scaled(sample: &Sample<'_>) -> Vec<Proposal> {
    let Some(computed) = &sample.computed else {
        return Vec::new();
    };
    let pairs = computed.iter().zip(&sample.block.logits);
    let (both, own) = pairs.fold((0.0, 0.0), |(both, own), (c, &s)| {
        (both + c * f64::from(s), own + c * c)
    });
    let factor: f64 = both / own;
    if !factor.is_finite() || factor == 0.0 {
        return Vec::new();
    }
    sample.with_output(Diagnosis::Scaled { factor }, Output::Scaled(factor))
}

/// Each stored column goes to the nearest computed one that is still free.
///
/// The distances of all pairs take C^2 numbers and rows * C^2 products; beyond 4096 classes the
/// question is not asked.
fn permuted(sample: &Sample<'_>) -> Vec<Proposal> {
    const MOST_CLASSES: usize = 4096;
    let classes = sample.classes;
    let Some(computed) = &sample.computed else {
        return Vec::new();
    };
    if classes > MOST_CLASSES || sample.block.rows < FEWEST_ROWS {
        return Vec::new();
    }
    let stored = widened(&sample.block.logits);
    let mut products = vec![0.0; classes * classes];
    product_tn(
        &mut products,
        Rows::new(&stored, classes),
        Rows::new(computed, classes),
    );
    let mut lengths = vec![0.0; classes];
    for row in computed.chunks_exact(classes) {
        lengths
            .iter_mut()
            .zip(row)
            .for_each(|(sum, c)| *sum += c * c);
    }
    let mut free = vec![true; classes];
    let mut order = Vec::with_capacity(classes);
    for products in products.chunks_exact(classes) {
        // |s - c|^2 without |s|^2, which is the same for all c.
        let apart = |class: usize| lengths[class] - 2.0 * products[class];
        let nearest = (0..classes)
            .filter(|&class| free[class])
            .min_by(|&a, &b| apart(a).total_cmp(&apart(b)));
        let Some(nearest) = nearest else {
            return Vec::new();
        };
        free[nearest] = false;
        order.push(nearest);
    }
    let moved = || {
        order
            .iter()
            .copied()
            .enumerate()
            .filter(|(c, from)| c != from)
    };
    let Some((stored, head)) = moved().next() else {
        return Vec::new();
    };
    let diagnosis = Diagnosis::Permuted {
        moved: moved().count(),
        stored,
        head,
    };
    sample.with_output(diagnosis, Output::Permuted(order))
}

fn probabilities(sample: &Sample<'_>) -> Vec<Proposal> {
    if !sample.stores_probabilities() {
        return Vec::new();
    }
    let diagnosis = Diagnosis::Probabilities {
        log: false,
        of_this_head: true,
    };
    sample.with_output(diagnosis, Output::Softmax)
}

fn log_probabilities(sample: &Sample<'_>) -> Vec<Proposal> {
    if !sample.stores_log_probabilities() {
        return Vec::new();
    }
    let diagnosis = Diagnosis::Probabilities {
        log: true,
        of_this_head: true,
    };
    sample.with_output(diagnosis, Output::LogSoftmax)
}

/// Needs a second class: with one, any numbers are a constant a row.
fn shifted_rows(sample: &Sample<'_>) -> Vec<Proposal> {
    if sample.classes < 2 {
        return Vec::new();
    }
    sample.with_output(Diagnosis::RowsShifted, Output::RowShifted)
}
