//! The demo's figures agree with an independent computation in `f64` (NumPy) on the same rows.

use qualm_data::{FeatureSet, Head, Source};
use qualm_ood::{FitInput, FitOptions, Recipe, fit, score};
use qualm_stats::Ranking;

/// AUROC on cifar10, fashion, noise, omniglot, textures.
const EXPECTED: [(&str, [f64; 5]); 9] = [
    // d = 223, by `reference/noise_edge.py`.
    ("vim", [0.977, 0.968, 0.994, 0.863, 0.941]),
    ("vim(dim=rule)", [0.965, 0.949, 0.988, 0.778, 0.920]),
    ("vim(dim=256)", [0.975, 0.966, 0.993, 0.854, 0.939]),
    ("residual(dim=256)", [0.926, 0.895, 0.968, 0.612, 0.864]),
    ("msp", [0.923, 0.923, 0.979, 0.967, 0.858]),
    ("maxlogit", [0.907, 0.918, 0.974, 0.968, 0.866]),
    ("energy", [0.870, 0.891, 0.957, 0.960, 0.857]),
    ("knn(k=50)", [0.567, 0.709, 0.979, 0.805, 0.807]),
    (
        "mahalanobis(ridge=0.01)",
        [0.910, 0.910, 0.933, 0.622, 0.845],
    ),
];

#[test]
fn every_method_agrees_within_three_thousandths() {
    let open = |file: qualm_demo_data::File| FeatureSet::from_bytes(file.name, file.bytes).unwrap();
    let head = Head::from_bytes(qualm_demo_data::HEAD.name, qualm_demo_data::HEAD.bytes).unwrap();
    let texts: Vec<String> = EXPECTED
        .iter()
        .enumerate()
        .map(|(i, (text, _))| format!("m{i}={text}"))
        .collect();
    let recipes = Recipe::parse_list(&texts.join(",")).unwrap();
    let train = open(qualm_demo_data::TRAIN);
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
        .unwrap()
        .bundle;
    let scores = |source: &dyn Source| {
        let mut all = vec![Vec::new(); EXPECTED.len()];
        score(&bundle, source, &mut |scored| {
            all.iter_mut()
                .enumerate()
                .for_each(|(i, to)| to.extend_from_slice(scored.scores(i)));
            Ok(())
        })
        .unwrap();
        all
    };
    let id = scores(&open(qualm_demo_data::VAL));
    for (set, file) in qualm_demo_data::OOD.into_iter().enumerate() {
        let ood = scores(&open(file));
        for (method, (text, expected)) in EXPECTED.iter().enumerate() {
            let auroc = Ranking::new(&id[method], &ood[method]).unwrap().auroc();
            let want = expected[set];
            assert!(
                (auroc - want).abs() <= 0.003,
                "{text} on {}: {auroc:.4}, not {want}",
                file.name
            );
        }
    }
}
