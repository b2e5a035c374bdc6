//! What the engine of out-of-distribution detection says of a classifier's features.

use qualm_data::{Head, MemorySet};
use qualm_ood::{Bundle, FitInput, FitOptions, OodError, Recipe, calibrate, fit, score};

use crate::RationaleError;
use crate::data::Dataset;
use crate::model::{Classifier, Reading};

/// Detectors that are fitted to each classifier. None asks for a covariance that can be inverted:
/// features that no text excites are constant.
const DETECTORS: &str = "vim,knn(k=5)";

/// Fits detectors to what enters the last layer for the training texts; their reference are the
/// validation texts, which no parameter was fitted to.
///
/// # Errors
/// [`RationaleError::Doubts`] when they cannot be fitted.
pub fn fit_doubts(
    classifier: &Classifier,
    training: &Dataset,
    validation: &Dataset,
) -> Result<Bundle, RationaleError> {
    let fitted = || -> Result<Bundle, OodError> {
        let width = classifier.layout.sizes.width;
        let (weight, bias) = classifier.head();
        let head = Head::new(weight.to_vec(), bias.to_vec(), width)?;
        let train = features(classifier, training)?;
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let recipes = Recipe::parse_list(DETECTORS)?;
        let mut bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})?.bundle;
        calibrate(&mut bundle, &features(classifier, validation)?)?;
        Ok(bundle)
    };
    fitted().map_err(|error| RationaleError::Doubts(error.to_string()))
}

fn features(classifier: &Classifier, set: &Dataset) -> Result<MemorySet, OodError> {
    let readings = classifier.read(&set.inputs());
    let rows = readings.into_iter().flat_map(|reading| reading.features);
    let labels = set.examples.iter().map(|example| example.label as i64);
    Ok(MemorySet::new(&set.name)
        .with_features(rows.collect(), classifier.layout.sizes.width)?
        .with_labels(labels.collect())?)
}

/// How unlike the training texts one is.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The detector.
    pub detector: String,
    /// Its outlier score; higher = less like the training texts.
    pub score: f64,
    /// How often a text like those of the reference scores as high.
    pub p_value: f64,
}

/// What detectors say of a reading.
///
/// # Errors
/// [`RationaleError::Doubts`] when they do not fit the classifier.
pub fn doubts(bundle: &Bundle, reading: &Reading) -> Result<Vec<Doubt>, RationaleError> {
    let scored = || -> Result<Vec<Doubt>, OodError> {
        let features = reading.features.clone();
        let width = features.len();
        let row = MemorySet::new("the text").with_features(features, width)?;
        let mut found = Vec::new();
        score(bundle, &row, &mut |scored| {
            for (at, name) in bundle.names().enumerate() {
                let score = scored.scores(at)[0];
                let p_value = match bundle.reference() {
                    Some(reference) => reference.overall(at)?.p_value(score),
                    None => f64::NAN,
                };
                found.push(Doubt {
                    detector: name.to_owned(),
                    score,
                    p_value,
                });
            }
            Ok(())
        })?;
        Ok(found)
    };
    scored().map_err(|error| RationaleError::Doubts(error.to_string()))
}
