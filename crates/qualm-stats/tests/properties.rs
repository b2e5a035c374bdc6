//! What must hold for any scores.

use proptest::collection::vec;
use proptest::prelude::*;
use qualm_stats::{
    Bootstrap, Ranking, Reference, auroc_interval, benjamini_hochberg, paired_delong, spearman,
};

/// Scores with many ties, the two zeros and the two infinities.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-6_i32..6).prop_map(|step| f64::from(step) / 2.0),
        4 => -3.0..3.0_f64,
        1 => Just(-0.0),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
    ]
}

fn scores(least: usize) -> impl Strategy<Value = Vec<f64>> {
    vec(score(), least..40)
}

/// The definition: every pair, ties half.
fn auroc_of_pairs(id: &[f64], ood: &[f64]) -> f64 {
    let mut doubled = 0;
    for low in id {
        for high in ood {
            doubled += if high > low {
                2
            } else {
                i32::from(high == low)
            };
        }
    }
    f64::from(doubled) / (2 * id.len() * ood.len()) as f64
}

fn every_metric(ranking: &Ranking) -> [f64; 8] {
    [
        ranking.auroc(),
        ranking.average_precision_ood(),
        ranking.average_precision_id(),
        ranking.aupr_trapezoid_ood(),
        ranking.aupr_trapezoid_id(),
        ranking.fpr95_id(),
        ranking.fpr95_ood(),
        ranking.detection_accuracy(),
    ]
}

fn map(scores: &[f64], by: impl Fn(f64) -> f64) -> Vec<f64> {
    scores.iter().map(|&score| by(score)).collect()
}

proptest! {
    #[test]
    fn auroc_is_its_definition(id in scores(1), ood in scores(1)) {
        let ranking = Ranking::new(&id, &ood).unwrap();
        prop_assert_eq!(ranking.auroc(), auroc_of_pairs(&id, &ood));
    }

    #[test]
    fn swapping_the_classes_turns_auroc_around(id in scores(1), ood in scores(1)) {
        let there = Ranking::new(&id, &ood).unwrap().auroc();
        let back = Ranking::new(&ood, &id).unwrap().auroc();
        prop_assert!((there + back - 1.0).abs() < 1e-15);
    }

    #[test]
    fn negating_and_swapping_turns_each_metric_into_its_mirror(id in scores(1), ood in scores(1)) {
        let ranking = Ranking::new(&id, &ood).unwrap();
        let mirror = Ranking::new(&map(&ood, |s| -s), &map(&id, |s| -s)).unwrap();
        prop_assert_eq!(ranking.fpr95_id(), mirror.fpr95_ood());
        prop_assert_eq!(ranking.average_precision_id(), mirror.average_precision_ood());
        prop_assert_eq!(ranking.aupr_trapezoid_id(), mirror.aupr_trapezoid_ood());
        prop_assert_eq!(ranking.detection_accuracy(), mirror.detection_accuracy());
    }

    #[test]
    fn only_the_order_of_scores_counts(id in scores(1), ood in scores(1)) {
        // Strictly monotone, and exact, as powers of two are.
        let stretch = |s: f64| if s > 0.0 { 2.0 * s } else { s } * 4.0;
        let plain = Ranking::new(&id, &ood).unwrap();
        let stretched = Ranking::new(&map(&id, stretch), &map(&ood, stretch)).unwrap();
        prop_assert_eq!(every_metric(&plain), every_metric(&stretched));
        let bootstrap = Bootstrap { resamples: 20, ..Bootstrap::default() };
        prop_assert_eq!(bootstrap.auroc(&plain), bootstrap.auroc(&stretched));
    }

    #[test]
    fn false_positive_rates_are_their_definitions(
        id in scores(1), ood in scores(1), percent in 1_u32..=100,
    ) {
        let ranking = Ranking::new(&id, &ood).unwrap();
        let share = |rows: &[f64], keep: &dyn Fn(f64) -> bool| {
            rows.iter().filter(|&&s| keep(s)).count() as f64 / rows.len() as f64
        };
        let recall = f64::from(percent) / 100.0;
        let accepting = id
            .iter()
            .copied()
            .filter(|&t| share(&id, &|s| s <= t) >= recall)
            .fold(f64::INFINITY, f64::min);
        prop_assert_eq!(ranking.fpr_id(recall), Ok(share(&ood, &|s| s <= accepting)));
        let flagging = ood
            .iter()
            .copied()
            .filter(|&t| share(&ood, &|s| s >= t) >= recall)
            .fold(f64::NEG_INFINITY, f64::max);
        prop_assert_eq!(ranking.fpr_ood(recall), Ok(share(&id, &|s| s >= flagging)));
    }

    #[test]
    fn roc_points_do_what_their_thresholds_say(id in scores(1), ood in scores(1)) {
        let ranking = Ranking::new(&id, &ood).unwrap();
        let curve = ranking.roc();
        let above = |rows: &[f64], threshold: f64| {
            rows.iter().filter(|&&s| s > threshold).count() as f64 / rows.len() as f64
        };
        for point in &curve[..curve.len() - 1] {
            prop_assert_eq!(point.false_positive_rate, above(&id, point.threshold));
            prop_assert_eq!(point.true_positive_rate, above(&ood, point.threshold));
            let (n, m) = (id.len() as f64, ood.len() as f64);
            let right = (1.0 - point.false_positive_rate) * n + point.true_positive_rate * m;
            prop_assert!((ranking.accuracy_at(point.threshold) - right / (n + m)).abs() < 1e-12);
        }
        let last = curve[curve.len() - 1];
        prop_assert_eq!((last.false_positive_rate, last.true_positive_rate), (1.0, 1.0));
    }

    #[test]
    fn intervals_are_in_order_and_in_range(id in scores(2), ood in scores(2), seed: u64) {
        let ranking = Ranking::new(&id, &ood).unwrap();
        let bootstrap = Bootstrap { resamples: 30, level: 0.9, seed };
        for interval in [
            bootstrap.auroc(&ranking).unwrap(),
            bootstrap.fpr95_id(&ranking).unwrap(),
            bootstrap.fpr95_ood(&ranking).unwrap(),
            auroc_interval(&id, &ood, 0.9).unwrap(),
        ] {
            prop_assert!(0.0 <= interval.lo && interval.lo <= interval.hi && interval.hi <= 1.0);
            prop_assert!((0.0..=1.0).contains(&interval.value));
        }
    }

    #[test]
    fn a_paired_test_is_symmetric(
        id in vec((score(), score()), 2..30), ood in vec((score(), score()), 2..30),
    ) {
        let (id_a, id_b): (Vec<_>, Vec<_>) = id.into_iter().unzip();
        let (ood_a, ood_b): (Vec<_>, Vec<_>) = ood.into_iter().unzip();
        let there = paired_delong(&id_a, &ood_a, &id_b, &ood_b).unwrap();
        let back = paired_delong(&id_b, &ood_b, &id_a, &ood_a).unwrap();
        prop_assert_eq!(there.difference, -back.difference);
        prop_assert_eq!(there.standard_error, back.standard_error);
        prop_assert_eq!(there.p_value, back.p_value);
        prop_assert!((0.0..=1.0).contains(&there.p_value));
        prop_assert_eq!(there.auroc_a, Ranking::new(&id_a, &ood_a).unwrap().auroc());
    }

    #[test]
    fn above_the_threshold_is_a_small_p_value(
        rows in scores(1), new in score(), numerator in 0_u32..=120, denominator in 1_u32..=120,
    ) {
        let reference = Reference::new(rows.clone()).unwrap();
        let level = f64::from(numerator) / f64::from(denominator);
        prop_assume!(level < 1.0);
        let threshold = reference.threshold(level);
        for score in rows.into_iter().chain([new]) {
            prop_assert_eq!(score > threshold, reference.p_value(score) <= level);
        }
        prop_assert!(reference.guaranteed_false_alarms(level) <= level);
        let mute = reference.guaranteed_false_alarms(level) == 0.0;
        prop_assert_eq!(level < reference.smallest_level(), mute);
        prop_assert!(!mute || threshold == f64::INFINITY);
    }

    #[test]
    fn false_discovery_control_is_its_definition(
        p_values in vec((1_u32..=40).prop_map(|p| f64::from(p) / 40.0), 0..30), q in 0.01..0.6_f64,
    ) {
        let n = p_values.len() as f64;
        let mut sorted = p_values.clone();
        sorted.sort_by(f64::total_cmp);
        // The largest i with p_(i) <= i q / n, counting from 1; 0 if there is none.
        let accepted = (1..=sorted.len())
            .filter(|&i| sorted[i - 1] <= i as f64 * q / n)
            .max()
            .unwrap_or(0);
        let flags = benjamini_hochberg(&p_values, q);
        for (p, flag) in p_values.iter().zip(&flags) {
            prop_assert_eq!(*flag, sorted[..accepted].contains(p));
        }
    }

    #[test]
    fn rank_correlation_sees_only_order(pairs in vec((score(), score()), 2..40)) {
        let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        if let Ok(rho) = spearman(&a, &b) {
            prop_assert!((-1.0..=1.0).contains(&rho));
            prop_assert_eq!(spearman(&b, &a), Ok(rho));
            prop_assert_eq!(spearman(&a, &a), Ok(1.0));
            prop_assert_eq!(spearman(&map(&a, |s| -4.0 * s), &b), Ok(-rho));
        }
    }
}
