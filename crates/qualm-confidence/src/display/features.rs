//! What people's reaction to advice is predicted from, and the two fits of few coefficients.

/// Number of features, the constant included.
pub(super) const FEATURES: usize = 6;

/// The features of one trial.
pub(super) type Row = [f64; FEATURES];

/// Keeps coefficients finite where trials do not determine them; too small to matter else.
const RIDGE: f64 = 1e-3;

/// Newton steps after which the logistic fit is as good as it gets.
const STEPS: usize = 100;

/// The side of the first answer: 1 right, -1 wrong. Who has none takes that of the advice.
pub(super) fn side(first: f64, advice: f64) -> f64 {
    if first == 0.0 {
        sign(advice)
    } else {
        sign(first)
    }
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// 1, |r1|, |advice|, whether they agree (1 or -1), and the products of the last with the two
/// before: the features of Vodrahalli et al. 2022 without those from surveys. None of them tells
/// which answer is right.
pub(super) fn row(first: f64, advice: f64) -> Row {
    let agree = side(first, advice) * sign(advice);
    let (own, advised) = (first.abs(), advice.abs());
    [1.0, own, advised, agree, own * agree, advised * agree]
}

pub(super) fn dot(a: &Row, b: &Row) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Least squares with a small ridge: minimises `sum (y - w.x)^2 + RIDGE |w|^2`.
pub(super) fn linear(rows: &[Row], targets: &[f64]) -> Row {
    let mut system = System::new();
    for (row, target) in rows.iter().zip(targets) {
        system.add(row, 1.0, *target);
    }
    system.solve(RIDGE)
}

/// Logistic regression with a small ridge, by Newton's method with halved steps.
pub(super) fn logistic(rows: &[Row], outcomes: &[bool]) -> Row {
    let objective = |weights: &Row| -> f64 {
        let of_row = |(row, &yes): (&Row, &bool)| {
            let logit = dot(row, weights);
            softplus(if yes { -logit } else { logit })
        };
        let rows: f64 = rows.iter().zip(outcomes).map(of_row).sum();
        rows + RIDGE / 2.0 * dot(weights, weights)
    };
    let mut weights = [0.0; FEATURES];
    let mut value = objective(&weights);
    for _ in 0..STEPS {
        let mut system = System::new();
        for (row, &yes) in rows.iter().zip(outcomes) {
            let p = sigmoid(dot(row, &weights));
            let slope = f64::from(u8::from(yes)) - p;
            system.weigh(row, p * (1.0 - p));
            system.pull(row, slope);
        }
        system.pull(&weights, -RIDGE);
        let step = system.solve(RIDGE);
        let mut share = 1.0;
        let better = loop {
            let tried = add(&weights, share, &step);
            let tried_value = objective(&tried);
            if tried_value < value {
                break Some((tried, tried_value));
            }
            share /= 2.0;
            if share < 1e-6 {
                break None;
            }
        };
        let Some((tried, tried_value)) = better else {
            break;
        };
        (weights, value) = (tried, tried_value);
    }
    weights
}

pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + e^x) without overflow.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn add(a: &Row, share: f64, b: &Row) -> Row {
    std::array::from_fn(|i| a[i] + share * b[i])
}

/// A symmetric positive definite system of [`FEATURES`] equations.
struct System {
    left: [Row; FEATURES],
    right: Row,
}

impl System {
    fn new() -> System {
        System {
            left: [[0.0; FEATURES]; FEATURES],
            right: [0.0; FEATURES],
        }
    }

    fn add(&mut self, row: &Row, weight: f64, target: f64) {
        self.weigh(row, weight);
        self.pull(row, weight * target);
    }

    /// Adds `weight x x^T` to the left side.
    fn weigh(&mut self, row: &Row, weight: f64) {
        for (line, a) in self.left.iter_mut().zip(row) {
            for (cell, b) in line.iter_mut().zip(row) {
                *cell += weight * a * b;
            }
        }
    }

    /// Adds `weight x` to the right side.
    fn pull(&mut self, row: &Row, weight: f64) {
        for (cell, a) in self.right.iter_mut().zip(row) {
            *cell += weight * a;
        }
    }

    /// Solves it with `ridge` added to the diagonal, by Cholesky's factors L L^T.
    fn solve(mut self, ridge: f64) -> Row {
        let factor = &mut self.left;
        for i in 0..FEATURES {
            factor[i][i] += ridge;
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
                let rest = factor[i][j] - known;
                // The ridge bounds pivots away from 0 but for rounding.
                factor[i][j] = if i == j {
                    rest.max(f64::MIN_POSITIVE).sqrt()
                } else {
                    rest / factor[j][j]
                };
            }
        }
        let mut x = self.right;
        for i in 0..FEATURES {
            let known: f64 = (0..i).map(|k| factor[i][k] * x[k]).sum();
            x[i] = (x[i] - known) / factor[i][i];
        }
        for i in (0..FEATURES).rev() {
            let known: f64 = (i + 1..FEATURES).map(|k| factor[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / factor[i][i];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qualm_stats::random::Stream;

    fn rows(count: usize) -> (Vec<Row>, Stream) {
        let mut stream = Stream::new(3, 0);
        let rows = (0..count)
            .map(|_| row(2.0 * stream.unit() - 1.0, 2.0 * stream.unit() - 1.0))
            .collect();
        (rows, stream)
    }

    #[test]
    fn features_worked_by_hand() {
        assert_eq!(row(0.5, 0.25), [1.0, 0.5, 0.25, 1.0, 0.5, 0.25]);
        assert_eq!(row(-0.5, 0.25), [1.0, 0.5, 0.25, -1.0, -0.5, -0.25]);
        // Nobody can tell from them which answer is right.
        assert_eq!(row(0.5, -0.25), row(-0.5, 0.25));
        // Who has no side takes that of the advice; advice without a side has none.
        assert_eq!(row(0.0, -0.25), [1.0, 0.0, 0.25, 1.0, 0.0, 0.25]);
        assert_eq!(row(0.5, 0.0), [1.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn linear_finds_planted_coefficients() {
        let (rows, _) = rows(500);
        let planted = [0.3, -0.7, 0.2, 0.1, 0.4, -0.6];
        let targets: Vec<f64> = rows.iter().map(|row| dot(row, &planted)).collect();
        let found = linear(&rows, &targets);
        for (found, planted) in found.iter().zip(&planted) {
            assert!((found - planted).abs() < 1e-3, "{found} {planted}");
        }
    }

    #[test]
    fn logistic_finds_planted_coefficients_and_a_flat_gradient() {
        let (rows, mut stream) = rows(40_000);
        let planted = [-0.5, -1.0, 2.0, -0.3, 0.5, 0.8];
        let outcomes: Vec<bool> = rows
            .iter()
            .map(|row| stream.unit() < sigmoid(dot(row, &planted)))
            .collect();
        let found = logistic(&rows, &outcomes);
        for (found, planted) in found.iter().zip(&planted) {
            assert!((found - planted).abs() < 0.2, "{found} {planted}");
        }
        for i in 0..FEATURES {
            let slopes = rows
                .iter()
                .zip(&outcomes)
                .map(|(row, &yes)| (f64::from(u8::from(yes)) - sigmoid(dot(row, &found))) * row[i]);
            let slope: f64 = slopes.sum::<f64>() - RIDGE * found[i];
            assert!(slope.abs() < 1e-4, "{i}: {slope}");
        }
    }

    #[test]
    fn one_sided_outcomes_stay_finite() {
        let (rows, _) = rows(50);
        let weights = logistic(&rows, &[true; 50]);
        assert!(weights.iter().all(|w| w.is_finite()));
        assert!(sigmoid(dot(&rows[0], &weights)) > 0.99);
        assert_eq!(linear(&[], &[]), [0.0; FEATURES]);
    }
}
