//! Graphs give the scores of the detectors that they were lowered from.

use qualm_data::{Head, MemorySet};

use super::*;
use crate::testing::{numbers, scores_of};
use crate::{FitInput, FitOptions, Recipe, Split, fit};

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
                        Function::Tan => x.tan(),
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
                                Pairing::Above => f32::from(u8::from(a > b)),
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
                Operation::AmongLargest(x, count) => {
                    let row = of(x);
                    let mut among = vec![0.0; row.len()];
                    for place in &ranks(&row)[..*count] {
                        among[*place] = 1.0;
                    }
                    among
                }
                Operation::RowInRank { of: x, table, rank } => {
                    let x = of(x);
                    let products: Vec<f32> = table
                        .chunks(x.len())
                        .map(|row| row.iter().zip(&x).map(|(a, x)| a * x).sum())
                        .collect();
                    let place = ranks(&products)[rank - 1];
                    table[place * x.len()..][..x.len()].to_vec()
                }
            });
        }
        values[result.number()].clone()
    }
}

/// Places in the order of their numbers, the largest first, of equals the first.
fn ranks(row: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..row.len()).collect();
    places.sort_by(|&a, &b| row[b].partial_cmp(&row[a]).unwrap());
    places
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

/// Some rows are held back, for what compares its parts on them.
fn held_back() -> FitOptions {
    FitOptions {
        split: Split::of(0.3),
        ..FitOptions::default()
    }
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
        "vim(dim=1)",
        "residual(dim=1)",
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
        "gen(preset=pytorch-ood)",
        "knn(k=7)",
        "knn(k=1,bank=20)",
        "nnguide(k=5)",
        "relation",
        "relation(pow=3,cut=0.2)",
        "gradnorm",
        "neco",
        "pnml",
        "gmm",
        "lts(p=50)+energy",
        "ash-p(p=40)+energy",
        "ash-b(p=40)+energy",
        "ash-s(p=60)+maxlogit",
        "combined",
        "combined(knn(k=3),react+energy,maxlogit,by=harmonic)",
        "combined(vim(dim=3),msp,by=cauchy)",
        "combined(residual(dim=2),gen,by=rank)",
    ] {
        // Activations that were rectified, for the shapers that ask for them.
        let rectified = recipe.starts_with("scale") || recipe.starts_with("ash");
        let (train, fresh) = (rows(200, 1, rectified), rows(60, 2, rectified));
        let input = FitInput {
            train: &train,
            head: Some(&head),
        };
        let recipes = Recipe::parse_list(recipe).unwrap();
        let bundle = fit(input, &recipes, &held_back(), &mut |_| {})
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
            let ours = ours + lowered.origin;
            assert!(
                (ours - score).abs() <= 1e-4 * spread.sqrt(),
                "{recipe}: {ours} where the detector says {score}"
            );
        }
    }
}

#[test]
fn what_has_no_such_form_says_so() {
    let (train, head) = (rows(100, 1, false), head());
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    for (recipe, reason) in [
        ("openmax", "f32 does not tell apart"),
        ("weiper(r=2)", "in bins"),
        ("combined(msp,openmax)", "of its `openmax`"),
    ] {
        let recipes = Recipe::parse_list(recipe).unwrap();
        let bundle = fit(input, &recipes, &held_back(), &mut |_| {})
            .unwrap()
            .bundle;
        let error = bundle.lower(0).unwrap_err().to_string();
        assert!(
            error.contains("cannot be said in plain operations") && error.contains(reason),
            "{error}"
        );
    }
}
