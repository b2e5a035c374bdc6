//! Fitting, seen from outside.

#[path = "common/numbers.rs"]
mod numbers;

use numbers::numbers;
use qualm_data::{Chunk, DataError, MemorySet, RowReader, Schema, Source};
use qualm_head::{FitOptions, FittedHead, Stop, fit_head};

fn fit(source: &dyn Source, options: FitOptions) -> FittedHead {
    fit_head(source, &options, &mut |_| {}).unwrap()
}

fn set(features: Vec<f32>, dim: usize, labels: Vec<i64>) -> MemorySet {
    MemorySet::new("set")
        .with_features(features, dim)
        .and_then(|set| set.with_labels(labels))
        .unwrap()
}

/// `rows` rows of four classes that overlap, about a tenth of them out of distribution.
fn overlapping(rows: usize, dim: usize) -> MemorySet {
    let mut features = numbers(rows * dim, 1);
    let noise = numbers(rows, 2);
    let labels = (0..rows)
        .map(|row| {
            let label = (row * 7) % 4;
            features[row * dim + label % dim] += 0.8;
            if noise[row] > 0.8 { -1 } else { label as i64 }
        })
        .collect();
    set(features, dim, labels)
}

/// A source that gives at most so many rows at a time.
struct Trickle<S> {
    source: S,
    rows: usize,
}

impl<S: Source> Source for Trickle<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn schema(&self) -> &Schema {
        self.source.schema()
    }

    fn reader(&self) -> Result<Box<dyn RowReader + '_>, DataError> {
        let (reader, rows) = (self.source.reader()?, self.rows);
        Ok(Box::new(TrickleReader { reader, rows }))
    }
}

struct TrickleReader<'a> {
    reader: Box<dyn RowReader + 'a>,
    rows: usize,
}

impl RowReader for TrickleReader<'_> {
    fn read(&mut self, chunk: &mut Chunk, max_rows: usize) -> Result<(), DataError> {
        self.reader.read(chunk, max_rows.min(self.rows))
    }
}

/// Two rows x = -1 and x = 1: by symmetry the weights are -w, w with biases 0, and w solves
/// `2 C sigma(-2 w) = w`, where the derivative of `2 C log(1 + exp(-2 w)) + w^2` is 0.
#[test]
fn a_fit_by_hand() {
    for c in [0.1f64, 1.0, 100.0] {
        let (mut low, mut high) = (0.0f64, 100.0);
        for _ in 0..200 {
            let w = 0.5 * (low + high);
            if 2.0 * c / (1.0 + (2.0 * w).exp()) > w {
                low = w;
            } else {
                high = w;
            }
        }
        let options = FitOptions {
            inverse_regularisation: c,
            gradient_tolerance: 1e-10,
            ..FitOptions::default()
        };
        let fitted = fit(&set(vec![-1.0, 1.0], 1, vec![0, 1]), options);
        let want = [-low as f32, low as f32];
        assert_eq!(fitted.stop, Stop::Converged);
        assert_eq!(fitted.head.weight(), want, "C = {c}");
        assert!(fitted.head.bias().iter().all(|b| b.abs() < 1e-7));
        let objective = 2.0 * c * (-2.0 * low).exp().ln_1p() + low * low;
        assert!((fitted.objective / objective - 1.0).abs() < 1e-9);
    }
}

/// Without a use for features the biases are the logarithms of the shares, about their mean.
#[test]
fn constant_features_get_no_weight() {
    let fitted = fit(
        &set(vec![3.0; 8], 2, vec![0, 0, 0, 1]),
        FitOptions::default(),
    );
    assert_eq!(fitted.head.weight(), [0.0; 4]);
    let half = (3f64.ln() / 2.0) as f32;
    assert_eq!(fitted.head.bias(), [half, -half]);
    assert_eq!(fitted.training_accuracy, 0.75);
}

#[test]
fn the_same_bytes_for_any_chunk_any_memory_and_any_number_of_threads() {
    let rows = overlapping(2500, 17);
    let short = FitOptions {
        max_iterations: 20,
        ..FitOptions::default()
    };
    let reference = fit(&rows, short);
    assert!(reference.left_out > 100);
    for threads in [1, 2, 7] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        for chunk in [1, 100, 1024, 5000] {
            // The smallest memory that takes the parameters makes every pass read the source.
            for memory in [4u64 << 30, 4 * 18 * 8 * 51] {
                let source = Trickle {
                    source: rows.clone(),
                    rows: chunk,
                };
                let options = FitOptions { memory, ..short };
                let other = pool.install(|| fit(&source, options));
                assert_eq!(other, reference, "{threads} threads, chunks of {chunk}");
            }
        }
    }
}

#[test]
fn rows_out_of_distribution_change_nothing() {
    let all = overlapping(600, 5);
    let inside: Vec<usize> = (0..600)
        .filter(|&row| all.rows().labels[row] >= 0)
        .collect();
    let with = fit(&all, FitOptions::default());
    let without = fit(
        &all.select("inside", &inside).unwrap(),
        FitOptions::default(),
    );
    assert_eq!(with.rows, without.rows);
    assert!((with.objective / without.objective - 1.0).abs() < 1e-12);
    assert_eq!(with.training_accuracy, without.training_accuracy);
}

/// The gradient of the stated objective, computed here from the definition, is as small as said.
#[test]
fn the_gradient_norm_is_that_of_the_stated_objective() {
    let rows = overlapping(300, 3);
    let options = FitOptions {
        inverse_regularisation: 0.5,
        max_iterations: 3,
        ..FitOptions::default()
    };
    let fitted = fit(&rows, options);
    assert_eq!(fitted.stop, Stop::Iterations);
    let n = fitted.rows as f64;
    let weight: Vec<f64> = fitted.head.weight().iter().map(|&w| f64::from(w)).collect();
    let mut slope: Vec<f64> = weight.iter().map(|w| w / (0.5 * n)).collect();
    slope.extend([0.0; 4]);
    let mut objective = 0.5 * weight.iter().map(|w| w * w).sum::<f64>();
    for (x, &label) in rows.rows().features.chunks(3).zip(&rows.rows().labels) {
        if label < 0 {
            continue;
        }
        let exps: Vec<f64> = (0..4)
            .map(|c| {
                let row = weight[c * 3..].iter().zip(x);
                let product: f64 = row.map(|(w, &x)| w * f64::from(x)).sum();
                (product + f64::from(fitted.head.bias()[c])).exp()
            })
            .collect();
        let sum: f64 = exps.iter().sum();
        objective -= 0.5 * (exps[label as usize] / sum).ln();
        for c in 0..4 {
            let residual = (exps[c] / sum - f64::from(u8::from(c == label as usize))) / n;
            slope[12 + c] += residual;
            for d in 0..3 {
                slope[c * 3 + d] += residual * f64::from(x[d]);
            }
        }
    }
    let norm = slope.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!(
        (fitted.gradient_norm / norm - 1.0).abs() < 1e-3,
        "{norm} {fitted:?}"
    );
    assert!((fitted.objective / objective - 1.0).abs() < 1e-6);
}

#[test]
fn progress_runs_from_the_start_to_the_result() {
    let mut seen = Vec::new();
    let fitted = fit_head(
        &overlapping(500, 6),
        &FitOptions::default(),
        &mut |progress| {
            seen.push(progress);
        },
    )
    .unwrap();
    assert_eq!(seen.len() as u64, fitted.iterations + 1);
    assert!(
        seen.windows(2)
            .all(|pair| pair[1].objective <= pair[0].objective)
    );
    let last = seen.last().unwrap();
    assert_eq!(last.objective, fitted.objective);
    assert_eq!(last.gradient_norm, fitted.gradient_norm);
    assert!(last.gradient_norm <= 1e-6);
    assert!(fitted.passes > fitted.iterations);
}

/// Features of any size and separable data with hardly a penalty: finite, and all rows right.
#[test]
fn extreme_scales_stay_finite() {
    let tame = overlapping(60, 40);
    let inside: Vec<usize> = (0..60)
        .filter(|&row| tame.rows().labels[row] >= 0)
        .collect();
    let tame = tame.select("inside", &inside).unwrap();
    for scale in [1e-30f32, 1e-3, 1e3, 1e15, 1e30] {
        for c in [1.0, 1e12] {
            let features = tame.rows().features.iter().map(|x| x * scale).collect();
            let scaled = set(features, 40, tame.rows().labels.clone());
            let options = FitOptions {
                inverse_regularisation: c,
                gradient_tolerance: 1e-6 * f64::from(scale),
                ..FitOptions::default()
            };
            let fitted = fit(&scaled, options);
            assert!(fitted.objective.is_finite() && fitted.gradient_norm.is_finite());
            if scale >= 1e3 {
                assert_eq!(fitted.training_accuracy, 1.0, "scale {scale}, C = {c}");
                assert_eq!(fitted.stop, Stop::Converged, "scale {scale}, C = {c}");
            }
        }
    }
}

#[test]
fn bad_input_is_told_in_a_sentence() {
    let message = |source: &MemorySet, options: FitOptions| {
        fit_head(source, &options, &mut |_| {})
            .unwrap_err()
            .to_string()
    };
    let default = FitOptions::default();
    let two = set(vec![0.0, 1.0], 1, vec![0, 1]);

    let logits = MemorySet::new("l").with_logits(vec![0.0], 1).unwrap();
    assert!(message(&logits, default).contains("l: there are no features"));
    let unlabelled = MemorySet::new("u").with_features(vec![0.0], 1).unwrap();
    assert!(message(&unlabelled, default).contains("u: there are no labels"));
    let infinite = set(vec![0.0, f32::INFINITY], 1, vec![0, 1]);
    assert!(message(&infinite, default).contains("row 1 holds inf"));
    let gap = set(vec![0.0; 2], 1, vec![0, 2]);
    assert!(message(&gap, default).contains("no row has label 1;"));
    let one = set(vec![0.0; 2], 1, vec![0, -3]);
    assert!(message(&one, default).contains("at least two classes"));
    let absurd = set(vec![0.0; 2], 1, vec![0, 1 << 60]);
    assert!(message(&absurd, default).contains("row 1 has label 1152921504606846976"));
    let small = FitOptions {
        memory: 100,
        ..default
    };
    assert!(message(&two, small).contains("of memory where 0.1 kB are allowed"));

    for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = FitOptions {
            inverse_regularisation: c,
            ..default
        };
        assert!(message(&two, options).contains("must be between 1e-30 and 1e30"));
    }
    for tolerance in [0.0, f64::NAN] {
        let options = FitOptions {
            gradient_tolerance: tolerance,
            ..default
        };
        assert!(message(&two, options).contains("must be a positive number"));
    }
}
