//! An attached model, run by a runtime that knows nothing of qualm, gives qualm's own scores,
//! p-values and flags. The same with the real ONNX Runtime and real models:
//! tests/onnxruntime/attach.py at the root of this project.
#![cfg(feature = "run")]

use qualm_data::{Head, MemorySet};
use qualm_onnx::{Additions, AttachOptions, Attribute, Axis, Element, HeadSearch, Model, attach};
use qualm_ood::{
    Bundle, DecideOptions, Decider, FitInput, FitOptions, Recipe, Rule, Split, calibrate, fit,
};
use rten_tensor::AsView;

const DIM: usize = 6;
const CLASSES: usize = 4;

/// Knuth's MMIX generator: numbers in [-1/2, 1/2).
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    })
    .take(count)
    .collect()
}

fn rows(count: usize, seed: u64, rectified: bool) -> MemorySet {
    let mut features = numbers(count * DIM, seed);
    for (row, features) in features.chunks_mut(DIM).enumerate() {
        features[row % CLASSES] += 1.5;
    }
    if rectified {
        features.iter_mut().for_each(|x| *x = x.max(0.0));
    }
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

/// The head behind a node, in a version of the operators; as a product of rows or a convolution.
fn model(opset: i64, convolution: bool) -> Model {
    let (head, n) = (head(), Axis::Named("n".into()));
    let mut graph = Additions::default();
    let (dim, classes) = (DIM as u64, CLASSES as u64);
    let ones = |width| match convolution {
        true => vec![
            n.clone(),
            Axis::Known(width),
            Axis::Known(1),
            Axis::Known(1),
        ],
        false => vec![n.clone(), Axis::Known(width)],
    };
    graph.input("x", Element::F32, &ones(dim));
    graph.node("Identity", "before", &["x"], &["f"], &[]);
    graph.floats("b", &[classes], head.bias());
    if convolution {
        graph.floats("w", &[classes, dim, 1, 1], head.weight());
        // The runtime takes no defaults here.
        let attributes = [
            Attribute::Integers("strides", &[1, 1]),
            Attribute::Integers("dilations", &[1, 1]),
            Attribute::Integers("pads", &[0, 0, 0, 0]),
        ];
        graph.node("Conv", "fc", &["f", "w", "b"], &["l"], &attributes);
    } else {
        graph.floats("w", &[classes, dim], head.weight());
        graph.node(
            "Gemm",
            "fc",
            &["f", "w", "b"],
            &["l"],
            &[Attribute::Integer("transB", 1)],
        );
    }
    graph.node(
        "Softmax",
        "p",
        &["l"],
        &["y"],
        &[Attribute::Integer("axis", 1)],
    );
    graph.output("y", Element::F32, &ones(classes));
    Model::from_bytes("model.onnx", graph.into_model(opset)).unwrap()
}

fn bundle(recipe: &str) -> Bundle {
    // Activations that were rectified, for the shapers that ask for them.
    let rectified = recipe.starts_with("ash") || recipe.starts_with("scale");
    let (train, head) = (rows(300, 1, rectified), head());
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let recipes = Recipe::parse_list(recipe).unwrap();
    // Some rows are held back, for what compares its parts on them.
    let options = FitOptions {
        split: Split::of(0.3),
        ..FitOptions::default()
    };
    let mut bundle = fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle;
    calibrate(&mut bundle, &rows(99, 2, rectified)).unwrap();
    bundle
}

/// Numbers of the added outputs.
fn run(bytes: Vec<u8>, set: &MemorySet, shape: &[usize]) -> [Vec<f64>; 3] {
    let runtime = rten::Model::load(bytes).unwrap();
    let node = |name| runtime.node_id(name).unwrap();
    let value = rten::Value::from_shape(shape, set.rows().features.to_vec()).unwrap();
    let outputs = ["ood_score", "ood_p_value", "ood_flag"].map(node);
    let [score, p_value, flag] = runtime
        .run_n(
            vec![(node("x"), rten::ValueOrView::Value(value))],
            outputs,
            None,
        )
        .unwrap();
    let floats = |value: rten::Value| -> Vec<f64> {
        let tensor: rten_tensor::Tensor<f32> = value.into_tensor().unwrap();
        tensor.to_vec().into_iter().map(f64::from).collect()
    };
    let flags: rten_tensor::Tensor<i32> = flag.into_tensor().unwrap();
    let flags = flags.to_vec().into_iter().map(f64::from).collect();
    [floats(score), floats(p_value), flags]
}

#[test]
fn scores_p_values_and_flags_are_qualms_own() {
    let mut fresh = rows(60, 5, false);
    // Some that are unlike anything seen.
    let mut features = fresh.rows().features.to_vec();
    features[..20 * DIM]
        .iter_mut()
        .for_each(|x| *x = *x * 3.0 + 1.0);
    fresh = MemorySet::new("rows").with_features(features, DIM).unwrap();
    for recipe in [
        "msp",
        "maxlogit",
        "energy(T=2)",
        "entropy",
        "gen(top=3)",
        "vim(dim=3)",
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
        "knn(k=7)",
        "nnguide(k=5)",
        "relation(pow=3,cut=0.2)",
        "gradnorm",
        "neco",
        "pnml",
        "gmm",
        "lts(p=50)+energy",
        "ash-p(p=40)+energy",
        "ash-b(p=40)+energy",
        "ash-s(p=60)+maxlogit",
        "scale(p=50)+energy",
        "react+gen",
        "combined",
        "combined(knn(k=3),maxlogit,by=cauchy)",
    ] {
        let bundle = bundle(recipe);
        let options = DecideOptions {
            rule: Rule::FalseAlarms(0.05),
            per_class: false,
        };
        let mut theirs: [Vec<f64>; 3] = Default::default();
        let decider = Decider::new(&bundle, options).unwrap();
        decider
            .run(&fresh, &mut |decided| {
                theirs[0].extend(decided.scores(0));
                theirs[1].extend(decided.p_values(0).unwrap());
                theirs[2].extend(
                    decided
                        .flags(0)
                        .unwrap()
                        .iter()
                        .map(|&flag| f64::from(u8::from(flag))),
                );
                Ok(())
            })
            .unwrap();
        let mean = theirs[0].iter().sum::<f64>() / 60.0;
        let variance = theirs[0].iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 60.0;
        for (opset, convolution) in [(13, false), (17, true), (18, false)] {
            let model = model(opset, convolution);
            let head = HeadSearch::of(&model)
                .unwrap()
                .choose(&model, None)
                .unwrap();
            let options = AttachOptions {
                detector: None,
                false_alarms: 0.05,
            };
            let attached = attach(&model, &head, &bundle, options).unwrap();
            assert_eq!((attached.reference_rows, attached.warning), (99, None));
            let shape: &[usize] = if convolution {
                &[60, DIM, 1, 1]
            } else {
                &[60, DIM]
            };
            let ours = run(attached.bytes, &fresh, shape);
            for row in 0..60 {
                let [score, p_value, flag] =
                    [0, 1, 2].map(|which| (ours[which][row], theirs[which][row]));
                assert!(
                    (score.0 - score.1).abs() <= 1e-4 * variance.sqrt(),
                    "{recipe} {opset}: {score:?}"
                );
                // A score beside one of the reference may fall on its other side.
                assert!(
                    (p_value.0 - p_value.1).abs() < 0.0101,
                    "{recipe}: {p_value:?}"
                );
                let at_the_limit = (p_value.1 - 0.05).abs() < 0.0101;
                assert!(
                    flag.0 == flag.1 || at_the_limit,
                    "{recipe}: {flag:?} {p_value:?}"
                );
            }
            assert!(ours[2].contains(&0.0));
        }
    }
}

#[test]
fn operators_that_are_too_old_are_refused() {
    let model = model(11, false);
    let head = HeadSearch::of(&model)
        .unwrap()
        .choose(&model, None)
        .unwrap();
    let options = AttachOptions {
        detector: None,
        false_alarms: 0.05,
    };
    let error = attach(&model, &head, &bundle("msp"), options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("version 11") && error.contains("13"),
        "{error}"
    );
}
