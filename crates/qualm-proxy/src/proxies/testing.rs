//! What tests of proxies share.

use crate::{Data, Designs, Labelled, Merge, Space};

/// -|x|^2 on a grid of 20 x 20.
pub(crate) fn bowl() -> Data {
    let at = |i: usize| i as f64 / 10.0 - 0.95;
    let designs: Vec<f64> = (0..400).flat_map(|i| [at(i / 20), at(i % 20)]).collect();
    let labels = designs
        .chunks(2)
        .map(|x| -(x[0] * x[0] + x[1] * x[1]))
        .collect();
    let visible = Labelled::new("bowl", Designs::new(designs, 2), labels, Merge::Refuse);
    let space = Space::continuous(&[(-1.0, 1.0), (-1.0, 1.0)]);
    Data::new(&space, visible.expect("labels differ")).expect("they are enough")
}

/// Pearson's correlation.
pub(crate) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f(a - ma, b - mb)).sum()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}
