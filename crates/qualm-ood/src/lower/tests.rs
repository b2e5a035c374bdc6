//! Graphs give the scores of the detectors that they were lowered from.

use qualm_data::{Head, MemorySet};

use super::*;
use crate::testing::{numbers, scores_of};
use crate::{FitInput, FitOptions, Recipe, fit};

impl Graph {
    /// The value for one input, computed as an engine in `f32` would.
    fn run(&self, result: Value, features: &[f32], logits: &[f32]) -> Vec<f32> {
        let mut values: Vec<Vec<f32>> = Vec::new();
        for operation in self.operations() {
            let of = |value: &Value| values[value.number()].clone();
            let largest = |row: &[f32]| {
                let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                row.iter().position(|&x| x == best).unwrap()
            };
            values.push(match operation {
                Operation::Features => features.to_vec(),
                Operation::Logits => logits.to_vec(),
                Operation::Row(row) => row.clone(),
                Operation::Affine {
                    of: x,
                    matrix,
                    offset,
                } => {
                    let x = of(x);
                    let rows = matrix.chunks(x.len()).zip(offset);
                    rows.map(|(row, c)| row.iter().zip(&x).map(|(a, x)| a * x).sum::<f32>() + c)
                        .collect()
                }
                Operation::Each(function, x) => of(x)
                    .into_iter()
                    .map(|x| match function {
                        Function::Exp => x.exp(),
                        Function::Log => x.ln(),
                        Function::Sqrt => x.sqrt(),
                        Function::Abs => x.abs(),
                        Function::Neg => -x,
                    })
                    .collect(),
                Operation::Pair(pairing, a, b) => {
                    let (a, b) = (of(a), of(b));
                    let at =
                        |row: &[f32], place: usize| row[if row.len() == 1 { 0 } else { place }];
                    (0..a.len().max(b.len()))
                        .map(|place| {
                            let (a, b) = (at(&a, place), at(&b, place));
                            match pairing {
                                Pairing::Add => a + b,
                                Pairing::Sub => a - b,
                                Pairing::Mul => a * b,
                                Pairing::Div => a / b,
                                Pairing::Max => a.max(b),
                                Pairing::Min => a.min(b),
                                Pairing::Pow => a.powf(b),
                            }
                        })
                        .collect()
                }
                Operation::Fold(folding, x) => vec![match folding {
                    Folding::Sum => of(x).iter().sum(),
                    Folding::Max => of(x).into_iter().fold(f32::NEG_INFINITY, f32::max),
                    Folding::Min => of(x).into_iter().fold(f32::INFINITY, f32::min),
                }],
                Operation::Largest(x, count) => {
                    let mut row = of(x);
                    row.sort_by(|a, b| b.total_cmp(a));
                    row.truncate(*count);
                    row
                }
                Operation::WithoutLargest(x) => {
                    let mut row = of(x);
                    let at = largest(&row);
                    row[at] = 0.0;
                    row
                }
                Operation::RowAtLargest { by, table } => {
                    let by = of(by);
                    let width = table.len() / by.len();
                    table[largest(&by) * width..][..width].to_vec()
                }
            });
        }
        values[result.number()].clone()
    }
}

const DIM: usize = 6;
const CLASSES: usize = 4;

fn rows(count: usize, seed: u64, rectified: bool) -> MemorySet {
    let mut features = numbers(count * DIM, seed);
    for (row, features) in features.chunks_mut(DIM).enumerate() {
        features[row % CLASSES] += 1.5;
    }
    if rectified {
        features.iter_mut().for_each(|x| *x = x.max(0.0));
    }
    // A row without a direction.
    features[..DIM].fill(0.0);
    let labels = (0..count).map(|row| (row % CLASSES) as i64).collect();
    let set = MemorySet::new("rows").with_features(features, DIM).unwrap();
    set.with_labels(labels).unwrap()
}

fn head() -> Head {
    let mut weight = numbers(CLASSES * DIM, 3);
    for class in 0..CLASSES {
        weight[class * DIM + class] += 2.0;
    }
    Head::new(weight, vec![0.1, -0.1, 0.2, 0.0], DIM).unwrap()
}

#[test]
fn graphs_give_the_scores_of_their_detectors() {
    let head = head();
    for recipe in [
        "msp",
        "maxlogit",
        "energy",
        "energy(T=3)",
        "entropy",
        "gen",
        "gen(top=2,gamma=0.3)",
        "mcm",
        "tempscale",
        "vim(dim=3)",
        "vim(dim=3,score=prob)",
        "residual(dim=2)",
        "gen+residual(dim=3)",
        "mahalanobis",
        "mahalanobis++",
        "rmd",
        "rmd++",
        "ssd",
        "cosine",
        "fdbd",
        "nci",
        "she",
        "she(metric=euclidean)",
        "klmatching",
        "react+energy",
        "react(p=70)+msp",
        "dice+energy",
        "vra+maxlogit",
        "scale+energy",
        "she(metric=cosine)",
    ] {
        // Activations that were rectified, for the shaper that asks for them.
        let rectified = recipe.starts_with("scale");
        let (train, fresh) = (rows(200, 1, rectified), rows(60, 2, rectified));
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let recipes = Recipe::parse_list(recipe).unwrap();
        let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
            .unwrap()
            .bundle;
        let scores = scores_of(&bundle, &fresh);
        let lowered = bundle.lower(0).unwrap();
        assert_eq!(lowered.graph.width(lowered.score), 1, "{recipe}");
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let spread = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / scores.len() as f64;
        for (features, score) in fresh.rows().features.chunks(DIM).zip(&scores) {
            let logits: Vec<f32> = head
                .weight()
                .chunks(DIM)
                .zip(head.bias())
                .map(|(w, b)| w.iter().zip(features).map(|(w, x)| w * x).sum::<f32>() + b)
                .collect();
            let ours = f64::from(lowered.graph.run(lowered.score, features, &logits)[0]);
            assert!(
                (ours - score).abs() <= 1e-4 * spread.sqrt(),
                "{recipe}: {ours} where the detector says {score}"
            );
        }
    }
}

#[test]
fn what_has_no_such_form_says_so() {
    let train = rows(100, 1, false);
    let input = FitInput {
        train: &train,
        head: None,
    };
    let recipes = Recipe::parse_list("gmm(k=2)")
        .or_else(|_| Recipe::parse_list("gmm"))
        .unwrap();
    let bundle = fit(input, &recipes, &FitOptions::default(), &mut |_| {})
        .unwrap()
        .bundle;
    let error = bundle.lower(0).unwrap_err().to_string();
    assert!(error.contains("no form as plain operations"), "{error}");
}
