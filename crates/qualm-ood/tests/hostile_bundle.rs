//! Damaged bundles give an error or a value, never a panic.

mod exercise;

use qualm_data::{Head, MemorySet};
use qualm_ood::{Bundle, FitInput, FitOptions, Recipe, Split, fit};
use qualm_stats::random::Stream;

fn bytes() -> Vec<u8> {
    let (rows, dim) = (60, 6);
    let mut stream = Stream::new(1, 0);
    let features = (0..rows * dim).map(|_| stream.normal() as f32).collect();
    let labels = (0..rows as i64).map(|row| row % 3).collect();
    let train = MemorySet::new("train")
        .with_features(features, dim)
        .and_then(|set| set.with_labels(labels))
        .unwrap();
    let weight = (0..3 * dim).map(|_| stream.normal() as f32).collect();
    let head = Head::new(weight, vec![3.0, 2.5, 3.5], dim).unwrap();
    let methods = "vim(dim=2),msp,mahalanobis(ridge=0.1),knn(k=3),tempscale,klmatching,\
                   openmax(tail=3),relation(bank=9),gen+residual(dim=2),\
                   weiper(r=2,bins=4,smooth_perturbed=3),\
                   combined(vim(dim=2),knn(k=3))";
    let recipes = Recipe::parse_list(methods).unwrap();
    let input = FitInput {
        train: &train,
        head: Some(&head),
    };
    let options = FitOptions {
        split: Split::of(0.3),
        ..FitOptions::default()
    };
    fit(input, &recipes, &options, &mut |_| {})
        .unwrap()
        .bundle
        .to_bytes()
        .unwrap()
}

#[test]
fn every_cut() {
    let bytes = bytes();
    exercise::bundle(&bytes);
    for end in 0..bytes.len() {
        exercise::bundle(&bytes[..end]);
        assert!(
            Bundle::from_bytes("cut", &bytes[..end]).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn every_flipped_byte() {
    let mut bytes = bytes();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            bytes[at] ^= flip;
            exercise::bundle(&bytes);
            bytes[at] ^= flip;
        }
    }
}

/// Replaces text of the header by text of the same length.
fn edited(from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes();
    let at = bytes
        .windows(from.len())
        .position(|w| w == from.as_bytes())
        .expect("the text is there");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    Bundle::from_bytes("model.qualm", &bytes)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let version = edited(r#"\"format\":1"#, r#"\"format\":7"#);
    assert!(
        version.contains("has format 7") && version.contains("fit it anew"),
        "{version}"
    );
    let method = edited(r#"\"msp\",\"msp\""#, r#"\"msp\",\"mps\""#);
    assert!(method.contains("not known here"), "{method}");
    let width = edited(r#"\"dim\":6"#, r#"\"dim\":5"#);
    assert!(width.contains("rows of 5 belong"), "{width}");
    assert!(edited(r#"\"dim\":6"#, r#"\"dim\":0"#).contains("damaged"));
    for sentence in [version, method, width] {
        assert!(
            sentence.starts_with("model.qualm: ") && !sentence.contains('\n'),
            "{sentence}"
        );
    }
    let empty = Bundle::from_bytes("empty.qualm", &[])
        .unwrap_err()
        .to_string();
    assert_eq!(empty, "empty.qualm: is empty; write one with `qualm fit`");
}

/// A ruler with what `change` makes of its scores.
fn with_rulers(change: impl Fn(&mut [f64])) -> String {
    let mut bytes = bytes();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let rulers = tensors.tensor("detector/combined/rulers").unwrap().data();
    let mut numbers: Vec<f64> = bytemuck::pod_collect_to_vec(rulers);
    change(&mut numbers);
    let at = rulers.as_ptr() as usize - bytes.as_ptr() as usize;
    let changed: &[u8] = bytemuck::cast_slice(&numbers);
    bytes[at..at + changed.len()].copy_from_slice(changed);
    Bundle::from_bytes("model.qualm", &bytes)
        .unwrap_err()
        .to_string()
}

#[test]
fn rulers_are_sorted_numbers() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = with_rulers(|scores| scores[1] = wrong);
        assert!(
            error.contains("`detector/combined/rulers` is not one row of sorted"),
            "{error}"
        );
    }
    let error = with_rulers(|scores| scores[0] = scores[1] + 1.0);
    assert!(error.contains("sorted"), "{error}");
    // A shape of the same number of numbers: one row for two methods.
    let count = with_shape();
    assert!(count.contains("sorted"), "{count}");
}

/// The rulers of two methods as a single row.
fn with_shape() -> String {
    let mut bytes = bytes();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let [methods, rows] = tensors.tensor("detector/combined/rulers").unwrap().shape()[..] else {
        panic!("two dimensions");
    };
    let name = b"detector/combined/rulers";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap();
    let shape = format!("[{methods},{rows}]");
    let from = bytes[at..]
        .windows(shape.len())
        .position(|w| w == shape.as_bytes())
        .unwrap()
        + at;
    let flat = format!(
        "{:>width$}",
        format!("[1,{}]", methods * rows),
        width = shape.len()
    );
    bytes[from..from + flat.len()].copy_from_slice(flat.as_bytes());
    Bundle::from_bytes("model.qualm", &bytes)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_number_that_is_none_is_named() {
    for wrong in [f64::NAN, f64::INFINITY] {
        let mut bytes = bytes();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let alpha = tensors.tensor("detector/vim/alpha").unwrap().data();
        let at = alpha.as_ptr() as usize - bytes.as_ptr() as usize;
        bytes[at..at + 8].copy_from_slice(&wrong.to_le_bytes());
        let error = Bundle::from_bytes("model.qualm", &bytes).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`detector/vim/alpha` is not finite"),
            "{error}"
        );
    }
}
