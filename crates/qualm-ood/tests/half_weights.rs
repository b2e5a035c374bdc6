//! What matrices in `f16` cost on real features: the demo's classifier, all of its rows. Its head
//! was stored in `f16`, so scores of the logits alone are the same to the last bit.

use qualm_data::{FeatureSet, Head, Source};
use qualm_ood::{Bundle, FitInput, FitOptions, Recipe, Weights, fit, score};
use qualm_stats::spearman;

const METHODS: &str = "vim,residual(dim=256),energy,msp,mahalanobis++(ridge=0.01),cosine";

fn open(file: qualm_demo_data::File) -> FeatureSet {
    FeatureSet::from_bytes(file.name, file.bytes).unwrap()
}

fn fitted(weights: Weights) -> Bundle {
    let head = Head::from_bytes(qualm_demo_data::HEAD.name, qualm_demo_data::HEAD.bytes).unwrap();
    let train = open(qualm_demo_data::TRAIN);
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let options = FitOptions {
        weights,
        ..FitOptions::default()
    };
    let recipes = Recipe::parse_list(METHODS).unwrap();
    fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle
}

/// Scores of all rows, detector by detector.
fn scores(bundle: &Bundle) -> Vec<Vec<f64>> {
    let mut all = vec![Vec::new(); bundle.detectors().len()];
    let sets = [qualm_demo_data::VAL]
        .into_iter()
        .chain(qualm_demo_data::OOD);
    for set in sets.map(open) {
        score(bundle, &set as &dyn Source, &mut |scored| {
            let each = all.iter_mut().enumerate();
            each.for_each(|(at, to)| to.extend_from_slice(scored.scores(at)));
            Ok(())
        })
        .unwrap();
    }
    all
}

fn standard_deviation(scores: &[f64]) -> f64 {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / scores.len() as f64).sqrt()
}

#[test]
fn halves_move_no_score_by_more_than_two_thousandths_of_its_spread() {
    let (whole, half) = (fitted(Weights::F32), fitted(Weights::F16));
    let (whole_bytes, half_bytes) = (whole.to_bytes().unwrap(), half.to_bytes().unwrap());
    assert!(half_bytes.len() < whole_bytes.len());
    let (exact, near) = (scores(&whole), scores(&half));
    for ((exact, near), name) in exact.iter().zip(&near).zip(whole.names()) {
        let difference = exact.iter().zip(near).map(|(a, b)| (a - b).abs());
        let largest = difference.fold(0.0, f64::max) / standard_deviation(exact);
        let ranks = spearman(exact, near).unwrap();
        println!("{name}: at most {largest:.1e} standard deviations, rank correlation {ranks:.7}");
        assert!(largest < 2e-3, "{name}: {largest}");
        assert!(ranks > 0.99999, "{name}: {ranks}");
    }
    // The file holds what was scored with.
    let copy = Bundle::from_bytes("copy", &half_bytes).unwrap();
    assert_eq!(copy.weights(), Weights::F16);
    assert_eq!(scores(&copy), near);
    assert_eq!(copy.to_bytes().unwrap(), half_bytes);
}
