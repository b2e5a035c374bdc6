//! What the hand-worked tests of the methods share.

use qualm_data::{Head, MemorySet};

use crate::{Bundle, FitInput, FitOptions, OodError, Recipe, fit, score};

/// Seeded numbers from -1/2 to 1/2.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut stream = qualm_stats::random::Stream::new(seed, 0);
    (0..count).map(|_| stream.unit() as f32 - 0.5).collect()
}

/// Rows that span two of `dim` dimensions.
pub(crate) fn plane_rows(rows: usize, dim: usize) -> Vec<f32> {
    let mut plane = vec![0.0; rows * dim];
    for (row, xy) in plane.chunks_mut(dim).zip(numbers(rows * 2, 9).chunks(2)) {
        row[..2].copy_from_slice(xy);
    }
    plane
}

/// Scores of the one detector of a bundle.
pub(crate) fn scores_of(bundle: &Bundle, set: &MemorySet) -> Vec<f64> {
    let mut all = Vec::new();
    let mut sink = |scored: &crate::Scored<'_>| {
        all.extend_from_slice(scored.scores(0));
        Ok(())
    };
    score(bundle, set, &mut sink).unwrap();
    all
}

fn fit_one(recipe: &str, train: &MemorySet, head: Option<Head>) -> Result<Bundle, OodError> {
    let input = FitInput {
        train,
        head: head.as_ref(),
    };
    let recipes = Recipe::parse_list(recipe)?;
    let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
    // Every hand-worked test also goes through a file.
    Bundle::from_bytes("bundle", &bundle.to_bytes()?)
}

fn features(rows: &[f32], dim: usize) -> MemorySet {
    MemorySet::new("rows")
        .with_features(rows.to_vec(), dim)
        .unwrap()
}

/// Scores rows of stored logits with a method that is not fitted.
pub(crate) fn score_logits(recipe: &str, logits: &[f32], classes: usize) -> Vec<f64> {
    let set = MemorySet::new("rows")
        .with_logits(logits.to_vec(), classes)
        .unwrap();
    scores_of(&fit_one(recipe, &set, None).unwrap(), &set)
}

/// Fits on `train` and scores `rows`, all of width `dim`.
pub(crate) fn fit_scores(
    recipe: &str,
    train: &[f32],
    dim: usize,
    head: Option<Head>,
    rows: &[f32],
) -> Vec<f64> {
    scores_of(
        &fit_one(recipe, &features(train, dim), head).unwrap(),
        &features(rows, dim),
    )
}

/// Why fitting fails.
pub(crate) fn fit_error(recipe: &str, train: &[f32], dim: usize, head: Option<Head>) -> String {
    fit_one(recipe, &features(train, dim), head)
        .unwrap_err()
        .to_string()
}

/// Fits on labelled rows and scores others.
pub(crate) fn fit_labelled_scores(
    recipe: &str,
    train: &[f32],
    dim: usize,
    labels: &[i64],
    rows: &[f32],
) -> Vec<f64> {
    let train = features(train, dim).with_labels(labels.to_vec()).unwrap();
    scores_of(
        &fit_one(recipe, &train, None).unwrap(),
        &features(rows, dim),
    )
}

/// Why fitting on labelled rows fails.
pub(crate) fn fit_labelled_error(
    recipe: &str,
    train: &[f32],
    dim: usize,
    labels: &[i64],
) -> String {
    let train = features(train, dim).with_labels(labels.to_vec()).unwrap();
    fit_one(recipe, &train, None).unwrap_err().to_string()
}

/// Fits on labelled rows of stored logits and scores others.
pub(crate) fn fit_labelled_logit_scores(
    recipe: &str,
    train: &[f32],
    classes: usize,
    labels: &[i64],
    rows: &[f32],
) -> Vec<f64> {
    let logits = |rows: &[f32]| {
        MemorySet::new("rows")
            .with_logits(rows.to_vec(), classes)
            .unwrap()
    };
    let train = logits(train).with_labels(labels.to_vec()).unwrap();
    scores_of(&fit_one(recipe, &train, None).unwrap(), &logits(rows))
}

/// Fits on rows of stored logits and scores others.
pub(crate) fn fit_logit_scores(
    recipe: &str,
    train: &[f32],
    classes: usize,
    rows: &[f32],
) -> Vec<f64> {
    let logits = |rows: &[f32]| {
        MemorySet::new("rows")
            .with_logits(rows.to_vec(), classes)
            .unwrap()
    };
    let bundle = fit_one(recipe, &logits(train), None).unwrap();
    scores_of(&bundle, &logits(rows))
}

fn fit_labelled_head(
    recipe: &str,
    train: &[f32],
    dim: usize,
    labels: &[i64],
    head: Head,
) -> Result<Bundle, OodError> {
    let train = features(train, dim).with_labels(labels.to_vec()).unwrap();
    fit_one(recipe, &train, Some(head))
}

/// Fits on labelled rows of a classifier with this head and scores others.
pub(crate) fn fit_labelled_head_scores(
    recipe: &str,
    train: &[f32],
    dim: usize,
    labels: &[i64],
    head: Head,
    rows: &[f32],
) -> Vec<f64> {
    let bundle = fit_labelled_head(recipe, train, dim, labels, head).unwrap();
    scores_of(&bundle, &features(rows, dim))
}

/// Why fitting on labelled rows of a classifier with this head fails.
pub(crate) fn fit_labelled_head_error(
    recipe: &str,
    train: &[f32],
    dim: usize,
    labels: &[i64],
    head: Head,
) -> String {
    fit_labelled_head(recipe, train, dim, labels, head)
        .unwrap_err()
        .to_string()
}
