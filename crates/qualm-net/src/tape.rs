use qualm_linalg::Real;

use crate::network::Shape;

/// What a pass over a batch leaves for the passes behind it, layer by layer. Made once for batches
/// of up to so many rows, so that no pass allocates.
#[derive(Debug, Clone)]
pub struct Tape<T> {
    pub(crate) rows: usize,
    capacity: usize,
    /// Whether gradients of the inputs were taken at the last forward pass.
    pub(crate) pulled: bool,
    pub(crate) layers: Vec<Layer<T>>,
    pub(crate) outputs: Vec<T>,
}

/// Buffers of one layer. Those of twice the rows hold two halves one after the other, so that the
/// weight's gradient is one product over both: the pass itself, and its change along a direction.
#[derive(Debug, Clone)]
pub(crate) struct Layer<T> {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// What goes in, and how it changes along the direction.
    pub(crate) entering: Vec<T>,
    /// Slopes of the activation before this layer's inputs; empty for the first.
    pub(crate) slopes: Vec<T>,
    /// Changes along the direction before that activation; empty for the first.
    pub(crate) tangent: Vec<T>,
    /// Gradients with respect to what comes out before any activation, and with respect to how
    /// that changes.
    pub(crate) behind: Vec<T>,
}

impl<T: Real> Tape<T> {
    /// For batches of up to `rows` rows.
    ///
    /// # Panics
    /// When `rows` is 0.
    pub fn new(shape: &Shape, rows: usize) -> Self {
        assert!(rows > 0, "a batch has at least one row");
        let zeros = |length: usize| vec![T::ZERO; length];
        let layers = shape.widths().windows(2).enumerate();
        let layers = layers.map(|(at, pair)| {
            let hidden = if at == 0 { 0 } else { rows * pair[0] };
            Layer {
                inputs: pair[0],
                outputs: pair[1],
                entering: zeros(2 * rows * pair[0]),
                slopes: zeros(hidden),
                tangent: zeros(hidden),
                behind: zeros(2 * rows * pair[1]),
            }
        });
        Self {
            rows: 0,
            capacity: rows,
            pulled: false,
            layers: layers.collect(),
            outputs: zeros(rows * shape.outputs()),
        }
    }
}

impl<T> Tape<T> {
    /// Rows of the largest batch.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn fits(&self, shape: &Shape) -> bool {
        let widths = shape.widths();
        let layers = self
            .layers
            .iter()
            .map(|layer| (layer.inputs, layer.outputs));
        layers.eq(widths.windows(2).map(|pair| (pair[0], pair[1])))
    }

    /// Activations that enter the last layer, row by row, of the last forward pass.
    pub fn features(&self) -> &[T] {
        let last = &self.layers[self.layers.len() - 1];
        &last.entering[..self.rows * last.inputs]
    }

    /// Outputs of the last forward pass, row by row.
    pub fn outputs(&self) -> &[T] {
        &self.outputs
    }
}
