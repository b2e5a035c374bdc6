//! What must not change a training run: the number of threads; and what may change it by rounding
//! alone: the kind of numbers.

use qualm_linalg::{Elementary, Rows};
use qualm_net::{
    Activation, Adam, GaussianHead, Network, Shape, SpectralLimit, Tape, clip_each, move_by_share,
    norms,
};
use qualm_stats::Stream;

/// Parameters and bounds after some steps of everything that training is made of.
fn trained<T: Elementary>(widths: &[usize], rows: usize, steps: usize) -> Vec<f64> {
    let shape = Shape::new(widths, Activation::Softplus);
    let mut stream = Stream::new(11, 0);
    let mut network = Network::<T>::new(shape.clone(), &mut stream);
    let mut head = GaussianHead::<T>::new(0.2, 0.1);
    let mut normal =
        |count: usize| -> Vec<T> { (0..count).map(|_| T::of(stream.normal())).collect() };
    let (x, y) = (normal(rows * widths[0]), normal(rows));
    let of_mean: Vec<T> = (0..rows).flat_map(|_| [T::ONE, T::ZERO]).collect();
    let (mut tape, tensors) = (Tape::new(&shape, rows), shape.tensors());
    let mut adam = Adam::new(shape.parameters(), 1e-3);
    let mut adam_of_bounds = Adam::new(2, 1e-3);
    let mut limit = SpectralLimit::new(2.0);
    let mut of_outputs = vec![T::ZERO; 2 * rows];
    let mut of_inputs = vec![T::ZERO; x.len()];
    let mut gradient = vec![T::ZERO; shape.parameters()];
    for _ in 0..steps {
        let outputs = network.forward(&mut tape, Rows::new(&x, widths[0]));
        let mut of_bounds = [T::ZERO; 2];
        head.loss(outputs, &y, &mut of_outputs, &mut of_bounds);
        network.to_inputs(&mut tape, &of_mean, &mut of_inputs);
        gradient.fill(T::ZERO);
        network.mixed(&mut tape, &of_inputs, &of_outputs, &mut gradient);
        clip_each(&mut gradient, &tensors, 1.0);
        adam.step(network.parameters_mut(), &gradient);
        adam_of_bounds.step(&mut head.bounds, &of_bounds);
        limit.hold(&mut network);
        let lengths = norms(network.parameters(), &tensors);
        let parameters = network.parameters_mut();
        move_by_share(parameters, &gradient, &tensors, &lengths, 1e-4);
    }
    let all = network.parameters().iter().chain(&head.bounds);
    all.map(|&value| value.into()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    // The second network is so wide that its products are cut for threads.
    for (widths, rows, steps) in [([32, 64, 64, 2], 128, 3), ([32, 600, 700, 2], 600, 1)] {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("a pool of threads");
            pool.install(|| trained::<f32>(&widths, rows, steps))
        };
        let one = run(1);
        assert!(one.iter().all(|value| value.is_finite()));
        for threads in [2, 3] {
            assert!(run(threads) == one, "{threads} threads, widths {widths:?}");
        }
    }
}

#[test]
fn single_precision_follows_double() {
    let (single, double) = (
        trained::<f32>(&[5, 16, 16, 2], 32, 20),
        trained::<f64>(&[5, 16, 16, 2], 32, 20),
    );
    for (single, double) in single.iter().zip(&double) {
        assert!((single - double).abs() < 2e-5, "{single} {double}");
    }
}
