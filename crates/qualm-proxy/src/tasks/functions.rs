//! Standard functions of continuous optimisation, negated so that higher is better. Uniform draws of
//! the box are the data; their worse half is visible.

use std::f64::consts::{E, PI};

use super::Entry;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};
use crate::words::{Words, changed, recipe};

/// Designs drawn for the data.
pub(super) const ROWS: usize = 5_000;

/// A function of some variables between two bounds.
#[derive(Debug)]
pub struct Function {
    name: String,
    space: Space,
    value: fn(&[f64]) -> f64,
}

impl Function {
    pub(super) fn boxed(
        name: impl Into<String>,
        bounds: &[(f64, f64)],
        value: fn(&[f64]) -> f64,
    ) -> Box<dyn Task> {
        Box::new(Self {
            name: name.into(),
            space: Space::continuous(bounds),
            value,
        })
    }
}

impl Task for Function {
    fn name(&self) -> &str {
        &self.name
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        super::drawn(&self.name, &self.space, ROWS, seed, self.value)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(|x| Truth::of((self.value)(x))).collect())
    }
}

/// One that any number of variables can have.
fn any_width(
    words: &mut Words<'_>,
    low: f64,
    high: f64,
    value: fn(&[f64]) -> f64,
) -> Result<Box<dyn Task>, ProxyError> {
    let d = words.take_or("d", DIM, "a whole number from 2", |d| *d > 1)?;
    let name = recipe(words.word(), &changed(&[("d", d as f64, DIM as f64)]));
    Ok(Function::boxed(name, &vec![(low, high); d], value))
}

const DIM: usize = 10;

pub(super) const HARTMANN_3: Entry = Entry {
    word: "hartmann-3",
    what: "Hartmann's function of 3 variables",
    parameters: "",
    parse: |words, _| Ok(Function::boxed(words.word(), &[(0.0, 1.0); 3], hartmann_3)),
};

pub(super) const HARTMANN_6: Entry = Entry {
    word: "hartmann-6",
    what: "Hartmann's function of 6 variables",
    parameters: "",
    parse: |words, _| Ok(Function::boxed(words.word(), &[(0.0, 1.0); 6], hartmann_6)),
};

pub(super) const ACKLEY: Entry = Entry {
    word: "ackley",
    what: "Ackley's function: a funnel with ripples",
    parameters: "d=10",
    parse: |words, _| any_width(words, -32.768, 32.768, ackley),
};

pub(super) const LEVY: Entry = Entry {
    word: "levy",
    what: "Levy's function: ripples along every axis",
    parameters: "d=10",
    parse: |words, _| any_width(words, -10.0, 10.0, levy),
};

pub(super) const ROSENBROCK: Entry = Entry {
    word: "rosenbrock",
    what: "Rosenbrock's function: a curved valley",
    parameters: "d=10",
    parse: |words, _| any_width(words, -5.0, 10.0, rosenbrock),
};

pub(super) const RASTRIGIN: Entry = Entry {
    word: "rastrigin",
    what: "Rastrigin's function: a grid of local optima",
    parameters: "d=10",
    parse: |words, _| any_width(words, -5.12, 5.12, rastrigin),
};

pub(super) const STYBLINSKI_TANG: Entry = Entry {
    word: "styblinski-tang",
    what: "Styblinski and Tang's function: two basins along every axis",
    parameters: "d=10",
    parse: |words, _| any_width(words, -5.0, 5.0, styblinski_tang),
};

const HEIGHTS: [f64; 4] = [1.0, 1.2, 3.0, 3.2];

/// sum_i h_i exp(-sum_j a_ij (x_j - p_ij)^2)
fn hartmann<const D: usize>(x: &[f64], a: &[[f64; D]; 4], p: &[[f64; D]; 4]) -> f64 {
    let hill = |i: usize| {
        let squares = (0..D).map(|j| a[i][j] * (x[j] - p[i][j]).powi(2));
        HEIGHTS[i] * (-squares.sum::<f64>()).exp()
    };
    (0..4).map(hill).sum()
}

/// Largest 3.86278 at (0.114614, 0.555649, 0.852547).
fn hartmann_3(x: &[f64]) -> f64 {
    const A: [[f64; 3]; 4] = [
        [3.0, 10.0, 30.0],
        [0.1, 10.0, 35.0],
        [3.0, 10.0, 30.0],
        [0.1, 10.0, 35.0],
    ];
    const P: [[f64; 3]; 4] = [
        [0.3689, 0.1170, 0.2673],
        [0.4699, 0.4387, 0.7470],
        [0.1091, 0.8732, 0.5547],
        [0.0381, 0.5743, 0.8828],
    ];
    hartmann(x, &A, &P)
}

/// Largest 3.32237 at (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573).
fn hartmann_6(x: &[f64]) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    hartmann(x, &A, &P)
}

/// 20 exp(-0.2 sqrt(mean x^2)) + exp(mean cos 2 pi x) - 20 - e; largest 0 at 0.
fn ackley(x: &[f64]) -> f64 {
    let d = x.len() as f64;
    let squares = x.iter().map(|x| x * x).sum::<f64>() / d;
    let waves = x.iter().map(|x| (2.0 * PI * x).cos()).sum::<f64>() / d;
    20.0 * (-0.2 * squares.sqrt()).exp() + waves.exp() - 20.0 - E
}

/// With w = 1 + (x - 1) / 4: -(sin^2 pi w_1 + sum (w_i - 1)^2 (1 + 10 sin^2(pi w_i + 1)) over all
/// but the last + (w_d - 1)^2 (1 + sin^2 2 pi w_d)); largest 0 at 1.
fn levy(x: &[f64]) -> f64 {
    let w: Vec<f64> = x.iter().map(|x| 1.0 + (x - 1.0) / 4.0).collect();
    let (last, rest) = (w[w.len() - 1], &w[..w.len() - 1]);
    let middle = rest
        .iter()
        .map(|w| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2)));
    let end = (last - 1.0).powi(2) * (1.0 + (2.0 * PI * last).sin().powi(2));
    -((PI * w[0]).sin().powi(2) + middle.sum::<f64>() + end)
}

/// -sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2; largest 0 at 1.
fn rosenbrock(x: &[f64]) -> f64 {
    let terms = x
        .windows(2)
        .map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2));
    -terms.sum::<f64>()
}

/// -(10 d + sum x^2 - 10 cos 2 pi x); largest 0 at 0.
fn rastrigin(x: &[f64]) -> f64 {
    -x.iter()
        .map(|x| 10.0 + x * x - 10.0 * (2.0 * PI * x).cos())
        .sum::<f64>()
}

/// -sum (x^4 - 16 x^2 + 5 x) / 2; largest 39.16617 d at -2.903534.
fn styblinski_tang(x: &[f64]) -> f64 {
    -x.iter()
        .map(|x| x.powi(4) - 16.0 * x * x + 5.0 * x)
        .sum::<f64>()
        / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_optima() {
        let near = |value: f64, want: f64| assert!((value - want).abs() < 1e-4, "{value} {want}");
        near(hartmann_3(&[0.114_614, 0.555_649, 0.852_547]), 3.862_78);
        near(
            hartmann_6(&[0.201_69, 0.150_011, 0.476_874, 0.275_332, 0.311_652, 0.6573]),
            3.322_37,
        );
        near(ackley(&[0.0; 4]), 0.0);
        near(levy(&[1.0; 4]), 0.0);
        near(rosenbrock(&[1.0; 4]), 0.0);
        near(rastrigin(&[0.0; 4]), 0.0);
        near(styblinski_tang(&[-2.903_534; 3]), 3.0 * 39.166_17);
    }

    #[test]
    fn values_beside_the_optima() {
        assert!((rosenbrock(&[0.0, 0.0]) + 1.0).abs() < 1e-12);
        assert!((rastrigin(&[0.5]) + 20.25).abs() < 1e-12);
        assert!((styblinski_tang(&[1.0]) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn widths_are_part_of_the_name() {
        let tasks = super::super::parse_list("ackley(d=20),levy", None).expect("recipes");
        assert_eq!(
            (tasks[0].name(), tasks[0].space().width()),
            ("ackley(d=20)", 20)
        );
        assert_eq!((tasks[1].name(), tasks[1].space().width()), ("levy", 10));
    }
}
