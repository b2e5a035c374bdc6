use qualm_linalg::{Real, Rows, add_multiple};
use qualm_net::{Network, Tape, norm};
use qualm_stats::Stream;

use crate::proxy::{Features, Proxy};

/// Rows that one pass takes at most.
const BATCH: usize = 512;

/// A trained network as a function of the coordinates: its first output.
#[derive(Debug, Clone)]
pub(super) struct Surface {
    pub(super) network: Network<f32>,
}

impl Proxy for Surface {
    fn predict(&self, x: Rows<'_, f64>) -> Vec<f64> {
        let mut values = Vec::with_capacity(x.len());
        self.pass(x, |tape| {
            let outputs = tape.outputs().chunks_exact(self.outputs());
            values.extend(outputs.map(|row| f64::from(row[0])));
        });
        values
    }

    fn climb(&self, x: Rows<'_, f64>, gradient: &mut [f64]) -> Option<Vec<f64>> {
        let mut values = Vec::with_capacity(x.len());
        let mut of_inputs = Vec::new();
        let mut open = gradient;
        self.pass(x, |tape| {
            let outputs = tape.outputs().chunks_exact(self.outputs());
            values.extend(outputs.map(|row| f64::from(row[0])));
            let rows = tape.outputs().len() / self.outputs();
            of_inputs.resize(rows * x.width(), 0.0);
            self.network
                .to_inputs(tape, &first_output(rows, self.outputs()), &mut of_inputs);
            let (here, rest) = std::mem::take(&mut open).split_at_mut(of_inputs.len());
            for (to, &from) in here.iter_mut().zip(&of_inputs) {
                *to = f64::from(from);
            }
            open = rest;
        });
        Some(values)
    }

    fn features(&self, x: Rows<'_, f64>) -> Option<Features> {
        let widths = self.network.shape().widths();
        let mut values = Vec::new();
        self.pass(x, |tape| values.extend_from_slice(tape.features()));
        Some(Features {
            values,
            width: widths[widths.len() - 2],
        })
    }

    fn shaken(&self, x: Rows<'_, f64>, share: f64, seed: u64) -> Option<Vec<f64>> {
        let mut moved = self.clone();
        let mut stream = Stream::new(seed, 0);
        for tensor in self.network.shape().tensors() {
            let part = &mut moved.network.parameters_mut()[tensor];
            let direction: Vec<f32> = part.iter().map(|_| stream.normal() as f32).collect();
            let factor = share * norm(part) / norm(&direction);
            add_multiple(part, f32::of(factor), &direction);
        }
        Some(moved.predict(x))
    }
}

impl Surface {
    fn outputs(&self) -> usize {
        self.network.shape().outputs()
    }

    fn pass(&self, x: Rows<'_, f64>, mut behind: impl FnMut(&mut Tape<f32>)) {
        let mut tape = Tape::new(self.network.shape(), BATCH.min(x.len().max(1)));
        for batch in x.data().chunks(BATCH * x.width()) {
            let batch = narrow(batch);
            self.network
                .forward(&mut tape, Rows::new(&batch, x.width()));
            behind(&mut tape);
        }
    }
}

/// What to weight outputs with so that the first alone counts.
pub(super) fn first_output(rows: usize, outputs: usize) -> Vec<f32> {
    let mut weights = vec![0.0; rows * outputs];
    weights
        .iter_mut()
        .step_by(outputs)
        .for_each(|weight| *weight = 1.0);
    weights
}

pub(super) fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&x| x as f32).collect()
}
