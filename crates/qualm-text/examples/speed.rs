//! How fast a language model reads and answers, beside the machine's matrix-multiply peak.
//!
//! ```sh
//! cargo run --release -p qualm-text --features lm --example speed -- model.gguf
//! ```
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::path::Path;

use qualm_linalg::Speed;
use qualm_text::lm::{Context, Generate, LanguageModel, LmError, Shape};

const RUNS: usize = 5;

fn main() -> Result<(), LmError> {
    let Some(path) = std::env::args().nth(1) else {
        println!("usage: speed MODEL.gguf");
        return Ok(());
    };
    let model = LanguageModel::open_gguf(Path::new(&path))?;
    let shape = model.shape();
    let none = Context::default();
    // Any tokens do, as long as they differ.
    let tokens = |count: usize, seed: usize| -> Vec<u32> {
        let token = |i: usize| 1000 + (i * 7919 + seed * 104_729) % 20_000;
        (0..count)
            .map(|i| (token(i) % shape.vocabulary) as u32)
            .collect()
    };

    for (sequences, length) in [(1, 256), (32, 16), (64, 64)] {
        let prompts: Vec<Vec<u32>> = (0..sequences).map(|seed| tokens(length, seed)).collect();
        let rows = sequences * length;
        let operations = rows as f64 * block_operations(shape)
            + sequences as f64 * attention_operations(shape, 0, length);
        let mut failed = None;
        let speed = Speed::measure(operations, RUNS, || {
            failed = model.hidden(&none, &prompts, &[]).err();
        });
        failed.map_or(Ok(()), Err)?;
        tell(
            &format!("reads {sequences:2} x {length:3} tokens"),
            rows,
            speed,
        );
    }

    // Answers after examples that all share, as a suite of short questions has them.
    const EXAMPLES: usize = 100;
    const QUESTION: usize = 8;
    const ANSWER: usize = 32;
    for sequences in [1, 8, 64, 128] {
        let examples = tokens(EXAMPLES, 0);
        let prompts: Vec<Vec<u32>> = (1..=sequences)
            .map(|seed| [examples.as_slice(), &tokens(QUESTION, seed)].concat())
            .collect();
        let context = model.read(&examples)?;
        let options = Generate {
            max_tokens: ANSWER,
            ..Generate::default()
        };
        let answers = model.greedy(&context, &prompts, &options)?;
        let answered: usize = answers.iter().map(|answer| answer.tokens.len()).sum();
        // The last token of an answer is not read.
        let rows = sequences * (QUESTION - 1) + answered;
        let operations = rows as f64 * block_operations(shape)
            + answered as f64 * 2.0 * (shape.vocabulary * shape.width) as f64
            + sequences as f64 * attention_operations(shape, EXAMPLES, QUESTION + ANSWER);
        let mut failed = None;
        let speed = Speed::measure(operations, RUNS, || {
            failed = model.greedy(&context, &prompts, &options).err();
        });
        failed.map_or(Ok(()), Err)?;
        tell(&format!("answers {sequences:3} at once"), answered, speed);
    }
    Ok(())
}

fn tell(what: &str, tokens: usize, speed: Speed) {
    let rate = tokens as f64 / speed.time.as_secs_f64();
    println!("{what:22} {rate:8.0} tokens/s {speed}");
}

/// Operations of a token's products with weights, without the head.
fn block_operations(shape: &Shape) -> f64 {
    let attention = 2 * shape.width * shape.head_width * (shape.heads + shape.kv_heads);
    let feed_forward = 3 * shape.width * shape.inner;
    2.0 * (shape.layers * (attention + feed_forward)) as f64
}

/// Operations of a sequence's scores and what they weigh, after tokens that were read before.
fn attention_operations(shape: &Shape, before: usize, tokens: usize) -> f64 {
    let seen: usize = (1..=tokens).map(|token| before + token).sum();
    4.0 * (shape.layers * shape.heads * shape.head_width * seen) as f64
}
