use qualm_data::{Head, MemorySet, Source};

use super::*;
use crate::testing::{fit_error, fit_scores, numbers};
use crate::{Bundle, FitInput, FitOptions, Recipe, fit};

/// `sum (p - q) log(p / q)` of what `epsilon` is added to.
fn divergence<const N: usize>(p: [f64; N], q: [f64; N], epsilon: f64) -> f64 {
    let scaled = |shares: [f64; N]| {
        let some = shares.map(|share| share + epsilon);
        some.map(|share| share / some.iter().sum::<f64>())
    };
    let both = scaled(p).into_iter().zip(scaled(q));
    both.map(|(p, q)| (p - q) * (p / q).ln()).sum()
}

#[test]
fn by_hand() {
    // Weights of zero stay zero: all logits are 0 and log 3, one in each of two bins, as in the
    // mean; the largest probability is 3/4. Two features a row: bins (2, 0) and (1, 1) have the
    // mean shares (3/4, 1/4).
    let head = || Head::new(vec![0.0; 4], vec![0.0, 3f32.ln()], 2).unwrap();
    let recipe = "weiper(r=3,bins=2,smooth=1,smooth_perturbed=1,lambda2=2)";
    let train = [0.0, 0.0, 0.0, 1.0];
    let rows = [1.0, 0.9, 0.1, 2.0];
    let scores = fit_scores(recipe, &train, 2, Some(head()), &rows);
    // Both in the upper bin; one in the lower and one outside.
    for (score, shares) in scores.iter().zip([[0.0, 1.0], [0.5, 0.0]]) {
        let want = divergence([0.75, 0.25], shares, 0.01) - 2.0 * 0.75;
        assert!((score - want).abs() < 1e-6, "{score} and {want}");
    }
}

#[test]
fn perturbed_logits_by_hand() {
    // One class and one feature: noise of half the weight makes it 3 or 1, logits 3 x + 10 or
    // x + 10. Fitting rows -1 and 2: logits 7 or 9, and 16 or 12, in bins from 7, 10 and 13 to
    // 16. Row 1/2: 11.5 or 10.5, in the middle bin, which two bins share once smoothed.
    let perturbation = Perturbation {
        heads: 20,
        delta: 0.5,
        seed: 3,
    };
    let head = || Head::new(vec![2.0], vec![10.0], 1).unwrap();
    let heads = PerturbedHeads::new(perturbation);
    let up = heads.weight(&head()).iter().filter(|w| **w == 3.0).count() as f64 / 20.0;
    assert!(up > 0.0 && up < 1.0);
    let recipe = "weiper(r=20,delta=0.5,seed=3,bins=3,smooth=1,smooth_perturbed=2,lambda1=3)";
    let score = fit_scores(recipe, &[-1.0, 2.0], 1, Some(head()), &[0.5])[0];
    let of_features = divergence([0.5, 0.0, 0.5], [0.0, 1.0, 0.0], 0.01);
    let mean = [0.5, (1.0 - up) / 2.0, up / 2.0];
    let of_logits = divergence(mean, [0.5, 0.5, 0.0], 0.025);
    let want = of_features + 3.0 * of_logits - 0.1;
    assert!((score - want).abs() < 1e-6, "{score} and {want}");
}

fn some_head() -> Head {
    Head::new(numbers(12, 2), vec![0.1, 0.0, -0.2], 4).unwrap()
}

fn bundle(recipes: &str) -> Bundle {
    let train = MemorySet::new("rows").with_features(numbers(200, 1), 4);
    let (train, head) = (train.unwrap(), some_head());
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list(recipes).unwrap();
    let fitted = fit(input, &recipes, &FitOptions::default(), &mut |_| {});
    fitted.unwrap().bundle
}

#[test]
fn the_seed_decides_the_bytes_and_heads_are_not_among_them() {
    let bytes = |recipe: &str| bundle(recipe).to_bytes().unwrap();
    let one = bytes("weiper(seed=1)");
    assert!(one == bytes("weiper(seed=1)"));
    // The texts differ by one byte, the shares by more.
    let other = bytes("weiper(seed=2)");
    let differ = one.iter().zip(&other).filter(|(a, b)| a != b).count();
    assert!(one.len() == other.len() && differ > 20, "{differ}");
    assert_eq!(bytes("weiper(r=101)").len(), bytes("weiper(r=999)").len());
    let again = Bundle::from_bytes("again", &one).unwrap();
    assert!(again.to_bytes().unwrap() == one);
    let scores = |seed| {
        let recipe = format!("weiper(seed={seed})");
        fit_scores(
            &recipe,
            &numbers(200, 1),
            4,
            Some(some_head()),
            &numbers(8, 4),
        )
    };
    assert_eq!(scores(1), scores(1));
    assert_ne!(scores(1), scores(2));
}

#[test]
fn equal_heads_are_computed_once() {
    let operations = |recipes: &str| {
        let bundle = bundle(recipes);
        let rows = MemorySet::new("rows").with_features(numbers(4, 1), 4);
        let rows = rows.unwrap();
        let scorer = bundle.scorer("rows", rows.schema()).unwrap();
        scorer.operations_per_row()
    };
    assert_eq!(operations("weiper(r=7)"), 2.0 * 7.0 * 12.0);
    let two = "a=weiper(r=7),b=weiper(r=7,lambda1=0)";
    assert_eq!(operations(two), 2.0 * 7.0 * 12.0);
    let three = "a=weiper(r=7),b=weiper(r=7,seed=3),c=weiper(r=7,bins=9)";
    assert_eq!(operations(three), 3.0 * 2.0 * 7.0 * 12.0);
}

#[test]
fn guards() {
    let train = numbers(40, 3);
    let error = |recipe: &str, train: &[f32], head| fit_error(recipe, train, 4, head);
    assert!(error("weiper", &train, None).contains("--head"));
    let zero = || Head::new(vec![0.0; 8], vec![1.0; 2], 4).unwrap();
    let problem = error("weiper", &train, Some(zero()));
    assert!(problem.contains("the perturbed logits of the fitting rows are all equal"));
    let problem = error("weiper", &[1.0; 40], Some(some_head()));
    assert!(problem.contains("the features of the fitting rows are all equal"));
    for wrong in [
        "r=0",
        "r=1001",
        "bins=1",
        "bins=9,smooth=10",
        "delta=0",
        "lambda1=-1",
    ] {
        let recipe = format!("weiper({wrong})");
        let problem = recipe.parse::<Recipe>().unwrap_err().to_string();
        assert!(problem.contains("is not allowed"), "{problem}");
    }
    assert!("weiper(bins=9)".parse::<Recipe>().is_ok());
}

#[test]
fn heads_that_do_not_fit_are_refused_with_the_figure() {
    let train = MemorySet::new("rows").with_features(numbers(200, 1), 4);
    let (train, head) = (train.unwrap(), some_head());
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let options = FitOptions {
        memory: 4000,
        ..FitOptions::default()
    };
    let fit = |recipe: &str| fit(input, &[recipe.parse().unwrap()], &options, &mut |_| {});
    let error = fit("weiper(r=100)").unwrap_err().to_string();
    assert!(
        error.starts_with("weiper: ") && error.contains("4.8 kB"),
        "{error}"
    );
    assert!(fit("weiper(r=80)").is_ok());
}
