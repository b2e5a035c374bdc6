//! Measures of confidences whose true calibration is known.

use qualm_confidence::measures::{self, Binning, Levels};
use qualm_stats::Stream;

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Honest confidences, uniform on [0, 1]. Over many draws: ECE over 15 bins is about .085, .038,
/// .012 for 200, 1,000, 10,000 records though nothing is wrong, smooth ECE about .051, .030, .014,
/// the debiased squared error 0.
#[test]
fn honest_confidence_has_the_errors_that_chance_gives_it() {
    for (records, draws, ece, smooth) in [
        (200, 100, 0.085, 0.051),
        (1000, 60, 0.038, 0.030),
        (10_000, 15, 0.012, 0.014),
    ] {
        let mut sums = [0.0; 3];
        for draw in 0..draws {
            let mut stream = Stream::new(21, draw);
            let confidences: Vec<f64> = (0..records).map(|_| stream.unit()).collect();
            let correct: Vec<bool> = confidences.iter().map(|c| stream.unit() < *c).collect();
            let levels = Levels::new(&confidences, &correct).unwrap();
            sums[0] += measures::expected_error(&levels, Binning::EqualWidth(15));
            sums[1] += measures::smooth_error(&levels);
            sums[2] += measures::debiased_squared_error(&levels, Binning::EqualMass(15));
        }
        let [found_ece, found_smooth, debiased] = sums.map(|sum| sum / draws as f64);
        assert!(
            (found_ece - ece).abs() < 0.1 * ece,
            "{records}: ECE {found_ece}"
        );
        assert!(
            (found_smooth - smooth).abs() < 0.1 * smooth,
            "{records}: smooth {found_smooth}"
        );
        assert!(debiased.abs() < 1e-3, "{records}: debiased {debiased}");
    }
}

/// Logits z ~ N(0, 9), right with probability sigmoid(z / 2.5), stated sigmoid(z): the integral
/// of |sigmoid(z) - sigmoid(z / 2.5)| over that law is .1352.
#[test]
fn a_known_miscalibration_is_found() {
    let truth: f64 = (0..200_000)
        .map(|step| {
            let x = -8.0 + 16.0 * (f64::from(step) + 0.5) / 200_000.0;
            let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
            density * (sigmoid(3.0 * x) - sigmoid(3.0 * x / 2.5)).abs() * 16.0 / 200_000.0
        })
        .sum();
    assert!((truth - 0.1352).abs() < 1e-4, "{truth}");

    let mut stream = Stream::new(22, 0);
    let mut confidences = Vec::new();
    let mut correct = Vec::new();
    for _ in 0..10_000 {
        let z = 3.0 * stream.normal();
        confidences.push(sigmoid(z));
        correct.push(stream.unit() < sigmoid(z / 2.5));
    }
    let levels = Levels::new(&confidences, &correct).unwrap();
    let ece = measures::expected_error(&levels, Binning::EqualWidth(15));
    assert!((ece - truth).abs() < 0.01, "ECE {ece}");
    let smooth = measures::smooth_error(&levels);
    assert!((smooth - 0.128).abs() < 0.01, "smooth {smooth}");
}

/// Five words at 50, 20, 15, 10 and 5 %, right half as often as they say: weighed by records the
/// error is 15.0 points, by the paper's MAD 25.0.
#[test]
fn the_tie_trap() {
    let words = [(0.1, 0.5), (0.3, 0.7), (0.5, 0.85), (0.7, 0.95), (0.9, 1.0)];
    let mut stream = Stream::new(23, 0);
    let mut confidences = Vec::new();
    let mut correct = Vec::new();
    for _ in 0..10_000 {
        let u = stream.unit();
        let word = words.iter().find(|(_, share)| u < *share).unwrap().0;
        confidences.push(word);
        correct.push(stream.unit() < word / 2.0);
    }
    let levels = Levels::new(&confidences, &correct).unwrap();
    let mad = measures::mean_absolute_deviation(&levels);
    assert!((mad - 0.25).abs() < 0.005, "MAD {mad}");
    for binning in [Binning::EqualMass(20), Binning::EqualWidth(10)] {
        let ece = measures::expected_error(&levels, binning);
        assert!((ece - 0.15).abs() < 0.005, "ECE {ece}");
    }
}
