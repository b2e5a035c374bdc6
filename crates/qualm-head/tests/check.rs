//! Each mistake that `check` knows, made on purpose.

#[path = "common/numbers.rs"]
mod numbers;

use numbers::numbers;
use qualm_data::{Head, MemorySet};
use qualm_head::{Activation, BiasFault, Check, Diagnosis, HeadError, Order, Rounding, check};

const ROWS: usize = 60;
const DIM: usize = 12;
const CLASSES: usize = 5;

fn head() -> Head {
    Head::new(numbers(CLASSES * DIM, 1), numbers(CLASSES, 2), DIM).unwrap()
}

fn features() -> Vec<f32> {
    numbers(ROWS * DIM, 3).iter().map(|x| 4.0 * x).collect()
}

/// `features W^T + b` as another program would compute it.
fn logits(features: &[f32], head: &Head) -> Vec<f32> {
    let mut logits = Vec::new();
    for x in features.chunks(head.dim()) {
        for (w, b) in head.weight().chunks(head.dim()).zip(head.bias()) {
            logits.push(b + w.iter().zip(x).map(|(w, x)| w * x).sum::<f32>());
        }
    }
    logits
}

fn found(features: Vec<f32>, logits: Vec<f32>, head: &Head) -> Check {
    let (dim, classes) = (features.len() / ROWS, logits.len() / ROWS);
    let set = MemorySet::new("set")
        .with_features(features, dim)
        .and_then(|set| set.with_logits(logits, classes))
        .unwrap();
    check(&set, head).unwrap()
}

fn diagnosis(features: Vec<f32>, logits: Vec<f32>, head: &Head) -> Diagnosis {
    let check = found(features, logits, head);
    let explained = !matches!(
        check.diagnosis,
        Diagnosis::Unrelated { .. }
            | Diagnosis::Unexplained { .. }
            | Diagnosis::Probabilities {
                of_this_head: false,
                ..
            }
            | Diagnosis::OtherWidth { .. }
            | Diagnosis::OtherClasses { .. }
            | Diagnosis::SomeRowsApart { .. }
            | Diagnosis::Agrees(_)
    );
    assert_eq!(check.as_diagnosed.is_some(), explained, "{check:?}");
    if let Some(difference) = check.as_diagnosed {
        assert!(difference.relative < 1e-5, "{difference:?}");
        assert_eq!(difference.rows_apart, 0);
    }
    check.diagnosis
}

/// Rounds to the 8 digits of bf16.
fn bf16(x: f32) -> f32 {
    f32::from_bits((x.to_bits() + 0x8000) & 0xffff_0000)
}

#[test]
fn a_head_agrees_with_its_logits() {
    let (x, head) = (features(), head());
    let stored = logits(&x, &head);
    let check = found(x.clone(), stored.clone(), &head);
    assert_eq!(check.diagnosis, Diagnosis::Agrees(Rounding::Single));
    let difference = check.as_given.unwrap();
    assert!(difference.largest < 1e-4 && difference.relative < 1e-6);
    assert_eq!((difference.same_prediction, check.rows), (1.0, ROWS as u64));
    assert_eq!((check.labelled_rows, check.head_accuracy), (0, None));

    let coarse = stored.into_iter().map(bf16).collect();
    assert_eq!(
        diagnosis(x, coarse, &head),
        Diagnosis::Agrees(Rounding::Half)
    );
}

#[test]
fn features_before_an_activation() {
    let (x, head) = (features(), head());
    for activation in Activation::ALL {
        let after: Vec<f32> = x
            .iter()
            .map(|&x| activation.of(2.0 * f64::from(x)) as f32)
            .collect();
        let before = x.iter().map(|x| 2.0 * x).collect();
        assert_eq!(
            diagnosis(before, logits(&after, &head), &head),
            Diagnosis::BeforeActivation(activation)
        );
    }
}

#[test]
fn features_before_pooling() {
    const POSITIONS: usize = 4;
    let x = numbers(ROWS * DIM * POSITIONS, 4)
        .into_iter()
        .map(|x| 9.0 * x);
    let (x, head) = (x.collect::<Vec<f32>>(), head());
    for order in [Order::ChannelsFirst, Order::ChannelsLast] {
        for activation in [None, Some(Activation::Relu6)] {
            let mut pooled = vec![0f32; ROWS * DIM];
            for (at, &value) in x.iter().enumerate() {
                let (row, within) = (at / (DIM * POSITIONS), at % (DIM * POSITIONS));
                let channel = match order {
                    Order::ChannelsFirst => within / POSITIONS,
                    Order::ChannelsLast => within % DIM,
                };
                let value = activation.map_or(value, |a| a.of(f64::from(value)) as f32);
                pooled[row * DIM + channel] += value / POSITIONS as f32;
            }
            assert_eq!(
                diagnosis(x.clone(), logits(&pooled, &head), &head),
                Diagnosis::BeforePooling {
                    positions: POSITIONS,
                    order,
                    activation
                }
            );
        }
    }
}

#[test]
fn a_transposed_weight() {
    // Numbers of a D x C weight under the shape C x D, with its bias.
    let (x, truth) = (features(), head());
    let column_by_column: Vec<f32> = (0..DIM)
        .flat_map(|d| (0..CLASSES).map(move |c| (c, d)))
        .map(|(c, d)| truth.weight()[c * DIM + d])
        .collect();
    let wrong = Head::new(column_by_column.clone(), truth.bias().to_vec(), DIM).unwrap();
    let stored = logits(&x, &truth);
    assert_eq!(
        diagnosis(x.clone(), stored, &wrong),
        Diagnosis::TransposedWeight
    );

    // The same under the shape D x C, which needs a bias a row.
    let without = Head::new(truth.weight().to_vec(), vec![0.0; CLASSES], DIM).unwrap();
    let swapped = Head::new(column_by_column, vec![0.0; DIM], CLASSES).unwrap();
    let stored = logits(&x, &without);
    assert_eq!(diagnosis(x, stored, &swapped), Diagnosis::TransposedWeight);

    // Square: nothing but the numbers can tell.
    let square = Head::new(numbers(DIM * DIM, 5), numbers(DIM, 6), DIM).unwrap();
    let turned: Vec<f32> = (0..DIM * DIM)
        .map(|at| square.weight()[at % DIM * DIM + at / DIM])
        .collect();
    let wrong = Head::new(turned, square.bias().to_vec(), DIM).unwrap();
    let stored = logits(&features(), &square);
    assert_eq!(
        diagnosis(features(), stored, &wrong),
        Diagnosis::TransposedWeight
    );
}

#[test]
fn a_wrong_bias() {
    let (x, head) = (features(), head());
    let with = |factor: f32, other: f32| {
        let bias = head.bias().iter().zip(numbers(CLASSES, 7));
        let bias = bias.map(|(b, o)| factor * b + other * o).collect();
        Head::new(head.weight().to_vec(), bias, DIM).unwrap()
    };
    let fault = |truth: &Head, given: &Head| diagnosis(x.clone(), logits(&x, truth), given);
    assert_eq!(
        fault(&head, &with(0.0, 0.0)),
        Diagnosis::Bias(BiasFault::MissingInHead)
    );
    assert_eq!(
        fault(&with(0.0, 0.0), &head),
        Diagnosis::Bias(BiasFault::MissingInLogits)
    );
    assert_eq!(
        fault(&with(2.0, 0.0), &head),
        Diagnosis::Bias(BiasFault::Twice)
    );
    assert_eq!(
        fault(&with(1.0, 1.0), &head),
        Diagnosis::Bias(BiasFault::Other)
    );
}

/// A bias so small that the logits agree to half precision is still found missing.
#[test]
fn a_small_bias_that_is_missing() {
    let (x, truth) = (features(), head());
    let small: Vec<f32> = truth.bias().iter().map(|b| 0.01 * b).collect();
    let truth = Head::new(truth.weight().to_vec(), small, DIM).unwrap();
    let given = Head::new(truth.weight().to_vec(), vec![0.0; CLASSES], DIM).unwrap();
    let stored = logits(&x, &truth);
    assert_eq!(
        diagnosis(x, stored, &given),
        Diagnosis::Bias(BiasFault::MissingInHead)
    );
}

#[test]
fn logits_after_a_temperature() {
    let (x, head) = (features(), head());
    let stored = logits(&x, &head).iter().map(|l| l / 1.7).collect();
    match diagnosis(x, stored, &head) {
        Diagnosis::Scaled { factor } => assert!((factor - 1.0 / 1.7).abs() < 1e-6),
        other => panic!("{other}"),
    }
}

#[test]
fn classes_in_another_order() {
    let (x, head) = (features(), head());
    let order = [0, 3, 1, 2, 4];
    let stored = logits(&x, &head)
        .chunks(CLASSES)
        .flat_map(|row| order.map(|from| row[from]))
        .collect();
    assert_eq!(
        diagnosis(x, stored, &head),
        Diagnosis::Permuted {
            moved: 3,
            stored: 1,
            head: 3
        }
    );
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let rows = logits.chunks(CLASSES);
    rows.flat_map(|row| {
        let sum: f64 = row.iter().map(|&l| f64::from(l).exp()).sum();
        row.iter().map(move |&l| (f64::from(l).exp() / sum) as f32)
    })
    .collect()
}

#[test]
fn probabilities_in_place_of_logits() {
    let (x, head) = (features(), head());
    let p = softmax(&logits(&x, &head));
    let log_p: Vec<f32> = logits(&x, &head)
        .chunks(CLASSES)
        .flat_map(|row| {
            let sum: f64 = row.iter().map(|&l| f64::from(l).exp()).sum();
            row.iter().map(move |&l| (f64::from(l) - sum.ln()) as f32)
        })
        .collect();
    let stranger = softmax(&numbers(ROWS * CLASSES, 8));
    let of = |log, of_this_head| Diagnosis::Probabilities { log, of_this_head };
    assert_eq!(diagnosis(x.clone(), p, &head), of(false, true));
    assert_eq!(diagnosis(x.clone(), log_p, &head), of(true, true));
    assert_eq!(diagnosis(x, stranger, &head), of(false, false));
}

#[test]
fn rows_that_were_shifted() {
    let (x, head) = (features(), head());
    let mut stored = logits(&x, &head);
    for (row, shift) in stored.chunks_mut(CLASSES).zip(numbers(ROWS, 9)) {
        row.iter_mut().for_each(|l| *l += 3.0 * shift);
    }
    assert_eq!(diagnosis(x, stored, &head), Diagnosis::RowsShifted);
}

#[test]
fn another_checkpoint() {
    let (x, head) = (features(), head());
    let stranger = Head::new(numbers(CLASSES * DIM, 10), head.bias().to_vec(), DIM).unwrap();
    let far = diagnosis(x.clone(), logits(&x, &stranger), &head);
    assert!(
        matches!(far, Diagnosis::Unrelated { correlation } if correlation < 0.5),
        "{far}"
    );
    let nearby = head.weight().iter().zip(numbers(CLASSES * DIM, 11));
    let nearby = nearby.map(|(w, noise)| w + 0.3 * noise).collect();
    let sibling = Head::new(nearby, head.bias().to_vec(), DIM).unwrap();
    let near = diagnosis(x.clone(), logits(&x, &sibling), &head);
    assert!(
        matches!(near, Diagnosis::Unexplained { correlation } if correlation > 0.9),
        "{near}"
    );
}

#[test]
fn rows_of_two_runs() {
    let (x, head) = (features(), head());
    for from in [7, 50] {
        let mut stored = logits(&x, &head);
        let strange = numbers(10 * CLASSES, 12);
        for (l, noise) in stored[from * CLASSES..].iter_mut().zip(strange) {
            *l = 9.0 * noise;
        }
        assert_eq!(
            diagnosis(x.clone(), stored, &head),
            Diagnosis::SomeRowsApart {
                first: from as u64,
                rows: 10
            }
        );
    }
}

/// What the first rows seem to say does not count when the others contradict it.
#[test]
fn an_explanation_is_confirmed_on_all_rows() {
    let head = head();
    let rows = 5000;
    let x = numbers(rows * DIM, 13);
    let mut stored = logits(&x, &head);
    stored[..1024 * CLASSES].iter_mut().for_each(|l| *l *= 2.0);
    let noise = numbers(stored.len(), 14);
    for (l, noise) in stored[1024 * CLASSES..].iter_mut().zip(noise) {
        *l += 5.0 * noise;
    }
    let set = MemorySet::new("set")
        .with_features(x, DIM)
        .and_then(|set| set.with_logits(stored, CLASSES))
        .unwrap();
    let found = check(&set, &head).unwrap();
    assert!(
        matches!(found.diagnosis, Diagnosis::Unexplained { .. }),
        "{found:?}"
    );
}

#[test]
fn shapes_that_cannot_be_compared() {
    let head = head();
    assert_eq!(
        diagnosis(numbers(ROWS * 7, 1), numbers(ROWS * CLASSES, 2), &head),
        Diagnosis::OtherWidth {
            features: 7,
            head: DIM
        }
    );
    assert_eq!(
        diagnosis(features(), numbers(ROWS * 3, 2), &head),
        Diagnosis::OtherClasses {
            stored: 3,
            head: CLASSES
        }
    );
}

#[test]
fn without_logits_accuracy_speaks() {
    let (x, head) = (features(), head());
    let mut labels: Vec<i64> = logits(&x, &head)
        .chunks(CLASSES)
        .map(|row| {
            (0..CLASSES)
                .max_by(|&a, &b| row[a].total_cmp(&row[b]))
                .unwrap() as i64
        })
        .collect();
    labels[0] = -1;
    labels[1] = (labels[1] + 1) % CLASSES as i64;
    let set = MemorySet::new("set")
        .with_features(x, DIM)
        .and_then(|set| set.with_labels(labels))
        .unwrap();
    let found = check(&set, &head).unwrap();
    assert_eq!(found.diagnosis, Diagnosis::NoLogits);
    assert_eq!(found.labelled_rows, ROWS as u64 - 1);
    assert_eq!(
        found.head_accuracy,
        Some((ROWS - 2) as f64 / (ROWS - 1) as f64)
    );
    assert_eq!((found.stored_accuracy, found.as_given), (None, None));
}

#[test]
fn a_row_or_two_is_no_ground_for_an_explanation() {
    let (x, head) = (features(), head());
    for rows in [1, 2] {
        let set = MemorySet::new("few")
            .with_features(x[..rows * DIM].to_vec(), DIM)
            .and_then(|set| set.with_logits(numbers(rows * CLASSES, 15), CLASSES))
            .unwrap();
        let found = check(&set, &head).unwrap().diagnosis;
        assert!(
            matches!(
                found,
                Diagnosis::Unrelated { .. } | Diagnosis::Unexplained { .. }
            ),
            "{found}"
        );
    }
}

#[test]
fn bad_input_is_told_in_a_sentence() {
    let head = head();
    let message = |set: &MemorySet| check(set, &head).unwrap_err();
    let bare = MemorySet::new("bare").with_logits(vec![0.0; 5], 5).unwrap();
    assert!(matches!(message(&bare), HeadError::NoFeatures { .. }));
    let empty = MemorySet::new("empty")
        .with_features(Vec::new(), DIM)
        .unwrap();
    assert!(matches!(message(&empty), HeadError::NoRows { .. }));
    let broken = MemorySet::new("broken")
        .with_features(vec![0.0; DIM], DIM)
        .and_then(|set| set.with_logits(vec![0.0, 0.0, f32::NAN, 0.0, 0.0], 5))
        .unwrap();
    assert!(
        message(&broken)
            .to_string()
            .contains("row 0 holds NaN in `logits` column 2")
    );
    // The largest numbers there are overflow nothing.
    let huge = MemorySet::new("huge")
        .with_features(vec![f32::MAX; 9 * DIM], DIM)
        .and_then(|set| set.with_logits(vec![f32::MIN; 9 * 5], 5))
        .unwrap();
    assert!(!check(&huge, &head).unwrap().diagnosis.agrees());
}
