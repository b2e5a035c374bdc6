//! The same head as scikit-learn learns: values recorded by `reference/head.py`.

#[path = "common/data.rs"]
mod data;

use data::data_file;
use qualm_data::FeatureSet;
use qualm_head::{FitOptions, Stop, check, fit_head};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap().iter();
    items.map(|item| item.as_f64().unwrap()).collect()
}

fn largest_difference(ours: &[f32], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter()
        .zip(theirs)
        .map(|(&a, b)| (f64::from(a) - b).abs())
        .fold(0.0, f64::max)
}

#[test]
fn digits() {
    let Some(file) = data_file("reference/digits_relu.npz") else {
        return;
    };
    let source = FeatureSet::open(&format!("{}:features=train", file.display())).unwrap();
    let reference: Value = serde_json::from_str(include_str!("reference/head.json")).unwrap();
    for theirs in reference["fits"].as_array().unwrap() {
        let number = |key: &str| theirs[key].as_f64().unwrap();
        let options = FitOptions {
            inverse_regularisation: number("c"),
            ..FitOptions::default()
        };
        let ours = fit_head(&source, &options, &mut |_| {}).unwrap();
        println!(
            "C = {}: {:.12} after {} passes, scikit-learn {:.12}",
            number("c"),
            ours.objective,
            ours.passes,
            number("objective")
        );
        assert_eq!(ours.stop, Stop::Converged);
        assert!(ours.gradient_norm <= 1e-6);
        for theirs in ["objective", "objective_of_lbfgs"] {
            assert!((ours.objective / number(theirs) - 1.0).abs() <= 1e-6);
        }
        assert_eq!(ours.training_accuracy, number("accuracy"));

        // A gradient of 1e-6 leaves the parameters less certain than the objective.
        let close = FitOptions {
            gradient_tolerance: 1e-9,
            max_iterations: 10_000,
            ..options
        };
        let close = fit_head(&source, &close, &mut |_| {}).unwrap();
        assert!((close.objective / number("objective") - 1.0).abs() <= 1e-10);
        let head = close.head;
        let row = &head.weight()[3 * head.dim()..4 * head.dim()];
        assert!(largest_difference(head.bias(), &numbers(&theirs["bias"])) < 1e-5);
        assert!(largest_difference(row, &numbers(&theirs["weight_of_class_3"])) < 1e-5);

        let checked = check(&source, &head).unwrap();
        assert_eq!(checked.head_accuracy, Some(close.training_accuracy));
    }
}
