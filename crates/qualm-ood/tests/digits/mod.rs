//! Scores of the digits features (`reference/README.md`), and how they are compared with recorded
//! ones.

use qualm_data::{FeatureSet, Head};
use qualm_ood::{FitInput, FitOptions, Recipe, Scored, fit, score};
use qualm_stats::spearman;

pub(crate) const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/reference/digits_relu.npz"
);

fn rows(arrays: &str) -> FeatureSet {
    FeatureSet::open(&format!("{FILE}:{arrays}")).unwrap()
}

/// Scores of the rows `test`, then `ood`, by a method fitted on `train`.
pub(crate) fn ours(recipe: &str) -> Vec<f64> {
    let head = Head::open(&format!("{FILE}:weight=W,bias=b")).unwrap();
    let train = rows("features=train,labels=labels");
    let sets = [rows("features=test,labels="), rows("features=ood,labels=")];
    scores_of(recipe, &train, &head, &sets)
}

/// Scores of the rows of all `sets` by a method fitted on `train`.
pub(crate) fn scores_of(
    recipe: &str,
    train: &FeatureSet,
    head: &Head,
    sets: &[FeatureSet],
) -> Vec<f64> {
    let input = FitInput {
        train,
        head: Some(head),
    };
    let recipes = Recipe::parse_list(recipe).unwrap();
    let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {}).unwrap();
    let mut all = Vec::new();
    for set in sets {
        let mut sink = |scored: &Scored<'_>| {
            all.extend_from_slice(scored.scores(0));
            Ok(())
        };
        score(&fitted.bundle, set, &mut sink).unwrap();
    }
    all
}

pub(crate) fn standard_deviation(scores: &[f64]) -> f64 {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / scores.len() as f64).sqrt()
}

/// Between numbers at equal places.
pub(crate) fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Ranks agree to 0.9999 and scores within 1e-4 of their standard deviation.
pub(crate) fn assert_agree(recipe: &str, ours: &[f64], theirs: &[f64]) {
    assert_within(1e-4, recipe, ours, theirs);
}

/// Ranks agree to 0.9999 and scores within `limit` of their standard deviation.
pub(crate) fn assert_within(limit: f64, recipe: &str, ours: &[f64], theirs: &[f64]) {
    let correlation = spearman(ours, theirs).unwrap();
    let difference = largest_difference(ours, theirs) / standard_deviation(theirs);
    assert!(
        correlation >= 0.9999,
        "{recipe}: rank correlation {correlation}"
    );
    assert!(
        difference <= limit,
        "{recipe}: differs by {difference:.2e} standard deviations"
    );
}
