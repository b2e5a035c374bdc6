//! Forward and backward, by hand.
//!
//! With h_0 = x, z_l = h_{l-1} W_l^T + b_l, h_l = a(z_l), the outputs are z_L. What follows writes
//! `Z` for the gradient with respect to z and `Z'` for that with respect to the change z' of z
//! along a direction v of the inputs.

use qualm_linalg::{
    Elementary, Rows, add_rows, add_to_rows, product_nn, product_nt, product_tn, update,
};

use crate::network::Network;
use crate::tape::{Layer, Tape};

impl<T: Elementary> Network<T> {
    /// Outputs of a batch, rows x outputs.
    ///
    /// # Panics
    /// When the batch does not fit the network, or the tape.
    pub fn forward<'t>(&self, tape: &'t mut Tape<T>, x: Rows<'_, T>) -> &'t [T] {
        assert_eq!(
            x.width(),
            self.shape().inputs(),
            "rows must be as wide as the inputs"
        );
        assert!(
            tape.fits(self.shape()) && x.len() <= tape.capacity(),
            "the tape must be made for such networks and batches"
        );
        let rows = x.len();
        tape.rows = rows;
        tape.pulled = false;
        tape.layers[0].entering[..x.data().len()].copy_from_slice(x.data());
        tape.outputs.resize(rows * self.shape().outputs(), T::ZERO);
        for at in 0..self.shape().layers() {
            let (done, open) = tape.layers.split_at_mut(at + 1);
            let layer = &done[at];
            let out = match open.first_mut() {
                Some(next) => &mut next.entering[..rows * layer.outputs],
                None => &mut tape.outputs[..],
            };
            product_nt(out, layer.first(rows), self.weight(at));
            add_to_rows(out, self.bias(at));
            if let Some(next) = open.first_mut() {
                let entering = &mut next.entering[..rows * layer.outputs];
                let slopes = &mut next.slopes[..entering.len()];
                self.shape().activation().apply(entering, slopes);
            }
        }
        &tape.outputs
    }

    /// Adds to `gradient` what the parameters' gradient is where that of the outputs is
    /// `of_outputs` (rows x outputs), at the last forward pass.
    ///
    /// # Panics
    /// When lengths do not fit the network and the batch.
    pub fn backward(&self, tape: &mut Tape<T>, of_outputs: &[T], gradient: &mut [T]) {
        let rows = tape.rows;
        let last = self.shape().layers() - 1;
        let layer = &mut tape.layers[last];
        layer.behind[..rows * layer.outputs].copy_from_slice(of_outputs);
        for at in (0..=last).rev() {
            let layer = &tape.layers[at];
            let behind = &layer.behind[..rows * layer.outputs];
            let weight = &mut gradient[self.tensor(2 * at)];
            product_tn(weight, Rows::new(behind, layer.outputs), layer.first(rows));
            add_rows(&mut gradient[self.tensor(2 * at + 1)], behind);
            if at > 0 {
                self.pull(tape, at, 0);
            }
        }
    }

    /// Into `of_inputs` (rows x inputs), the gradient of the inputs where that of the outputs is
    /// `of_outputs`, at the last forward pass.
    ///
    /// [`Network::mixed`] goes on from here.
    ///
    /// # Panics
    /// When lengths do not fit the network and the batch.
    pub fn to_inputs(&self, tape: &mut Tape<T>, of_outputs: &[T], of_inputs: &mut [T]) {
        let rows = tape.rows;
        let last = self.shape().layers() - 1;
        let layer = &mut tape.layers[last];
        let second = rows * layer.outputs;
        layer.behind[second..2 * second].copy_from_slice(of_outputs);
        for at in (1..=last).rev() {
            self.pull(tape, at, 1);
        }
        tape.pulled = true;
        let layer = &tape.layers[0];
        let half = rows * layer.outputs;
        of_inputs.fill(T::ZERO);
        product_nn(
            of_inputs,
            Rows::new(&layer.behind[half..2 * half], layer.outputs),
            self.weight(0),
        );
    }

    /// Adds to `gradient` the parameters' gradient of
    /// sum_i <v_i, dx_i> + sum_i <o_i, output_i>, where dx is what [`Network::to_inputs`] gave just
    /// before, `direction` holds the v (rows x inputs) and `of_outputs` the o (rows x outputs).
    ///
    /// dx changes with the parameters, so this is a mixed second derivative. sum_i <v_i, dx_i> is the
    /// change of the outputs along v, weighted as `to_inputs` was told; its gradient goes backwards
    /// through z'_l = h'_{l-1} W_l^T, h'_l = a'(z_l) z'_l, and for Z' finds what `to_inputs` left.
    ///
    /// # Panics
    /// When no `to_inputs` came since the last forward pass, or lengths do not fit.
    pub fn mixed(&self, tape: &mut Tape<T>, direction: &[T], of_outputs: &[T], gradient: &mut [T]) {
        assert!(tape.pulled, "the gradient of the inputs comes first");
        let rows = tape.rows;
        let last = self.shape().layers() - 1;
        let layer = &mut tape.layers[0];
        let half = rows * layer.inputs;
        layer.entering[half..2 * half].copy_from_slice(direction);
        for at in 0..last {
            let (done, open) = tape.layers.split_at_mut(at + 1);
            let (layer, next) = (&done[at], &mut open[0]);
            let half = rows * next.inputs;
            product_nt(
                &mut next.tangent[..half],
                layer.second(rows),
                self.weight(at),
            );
            update(
                [&mut next.entering[half..2 * half]],
                [&next.tangent[..half], &next.slopes[..half]],
                |_, [z, slope]| [slope * z],
            );
        }
        let layer = &mut tape.layers[last];
        layer.behind[..rows * layer.outputs].copy_from_slice(of_outputs);
        for at in (0..=last).rev() {
            let layer = &tape.layers[at];
            let half = rows * layer.outputs;
            let behind = Rows::new(&layer.behind[..2 * half], layer.outputs);
            let entering = Rows::new(&layer.entering[..2 * rows * layer.inputs], layer.inputs);
            product_tn(&mut gradient[self.tensor(2 * at)], behind, entering);
            add_rows(
                &mut gradient[self.tensor(2 * at + 1)],
                &layer.behind[..half],
            );
            if at > 0 {
                self.pull_bent(tape, at);
            }
        }
    }

    /// Z_{l-1} = a'(z_{l-1}) * (Z_l W_l), in the given half.
    fn pull(&self, tape: &mut Tape<T>, at: usize, half: usize) {
        let rows = tape.rows;
        let (before, here) = tape.layers.split_at_mut(at);
        let (previous, layer) = (&mut before[at - 1], &here[0]);
        let to = rows * previous.outputs;
        let to = &mut previous.behind[half * to..][..to];
        let from = rows * layer.outputs;
        to.fill(T::ZERO);
        product_nn(
            to,
            Rows::new(&layer.behind[half * from..][..from], layer.outputs),
            self.weight(at),
        );
        let slopes = &layer.slopes[..to.len()];
        update([to], [slopes], |[to], [slope]| [slope * to]);
    }

    /// Z_{l-1} = a' * (Z_l W_l) + a'' * z'_{l-1} * (Z'_l W_l). Z'_{l-1} = a' * (Z'_l W_l) stands
    /// there already, so the bend divides nothing: a''/a' = 1 - a' for softplus.
    fn pull_bent(&self, tape: &mut Tape<T>, at: usize) {
        self.pull(tape, at, 0);
        let rows = tape.rows;
        let (before, here) = tape.layers.split_at_mut(at);
        let (previous, layer) = (&mut before[at - 1], &here[0]);
        let half = rows * previous.outputs;
        let (first, second) = previous.behind.split_at_mut(half);
        let activation = self.shape().activation();
        activation.bend(
            first,
            &layer.slopes[..half],
            &layer.tangent[..half],
            &second[..half],
        );
    }
}

impl<T> Layer<T> {
    fn first(&self, rows: usize) -> Rows<'_, T> {
        Rows::new(&self.entering[..rows * self.inputs], self.inputs)
    }

    fn second(&self, rows: usize) -> Rows<'_, T> {
        let half = rows * self.inputs;
        Rows::new(&self.entering[half..2 * half], self.inputs)
    }
}
