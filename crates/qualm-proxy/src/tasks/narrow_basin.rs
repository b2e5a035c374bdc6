use super::Entry;
use super::functions::Function;

pub(super) const ENTRY: Entry = Entry {
    word: "narrow-basin",
    what: "a wide hill of height 1 and a needle of height 2 that no draw of the data comes near",
    parameters: "",
    parse: |words, _| Ok(Function::boxed(words.word(), &[(-1.0, 1.0); DIM], value)),
};

const DIM: usize = 8;
const HILL: f64 = 0.4;
const NEEDLE: f64 = -0.6;
/// Width of the needle as a standard deviation.
const WIDTH: f64 = 0.05;

/// f(x) = exp(-|x - 0.4|^2) + 2 exp(-|x + 0.6|^2 / (2 0.05^2)) for x in \[-1, 1\]^8.
///
/// Smooth proxies cannot know the needle; whoever claims to have found it has made it up.
fn value(x: &[f64]) -> f64 {
    let squares = |centre: f64| x.iter().map(|x| (x - centre) * (x - centre)).sum::<f64>();
    (-squares(HILL)).exp() + 2.0 * (-squares(NEEDLE) / (2.0 * WIDTH * WIDTH)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_needle_is_twice_as_high_as_the_hill() {
        assert!((value(&[HILL; DIM]) - 1.0).abs() < 1e-12);
        assert!((value(&[NEEDLE; DIM]) - (2.0 + (-8.0f64).exp())).abs() < 1e-12);
        // Three widths off along one axis, the needle is gone.
        let mut off = [NEEDLE; DIM];
        off[0] += 3.0 * WIDTH;
        assert!(value(&off) < 0.03);
    }
}
