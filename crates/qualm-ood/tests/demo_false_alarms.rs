//! On real rows, the mean false-alarm rate over seeded splits is the one that is promised:
//! floor(a (n + 1)) / (n + 1).

use qualm_data::{FeatureSet, Head};
use qualm_ood::{FitInput, FitOptions, Recipe, fit, score};
use qualm_stats::Reference;
use qualm_stats::random::Stream;

#[test]
fn the_mean_over_splits_is_the_promise() {
    const SPLITS: u64 = 4000;
    const REFERENCE: usize = 199;
    let open = |file: qualm_demo_data::File| FeatureSet::from_bytes(file.name, file.bytes).unwrap();
    let head = Head::from_bytes(qualm_demo_data::HEAD.name, qualm_demo_data::HEAD.bytes).unwrap();
    let train = open(qualm_demo_data::TRAIN);
    let recipes = Recipe::parse_list("vim(dim=256),msp").unwrap();
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
        .unwrap()
        .bundle;
    let mut scores = [Vec::new(), Vec::new()];
    score(&bundle, &open(qualm_demo_data::VAL), &mut |scored| {
        scores
            .iter_mut()
            .enumerate()
            .for_each(|(i, to)| to.extend_from_slice(scored.scores(i)));
        Ok(())
    })
    .unwrap();
    for (scores, name) in scores.iter_mut().zip(bundle.names()) {
        for level in [0.01, 0.05, 0.1] {
            let mut alarms = 0;
            let mut promise = 0.0;
            for split in 0..SPLITS {
                Stream::new(split, 0).shuffle(scores);
                let (held, new) = scores.split_at(REFERENCE);
                let reference = Reference::new(held.to_vec()).unwrap();
                let threshold = reference.threshold(level);
                alarms += new.iter().filter(|score| **score > threshold).count();
                promise = reference.guaranteed_false_alarms(level);
            }
            let new = (scores.len() - REFERENCE) as f64;
            let rate = alarms as f64 / (SPLITS as f64 * new);
            // The rate of one split varies by about sqrt(a (1 - a) (1/200 + 1/301)).
            let error = (level * (1.0 - level) * (1.0 / 200.0 + 1.0 / new) / SPLITS as f64).sqrt();
            assert!(
                (rate - promise).abs() < 4.0 * error,
                "{name}: {rate:.5} at {level}, promised {promise:.5} +- {error:.5}"
            );
        }
    }
}
