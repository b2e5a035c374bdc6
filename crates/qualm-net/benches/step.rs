//! Steps of small networks on one core.
//!
//! `cargo bench -p qualm-net --bench step`

use divan::Bencher;
use qualm_linalg::Rows;
use qualm_net::{
    Activation, Adam, GaussianHead, Network, Shape, Tape, move_by_share, norms, squared_error,
};
use qualm_stats::Stream;

const ROWS: usize = 128;

fn main() {
    divan::main();
}

struct Case {
    network: Network<f32>,
    tape: Tape<f32>,
    x: Vec<f32>,
    y: Vec<f32>,
    of_outputs: Vec<f32>,
    of_inputs: Vec<f32>,
    gradient: Vec<f32>,
    adam: Adam<f32>,
}

fn case(widths: &[usize], activation: Activation) -> Case {
    let shape = Shape::new(widths, activation);
    let mut stream = Stream::new(1, 0);
    let mut normal = |count: usize| (0..count).map(|_| stream.normal() as f32).collect();
    Case {
        x: normal(ROWS * shape.inputs()),
        y: normal(ROWS),
        network: Network::new(shape.clone(), &mut Stream::new(2, 0)),
        tape: Tape::new(&shape, ROWS),
        of_outputs: vec![0.0; ROWS * shape.outputs()],
        of_inputs: vec![0.0; ROWS * shape.inputs()],
        gradient: vec![0.0; shape.parameters()],
        adam: Adam::new(shape.parameters(), 1e-3),
    }
}

/// Forward, Gaussian loss, backward and Adam, also of the bounds: 32-64-64-2.
#[divan::bench]
fn train_64(bencher: Bencher) {
    let mut c = case(&[32, 64, 64, 2], Activation::Softplus);
    let mut head = GaussianHead::new(0.2, 0.1);
    let mut adam_of_bounds = Adam::new(2, 1e-3);
    bencher.bench_local(|| {
        let outputs = c.network.forward(&mut c.tape, Rows::new(&c.x, 32));
        let mut of_bounds = [0.0; 2];
        head.loss(outputs, &c.y, &mut c.of_outputs, &mut of_bounds);
        c.gradient.fill(0.0);
        c.network
            .backward(&mut c.tape, &c.of_outputs, &mut c.gradient);
        c.adam.step(c.network.parameters_mut(), &c.gradient);
        adam_of_bounds.step(&mut head.bounds, &of_bounds);
    });
}

/// RoMA's step of adaptation: the gradient of mean |dmu/dx| + loss, and a move by a share.
#[divan::bench]
fn adapt_64(bencher: Bencher) {
    let mut c = case(&[32, 64, 64, 2], Activation::Softplus);
    let head = GaussianHead::new(0.2, 0.1);
    let tensors = c.network.shape().tensors();
    let lengths = norms(c.network.parameters(), &tensors);
    let of_mean: Vec<f32> = (0..ROWS).flat_map(|_| [1.0, 0.0]).collect();
    bencher.bench_local(|| {
        let outputs = c.network.forward(&mut c.tape, Rows::new(&c.x, 32));
        head.loss(outputs, &c.y, &mut c.of_outputs, &mut [0.0; 2]);
        c.network.to_inputs(&mut c.tape, &of_mean, &mut c.of_inputs);
        for row in c.of_inputs.chunks_exact_mut(32) {
            let length = row.iter().map(|g| g * g).sum::<f32>().sqrt() * ROWS as f32;
            row.iter_mut().for_each(|g| *g /= length);
        }
        c.gradient.fill(0.0);
        c.network
            .mixed(&mut c.tape, &c.of_inputs, &c.of_outputs, &mut c.gradient);
        move_by_share(
            c.network.parameters_mut(),
            &c.gradient,
            &tensors,
            &lengths,
            -5e-5,
        );
    });
}

/// One training step of COMs: 50 steps of ascent, and a step of Adam over both ends.
#[divan::bench(sample_count = 20)]
fn conservative_256(bencher: Bencher) {
    let mut c = case(&[32, 256, 256, 1], Activation::RELU);
    let ones = vec![1.0f32; ROWS];
    bencher.bench_local(|| {
        for _ in 0..50 {
            c.network.forward(&mut c.tape, Rows::new(&c.x, 32));
            c.network.to_inputs(&mut c.tape, &ones, &mut c.of_inputs);
            qualm_linalg::add_multiple(&mut c.x, 0.001, &c.of_inputs);
        }
        c.gradient.fill(0.0);
        for _ in 0..2 {
            let outputs = c.network.forward(&mut c.tape, Rows::new(&c.x, 32));
            squared_error(outputs, &c.y, &mut c.of_outputs);
            c.network
                .backward(&mut c.tape, &c.of_outputs, &mut c.gradient);
        }
        c.adam.step(c.network.parameters_mut(), &c.gradient);
    });
}

/// A wide step: 2048-2048-2048-1.
#[divan::bench(sample_count = 10)]
fn train_2048(bencher: Bencher) {
    let mut c = case(&[2048, 2048, 2048, 1], Activation::RELU);
    bencher.bench_local(|| {
        let outputs = c.network.forward(&mut c.tape, Rows::new(&c.x, 2048));
        squared_error(outputs, &c.y, &mut c.of_outputs);
        c.gradient.fill(0.0);
        c.network
            .backward(&mut c.tape, &c.of_outputs, &mut c.gradient);
        c.adam.step(c.network.parameters_mut(), &c.gradient);
    });
}
