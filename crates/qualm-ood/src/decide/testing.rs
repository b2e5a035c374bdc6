//! Small bundles for the tests of decisions.

use qualm_data::MemorySet;

use crate::{Bundle, FitInput, FitOptions, Recipe, calibrate, fit};

/// Detectors over stored logits, without reference.
pub(super) fn uncalibrated(recipes: &str, classes: usize) -> Bundle {
    let train = MemorySet::new("train")
        .with_logits(vec![0.5; 4 * classes], classes)
        .unwrap();
    let input = FitInput {
        train: &train,
        head: None,
    };
    let recipes = Recipe::parse_list(recipes).unwrap();
    fit(input, &recipes, &FitOptions::default(), &mut |_| {})
        .unwrap()
        .bundle
}

/// The same, with the rows of `logits` as reference.
pub(super) fn calibrated(recipes: &str, logits: &[f32], classes: usize) -> Bundle {
    let mut bundle = uncalibrated(recipes, classes);
    let reference = MemorySet::new("reference")
        .with_logits(logits.to_vec(), classes)
        .unwrap();
    calibrate(&mut bundle, &reference).unwrap();
    bundle
}
