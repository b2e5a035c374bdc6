//! Evaluations of small problems whose outcome is known.

mod alarms;
mod output;
mod ranking;

use qualm_data::{MemorySet, Source};
use qualm_ood::{
    Bundle, Evaluation, EvaluationInput, EvaluationOptions, FitInput, FitOptions, OodError, Recipe,
    Split, evaluate, fit,
};
use qualm_report::Tone;
use qualm_stats::Stream;

/// Rows of two stored logits, made so that `maxlogit` gives the first number of each pair as
/// outlier score and `msp` one that grows with the second, which is below 5.
fn rows(name: &str, scores: &[(f64, f64)]) -> MemorySet {
    let logits = scores.iter().flat_map(|&(maxlogit, msp)| {
        let gap = 5.0 - msp;
        [-maxlogit as f32, (-maxlogit - gap) as f32]
    });
    let set = MemorySet::new(name);
    set.with_logits(logits.collect(), 2).unwrap()
}

/// Rows with independent normal scores around these means.
fn normal_rows(name: &str, count: usize, means: (f64, f64), seed: u64) -> MemorySet {
    let mut stream = Stream::new(seed, 0);
    let mut normal = |mean: f64| mean + 0.5 * stream.normal();
    let scores: Vec<(f64, f64)> = (0..count)
        .map(|_| (normal(means.0), normal(means.1)))
        .collect();
    rows(name, &scores)
}

fn fitted(recipes: &str, train: &MemorySet, split: Split) -> Bundle {
    let options = FitOptions {
        split,
        ..FitOptions::default()
    };
    let recipes = Recipe::parse_list(recipes).unwrap();
    let input = FitInput { train, head: None };
    fit(input, &recipes, &options, &mut |_| {}).unwrap().bundle
}

/// Neither method looks at the rows it is fitted on.
fn two_detectors() -> Bundle {
    fitted("maxlogit,msp", &rows("train", &[(0.0, 0.0)]), Split::none())
}

fn options() -> EvaluationOptions {
    EvaluationOptions {
        resamples: 200,
        ..EvaluationOptions::default()
    }
}

fn try_evaluate(
    bundle: &Bundle,
    test: &MemorySet,
    sets: &[&MemorySet],
    options: &EvaluationOptions,
) -> Result<Evaluation, OodError> {
    let ood = sets.iter().map(|set| {
        let source: &dyn Source = *set;
        (set.name().to_owned(), source)
    });
    let input = EvaluationInput {
        bundle,
        train: None,
        test,
        ood: ood.collect(),
    };
    let mut read = 0;
    let evaluation = evaluate(&input, options, &mut |rows| read += rows)?;
    assert_eq!(read, input.rows());
    Ok(evaluation)
}

fn run(bundle: &Bundle, test: &MemorySet, sets: &[&MemorySet]) -> Evaluation {
    try_evaluate(bundle, test, sets, &options()).unwrap()
}

fn words(evaluation: &Evaluation) -> Vec<(Tone, String)> {
    let blocks = evaluation.summary().blocks.into_iter();
    blocks
        .filter_map(|block| match block {
            qualm_report::Block::Verdict(verdict) => Some((verdict.tone, verdict.text)),
            _ => None,
        })
        .collect()
}

fn text(evaluation: &Evaluation) -> String {
    let report = evaluation.report(vec![("command".into(), "bench".into())], Vec::new());
    qualm_report::to_terminal(&report, 80, false)
}

/// The report without its line breaks.
fn prose(evaluation: &Evaluation) -> String {
    text(evaluation)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
