use qualm_net::RandomOrder;
use qualm_stats::Stream;

use crate::data::Data;

/// Rows that one step of training sees, as the methods' papers have it.
pub(super) const BATCH: usize = 128;

/// Visible designs in single precision, and the order in which training sees them.
#[derive(Debug)]
pub(super) struct Batches {
    x: Vec<f32>,
    y: Vec<f32>,
    width: usize,
    order: RandomOrder,
    batch_x: Vec<f32>,
    batch_y: Vec<f32>,
}

impl Batches {
    pub(super) fn new(data: &Data) -> Self {
        Self {
            x: super::surface::narrow(data.x().data()),
            y: super::surface::narrow(data.y()),
            width: data.width(),
            order: RandomOrder::new(data.len()),
            batch_x: Vec::new(),
            batch_y: Vec::new(),
        }
    }

    /// Rows of a batch: fewer where there are not as many.
    pub(super) fn rows(&self, rows: usize) -> usize {
        self.order.rows(rows)
    }

    /// Batches that see about every row once.
    pub(super) fn in_epoch(&self, rows: usize) -> usize {
        self.order.in_epoch(rows)
    }

    /// The next whole batch.
    pub(super) fn draw(&mut self, rows: usize, stream: &mut Stream) -> (&mut [f32], &[f32]) {
        self.batch_x.clear();
        self.batch_y.clear();
        for &row in self.order.draw(rows, stream) {
            self.batch_x
                .extend_from_slice(&self.x[row * self.width..][..self.width]);
            self.batch_y.push(self.y[row]);
        }
        (&mut self.batch_x, &self.batch_y)
    }
}
