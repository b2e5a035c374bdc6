use std::f64::consts::PI;

use super::Entry;
use super::functions::Function;

pub(super) const ENTRY: Entry = Entry {
    word: "branin",
    what: "Branin's function of two variables, the worse half of 5,000 draws visible",
    parameters: "",
    parse: |words, _| {
        let bounds = [(-5.0, 10.0), (0.0, 15.0)];
        Ok(Function::boxed(words.word(), &bounds, value))
    },
};

/// Branin's function, negated so that its three minima are maxima of -0.397887.
///
/// f(x, y) = -((y - 5.1/(4 pi^2) x^2 + 5/pi x - 6)^2 + 10 (1 - 1/(8 pi)) cos x + 10) for x in
/// [-5, 10] and y in [0, 15] (Branin 1972).
fn value(x: &[f64]) -> f64 {
    let bowl = x[1] - 5.1 / (4.0 * PI * PI) * x[0] * x[0] + 5.0 / PI * x[0] - 6.0;
    -(bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x[0].cos() + 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_maxima_are_known() {
        for x in [[-PI, 12.275], [PI, 2.275], [9.424_777_96, 2.475]] {
            assert!((value(&x) + 0.397_887).abs() < 1e-6, "{x:?}");
        }
    }
}
