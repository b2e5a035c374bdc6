//! TF-Bind-8 as published: what stands in every table, and what chance alone reaches.

mod common {
    pub(crate) mod data;
}

use common::data::data_file;
use qualm_proxy::{Outside, Problem, Task, Truth, measures, tasks::TfBind8};
use qualm_stats::Stream;
use qualm_stats::random::DEFAULT_SEED;

const DRAWS: usize = 5_000;

fn task() -> Option<TfBind8> {
    let first = data_file("data/tfbind8/SIX6_REF_R1_8mers.txt")?;
    let second = data_file("data/tfbind8/SIX6_REF_R2_8mers.txt")?;
    Some(TfBind8::read(&first, Some(&second)).expect("the table is as published"))
}

#[test]
fn every_sequence_once_and_the_best_visible() {
    let Some(task) = task() else { return };
    let all = task.labelled(0).expect("a table has data");
    assert_eq!((all.designs().len(), all.merged()), (65_536, 0));
    let problem = Problem::new(&task, Outside::Clip, 0).expect("half of it is visible");
    assert!(
        (problem.best_visible() - 0.4393).abs() < 5e-5,
        "{}",
        problem.best_visible()
    );
    let ceiling = task.noise_ceiling().expect("there is a second replicate");
    assert!((ceiling - 0.936).abs() < 5e-4, "{ceiling}");
}

#[test]
fn strands_score_alike() {
    let Some(task) = task() else { return };
    let all = task.labelled(0).expect("a table has data");
    let other: Vec<f64> = all
        .designs()
        .iter()
        .flat_map(|x| x.iter().rev().map(|base| 3.0 - base))
        .collect();
    let other = qualm_proxy::Designs::new(other, 8);
    let truths = task.evaluate(&other).expect("a table does not fail");
    for (truth, label) in truths.iter().zip(all.labels()) {
        assert_eq!(*truth, Truth::Value(*label));
    }
}

#[test]
fn what_128_random_sequences_reach() {
    let Some(task) = task() else { return };
    let all = task.labelled(0).expect("a table has data");
    let (low, high) = all.range();
    let scores: Vec<f64> = all
        .labels()
        .iter()
        .map(|label| (label - low) / (high - low))
        .collect();
    let mut stream = Stream::new(DEFAULT_SEED, 0);
    let (mut best, mut middle) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let drawn: Vec<f64> = (0..128)
            .map(|_| scores[stream.below(scores.len())])
            .collect();
        best.push(measures::quantile(&drawn, 1.0));
        middle.push(measures::quantile(&drawn, 0.5));
    }
    let (best, middle) = (measures::mean(&best), measures::mean(&middle));
    assert!((best - 0.938).abs() < 0.003, "{best}");
    assert!((middle - 0.440).abs() < 0.002, "{middle}");
}
