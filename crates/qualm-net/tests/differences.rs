//! Every hand-derived gradient against central differences in `f64`.

use qualm_linalg::Rows;
use qualm_net::{
    Activation, GaussianHead, Network, Shape, Tape, list_cross_entropy, squared_error,
};
use qualm_stats::Stream;

const ROWS: usize = 5;
const WIDTHS: [usize; 4] = [3, 7, 6, 2];
const STEP: f64 = 1e-5;

/// Largest error of a gradient's entry relative to the entry. What is below a thousandth of the
/// gradient's largest entry is measured by that thousandth: rounding of a loss, divided by the step,
/// reaches it.
const ERROR: f64 = 1e-5;

fn near(numeric: f64, by_hand: f64, scale: f64) {
    let error = (numeric - by_hand).abs() / by_hand.abs().max(1e-3 * scale);
    assert!(
        error < ERROR,
        "{by_hand} by hand, {numeric} by differences: {error:e}"
    );
}

fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0f64, |most, g| most.max(g.abs()))
}

struct Case {
    network: Network<f64>,
    tape: Tape<f64>,
    x: Vec<f64>,
    y: Vec<f64>,
    weights: Vec<f64>,
}

fn case(activation: Activation) -> Case {
    let shape = Shape::new(&WIDTHS, activation);
    let mut stream = Stream::new(7, 0);
    let mut network = Network::new(shape.clone(), &mut stream);
    for parameter in network.parameters_mut() {
        *parameter += 0.3 * stream.normal();
    }
    let mut normal = |count: usize| -> Vec<f64> { (0..count).map(|_| stream.normal()).collect() };
    Case {
        x: normal(ROWS * WIDTHS[0]),
        y: normal(ROWS),
        weights: normal(ROWS * 2),
        tape: Tape::new(&shape, ROWS),
        network,
    }
}

impl Case {
    fn outputs(&mut self) -> Vec<f64> {
        self.network
            .forward(&mut self.tape, Rows::new(&self.x, WIDTHS[0]))
            .to_vec()
    }

    fn zeros(&self) -> Vec<f64> {
        vec![0.0; self.network.parameters().len()]
    }

    /// sum_ij weights_ij output_ij
    fn weighted(&mut self) -> f64 {
        let outputs = self.outputs();
        outputs.iter().zip(&self.weights).map(|(o, w)| o * w).sum()
    }

    /// Row by row, the gradient of the first output.
    fn slopes(&mut self) -> Vec<f64> {
        self.outputs();
        let mut of_inputs = vec![0.0; self.x.len()];
        self.network
            .to_inputs(&mut self.tape, &first_output(), &mut of_inputs);
        of_inputs
    }

    fn loss(&mut self, head: &GaussianHead<f64>) -> f64 {
        let outputs = self.outputs();
        head.loss(&outputs, &self.y, &mut [0.0; 2 * ROWS], &mut [0.0; 2])
    }
}

fn first_output() -> Vec<f64> {
    (0..ROWS).flat_map(|_| [1.0, 0.0]).collect()
}

/// Compares a gradient with central differences of `value` in each coordinate that `at` names.
fn agrees(
    case: &mut Case,
    gradient: &[f64],
    mut at: impl FnMut(&mut Case, usize) -> &mut f64,
    mut value: impl FnMut(&mut Case) -> f64,
) {
    let scale = largest(gradient);
    assert!(scale > 0.0, "a gradient of zeros shows nothing");
    for (index, &by_hand) in gradient.iter().enumerate() {
        let here = *at(case, index);
        *at(case, index) = here + STEP;
        let above = value(case);
        *at(case, index) = here - STEP;
        let below = value(case);
        *at(case, index) = here;
        near((above - below) / (2.0 * STEP), by_hand, scale);
    }
}

fn parameter(case: &mut Case, index: usize) -> &mut f64 {
    &mut case.network.parameters_mut()[index]
}

fn coordinate(case: &mut Case, index: usize) -> &mut f64 {
    &mut case.x[index]
}

const ACTIVATIONS: [Activation; 3] = [
    Activation::Softplus,
    Activation::LEAKY_RELU,
    Activation::RELU,
];

#[test]
fn gradients_of_parameters_and_inputs() {
    for activation in ACTIVATIONS {
        let mut case = case(activation);
        case.outputs();
        let (mut of_parameters, mut of_inputs) = (case.zeros(), vec![0.0; case.x.len()]);
        case.network
            .backward(&mut case.tape, &case.weights, &mut of_parameters);
        case.network
            .to_inputs(&mut case.tape, &case.weights, &mut of_inputs);
        agrees(&mut case, &of_parameters, parameter, Case::weighted);
        agrees(&mut case, &of_inputs, coordinate, Case::weighted);
    }
}

#[test]
fn gradient_of_the_mean_slope_and_a_loss() {
    for activation in ACTIVATIONS {
        let mut case = case(activation);
        let head = GaussianHead::new(0.2, 0.1);
        let lengths = |slopes: &[f64]| -> Vec<f64> {
            let rows = slopes.chunks_exact(WIDTHS[0]);
            rows.map(|row| row.iter().map(|g| g * g).sum::<f64>().sqrt())
                .collect()
        };
        let value = |case: &mut Case| {
            let smooth = lengths(&case.slopes()).iter().sum::<f64>() / ROWS as f64;
            smooth + 0.01 * case.loss(&head)
        };
        let outputs = case.outputs();
        let mut of_outputs = vec![0.0; 2 * ROWS];
        head.loss(&outputs, &case.y, &mut of_outputs, &mut [0.0; 2]);
        of_outputs.iter_mut().for_each(|g| *g *= 0.01);
        let slopes = case.slopes();
        let direction: Vec<f64> = slopes
            .chunks_exact(WIDTHS[0])
            .zip(lengths(&slopes))
            .flat_map(|(row, length)| row.iter().map(move |g| g / length / ROWS as f64))
            .collect();
        let mut gradient = case.zeros();
        case.network
            .mixed(&mut case.tape, &direction, &of_outputs, &mut gradient);
        agrees(&mut case, &gradient, parameter, value);
    }
}

#[test]
fn gradient_of_a_penalty_on_slopes() {
    // mean (|dmu/dx| - 1)^2, Gulrajani et al., NeurIPS 2017, eq. 3.
    for activation in ACTIVATIONS {
        let mut case = case(activation);
        let value = |case: &mut Case| {
            let slopes = case.slopes();
            let rows = slopes.chunks_exact(WIDTHS[0]);
            let lengths = rows.map(|row| row.iter().map(|g| g * g).sum::<f64>().sqrt());
            lengths
                .map(|length| (length - 1.0) * (length - 1.0))
                .sum::<f64>()
                / ROWS as f64
        };
        let slopes = case.slopes();
        let direction: Vec<f64> = slopes
            .chunks_exact(WIDTHS[0])
            .flat_map(|row| {
                let length = row.iter().map(|g| g * g).sum::<f64>().sqrt();
                row.iter()
                    .map(move |g| 2.0 * (length - 1.0) * g / length / ROWS as f64)
            })
            .collect();
        let mut gradient = case.zeros();
        case.network
            .mixed(&mut case.tape, &direction, &[0.0; 2 * ROWS], &mut gradient);
        agrees(&mut case, &gradient, parameter, value);
    }
}

#[test]
fn gradients_of_the_gaussian_loss() {
    let mut case = case(Activation::Softplus);
    let mut head = GaussianHead::<f64>::new(0.2, 0.1);
    let outputs = case.outputs();
    let (mut of_outputs, mut of_bounds) = (vec![0.0; 2 * ROWS], [0.0; 2]);
    head.loss(&outputs, &case.y, &mut of_outputs, &mut of_bounds);
    let mut gradient = case.zeros();
    case.network
        .backward(&mut case.tape, &of_outputs, &mut gradient);
    agrees(&mut case, &gradient, parameter, |case| case.loss(&head));
    for (bound, by_hand) in of_bounds.iter().enumerate() {
        let here = head.bounds[bound];
        head.bounds[bound] = here + STEP;
        let above = case.loss(&head);
        head.bounds[bound] = here - STEP;
        let below = case.loss(&head);
        head.bounds[bound] = here;
        near((above - below) / (2.0 * STEP), *by_hand, by_hand.abs());
    }
}

#[test]
fn gradients_of_lists_and_squares() {
    let (mut outputs, y) = ([0.3, -1.2, 2.0, 0.1], [1.0, 0.5, -0.7, 0.0]);
    for loss in [list_cross_entropy::<f64>, squared_error::<f64>] {
        let mut gradient = [0.0; 4];
        loss(&outputs, &y, &mut gradient);
        for at in 0..4 {
            let here = outputs[at];
            outputs[at] = here + STEP;
            let above = loss(&outputs, &y, &mut [0.0; 4]);
            outputs[at] = here - STEP;
            let below = loss(&outputs, &y, &mut [0.0; 4]);
            outputs[at] = here;
            near(
                (above - below) / (2.0 * STEP),
                gradient[at],
                largest(&gradient),
            );
        }
    }
}

#[test]
fn a_smaller_batch_finds_nothing_of_a_larger_one() {
    // What a tape holds of five rows must not show in a pass over two.
    let mut first = case(Activation::Softplus);
    let direction = first.slopes();
    let mut used = first.zeros();
    let weights = first.weights.clone();
    first
        .network
        .mixed(&mut first.tape, &direction, &weights, &mut used);
    let two = |tape: &mut Tape<f64>| {
        let mut gradient = vec![0.0; first.network.parameters().len()];
        let mut of_inputs = vec![0.0; 2 * WIDTHS[0]];
        let x = Rows::new(&first.x[..2 * WIDTHS[0]], WIDTHS[0]);
        first.network.forward(tape, x);
        first
            .network
            .to_inputs(tape, &first_output()[..4], &mut of_inputs);
        first
            .network
            .mixed(tape, &of_inputs, &weights[..4], &mut gradient);
        gradient
    };
    let mut fresh = Tape::new(first.network.shape(), 2);
    assert_eq!(two(&mut first.tape), two(&mut fresh));
}

#[test]
#[should_panic(expected = "the gradient of the inputs comes first")]
fn mixed_gradients_need_those_of_the_inputs() {
    let mut case = case(Activation::Softplus);
    case.slopes();
    case.outputs();
    let (direction, weights) = (case.x.clone(), case.weights.clone());
    let mut gradient = case.zeros();
    case.network
        .mixed(&mut case.tape, &direction, &weights, &mut gradient);
}
