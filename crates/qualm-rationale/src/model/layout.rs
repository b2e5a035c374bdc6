use std::ops::Range;

use qualm_linalg::Elementary;
use qualm_net::Convolution;
use qualm_stats::Stream;

/// What scores units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selector {
    /// Nothing: there is no selection.
    None,
    /// Convolutions of its own, over all of the text.
    Own,
    /// The predictor's convolutions: selection is a second task.
    Shared,
}

/// Sizes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Words, the unknown among them.
    pub(crate) words: usize,
    /// Classes.
    pub(crate) classes: usize,
    /// Width of the words' vectors and of the convolutions.
    pub(crate) width: usize,
}

/// Where a model's tensors stand among its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) sizes: Sizes,
    /// The words' vectors, words x width. They stand last, since a batch moves few of them.
    pub(crate) words: Range<usize>,
    /// What is added to the vector of a query's token, and to one that the query names.
    pub(crate) query: Range<usize>,
    pub(crate) asked: Range<usize>,
    pub(crate) predict: [Convolution; 2],
    /// Classes x width, then a bias a class.
    pub(crate) class_weight: Range<usize>,
    pub(crate) class_bias: Range<usize>,
    pub(crate) select: Option<[Convolution; 2]>,
    /// Twice the width (largest and mean of a unit), then a bias. Empty without a selector.
    pub(crate) score_weight: Range<usize>,
    pub(crate) score_bias: Range<usize>,
}

impl Layout {
    pub(crate) fn new(sizes: Sizes, selector: Selector) -> Self {
        let Sizes {
            words,
            classes,
            width,
        } = sizes;
        let mut end = 0;
        let mut take = |length: usize| {
            end += length;
            end - length..end
        };
        let (query, asked) = (take(width), take(width));
        let mut two = || {
            [(); 2].map(|()| {
                let at = take(0).start;
                let layer = Convolution::new(at, width, width);
                take(layer.end() - at);
                layer
            })
        };
        let predict = two();
        let select = (selector == Selector::Own).then(&mut two);
        let class_weight = take(classes * width);
        let class_bias = take(classes);
        let scored = usize::from(selector != Selector::None);
        let score_weight = take(2 * width * scored);
        let score_bias = take(scored);
        let words = take(words * width);
        Self {
            sizes,
            words,
            query,
            asked,
            predict,
            class_weight,
            class_bias,
            select,
            score_weight,
            score_bias,
        }
    }

    /// Parameters.
    pub(crate) fn len(&self) -> usize {
        self.words.end
    }

    /// Parameters without the words' vectors: those that every batch moves. They stand first.
    pub(crate) fn dense(&self) -> usize {
        self.words.start
    }

    /// Whether units are scored.
    pub(crate) fn scores(&self) -> bool {
        !self.score_bias.is_empty()
    }

    /// The parameters to begin with: words' vectors normal with deviation .1, so that they can be
    /// told apart and none is certain; convolutions as [`Convolution::draw`]; the rest small.
    pub(crate) fn draw<T: Elementary>(&self, stream: &mut Stream) -> Vec<T> {
        let mut parameters = vec![T::ZERO; self.len()];
        let small = [
            self.words.clone(),
            self.query.clone(),
            self.asked.clone(),
            self.class_weight.clone(),
            self.score_weight.clone(),
        ];
        for range in small {
            for value in &mut parameters[range] {
                *value = T::of(0.1 * stream.normal());
            }
        }
        for layer in self.predict.iter().chain(self.select.iter().flatten()) {
            layer.draw(&mut parameters, stream);
        }
        parameters
    }
}
