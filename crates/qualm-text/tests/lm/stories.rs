//! stories260K, a real model of 260,000 numbers.

use qualm_text::lm::{Context, Generate, Generation, LanguageModel, Sampling};

use crate::{container, data};

const STORY: &str = " Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.";

const BEGINNINGS: [&str; 6] = [
    "Once upon a time, there was a little",
    "Once upon a time, there was a big dog. One day",
    "Once upon a time, Tom",
    "Once upon a time, there was a cat. The cat was happy. It liked to play in the garden with",
    "Once upon a time, the sun",
    "Once upon a time, there was a little girl named Lily. She loved",
];

fn prompts(model: &LanguageModel) -> Vec<Vec<u32>> {
    BEGINNINGS
        .iter()
        .map(|text| model.prompt(text).unwrap())
        .collect()
}

fn until(max_tokens: usize) -> Generate<'static> {
    Generate {
        max_tokens,
        ..Generate::default()
    }
}

/// Equal to what rounding leaves, which depends on the company.
fn assert_near(a: &Generation, b: &Generation) {
    assert_eq!(
        (&a.tokens, &a.text, a.ended.is_some()),
        (&b.tokens, &b.text, b.ended.is_some())
    );
    for (a, b) in a.log_probs.iter().zip(&b.log_probs) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    for (a, b) in a.hidden.iter().zip(&b.hidden) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn it_tells_its_story() {
    let Some(model) = data::stories() else { return };
    let start = model.prompt("").unwrap();
    assert_eq!(start, [1]);
    let story = model
        .greedy(&Context::default(), &[start], &until(400))
        .unwrap()
        .remove(0);
    assert!(story.text.starts_with(STORY), "{}", story.text);
    assert_eq!(model.text(&story.tokens), story.text);
}

#[test]
fn texts_come_back_from_their_tokens() {
    let Some(model) = data::stories() else { return };
    for text in ["Lily's mom said: \"No!\"", "a\n\nb", "Zoë 北京 🙂", "  two"] {
        let tokens = model.part(text).unwrap();
        assert_eq!(model.text(&tokens), text);
    }
    // A text begins with the mark of beginnings and a space.
    let tokens = model.prompt("Once upon a time").unwrap();
    assert_eq!(tokens[0], 1);
    assert_eq!(model.text(&tokens), " Once upon a time");
    // The golden story in its own tokens: the tokenizer undoes what generation said.
    let start = model.prompt("").unwrap();
    let story = model
        .greedy(&Context::default(), &[start], &until(60))
        .unwrap()
        .remove(0);
    assert_eq!(model.part(&story.text).unwrap(), story.tokens);
}

#[test]
fn company_and_shared_beginnings_change_nothing() {
    let Some(model) = data::stories() else { return };
    let prompts = prompts(&model);
    let options = Generate {
        max_tokens: 30,
        stop: &["."],
        layers: &[0, 2, 5],
    };
    let alone: Vec<Generation> = prompts
        .iter()
        .map(|prompt| {
            model
                .greedy(&Context::default(), &[prompt], &options)
                .unwrap()
                .remove(0)
        })
        .collect();
    let together = model
        .greedy(&Context::default(), &prompts, &options)
        .unwrap();
    let shared = model.shared(&prompts).unwrap();
    assert_eq!(model.text(shared.tokens()), " Once upon a time,");
    let after_shared = model.greedy(&shared, &prompts, &options).unwrap();
    for (alone, (together, after_shared)) in alone.iter().zip(together.iter().zip(&after_shared)) {
        assert!(!alone.text.is_empty());
        assert_eq!(alone.hidden.len(), 3 * model.shape().width);
        assert_near(alone, together);
        assert_near(alone, after_shared);
    }
    // The same calls give the same bytes.
    assert_eq!(
        model.greedy(&shared, &prompts, &options).unwrap(),
        after_shared
    );
}

#[test]
fn more_prompts_than_seats_take_turns() {
    let Some(model) = data::stories() else { return };
    let few = prompts(&model);
    let many: Vec<&Vec<u32>> = few.iter().cycle().take(200).collect();
    let few = model.greedy(&Context::default(), &few, &until(12)).unwrap();
    let many = model
        .greedy(&Context::default(), &many, &until(12))
        .unwrap();
    for (many, few) in many.iter().zip(few.iter().cycle()) {
        assert_near(many, few);
    }
}

#[test]
fn what_is_read_at_once_is_what_is_read_step_by_step() {
    let Some(model) = data::stories() else { return };
    let prompt = model.prompt(BEGINNINGS[3]).unwrap();
    let answer = model
        .greedy(&Context::default(), &[&prompt], &until(40))
        .unwrap()
        .remove(0);
    // Scored whole, an answer has the log-probabilities it grew with.
    let scored = model
        .score(&Context::default(), &[&prompt], &[&answer.tokens])
        .unwrap();
    assert_eq!(scored[0].len(), 40);
    for (a, b) in scored[0].iter().zip(&answer.log_probs) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    // Logits of every position say the same.
    let whole = [prompt.as_slice(), &answer.tokens].concat();
    let readings = model
        .forward(&Context::default(), &[&whole], Some(5))
        .unwrap();
    let vocabulary = model.shape().vocabulary;
    let rows: Vec<&[f32]> = readings[0].logits.chunks(vocabulary).collect();
    assert_eq!(rows.len(), whole.len());
    for (at, (&token, scored)) in answer.tokens.iter().zip(&scored[0]).enumerate() {
        let row = rows[prompt.len() - 1 + at];
        let total: f64 = row.iter().map(|&logit| f64::from(logit).exp()).sum();
        let log_prob = f64::from(row[token as usize]) - total.ln();
        assert!((log_prob - scored).abs() < 1e-4, "{log_prob} {scored}");
        assert!(row.iter().all(|&logit| logit <= row[token as usize]));
    }
    // And the last state is that of `hidden`.
    let width = model.shape().width;
    let hidden = model.hidden(&Context::default(), &[&whole], &[5]).unwrap();
    let last = &readings[0].hidden[(whole.len() - 1) * width..];
    for (a, b) in hidden[0].iter().zip(last) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn all_candidates_together_are_certain() {
    let Some(model) = data::stories() else { return };
    let prompts = prompts(&model);
    let shared = model.shared(&prompts).unwrap();
    let all: Vec<u32> = (0..model.shape().vocabulary as u32).collect();
    let next = model.next(&shared, &prompts, &all).unwrap();
    for (row, prompt) in next.iter().zip(&prompts) {
        let sum: f64 = row.iter().map(|log_prob| log_prob.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        // One by one they are scores of continuations of one token.
        for token in [5, 300] {
            let scored = model.score(&shared, &[prompt], &[[token]]).unwrap();
            assert!((scored[0][0] - row[token as usize]).abs() < 1e-4);
        }
    }
    assert_eq!(
        model.score(&shared, &prompts[..1], &[[]]).unwrap(),
        [[0.0; 0]]
    );
}

#[test]
fn prompts_longer_than_a_pass_are_read_whole() {
    let Some(model) = data::stories() else { return };
    let start = model.prompt("").unwrap();
    let story = model
        .greedy(&Context::default(), &[&start], &until(300))
        .unwrap()
        .remove(0);
    let whole = [start.as_slice(), &story.tokens].concat();
    // Three sequences of 301 tokens need two passes of 512, the middle one a part of each.
    let three = model
        .hidden(&Context::default(), &[&whole, &whole, &whole], &[5])
        .unwrap();
    let one = model.hidden(&Context::default(), &[&whole], &[5]).unwrap();
    for three in &three {
        for (a, b) in three.iter().zip(&one[0]) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }
}

#[test]
fn threads_change_no_byte() {
    let Some(model) = data::stories() else { return };
    let prompts = prompts(&model);
    let options = Generate {
        max_tokens: 20,
        layers: &[3],
        ..Generate::default()
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            model
                .greedy(&model.shared(&prompts).unwrap(), &prompts, &options)
                .unwrap()
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn the_same_model_in_a_container_says_the_same() {
    let Some(model) = data::stories() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stories.gguf");
    std::fs::write(&path, container::stories(&data::stories_folder().unwrap())).unwrap();
    let contained = LanguageModel::open_gguf(&path).unwrap();
    assert_eq!(contained.shape(), model.shape());
    let prompts = prompts(&model);
    for (text, prompt) in BEGINNINGS.iter().zip(&prompts) {
        assert_eq!(&contained.prompt(text).unwrap(), prompt);
    }
    let none = Context::default();
    let ask = |model: &LanguageModel| model.greedy(&none, &prompts, &until(20)).unwrap();
    assert_eq!(ask(&contained), ask(&model));
}

#[test]
fn draws_depend_on_the_seed_alone() {
    let Some(model) = data::stories() else { return };
    let prompts = prompts(&model);
    let sampling = Sampling {
        copies: 5,
        ..Sampling::default()
    };
    let draw = |prompts: &[Vec<u32>], sampling: &Sampling| {
        model
            .sample(&Context::default(), prompts, &until(10), sampling)
            .unwrap()
    };
    let all = draw(&prompts, &sampling);
    assert!(all.iter().all(|answers| answers.len() == 5));
    // Copies differ, the prompt's company does not matter, another seed does.
    assert!(all[0].iter().any(|answer| answer.text != all[0][0].text));
    for (alone, all) in draw(&prompts[2..3], &sampling)[0].iter().zip(&all[2]) {
        assert_near(alone, all);
    }
    let other = Sampling {
        seed: 7,
        ..sampling
    };
    assert_ne!(draw(&prompts, &other), all);
    // Near zero, the draw is the greedy answer.
    let cold = Sampling {
        temperature: 1e-4,
        ..sampling
    };
    let greedy = model
        .greedy(&Context::default(), &prompts, &until(10))
        .unwrap();
    for (cold, greedy) in draw(&prompts, &cold).iter().zip(&greedy) {
        assert!(cold.iter().all(|cold| cold.tokens == greedy.tokens));
    }
    // Log-probabilities are those at temperature 1.
    let answer = &all[1][3];
    let scored = model
        .score(&Context::default(), &prompts[1..2], &[&answer.tokens])
        .unwrap();
    for (a, b) in scored[0].iter().zip(&answer.log_probs) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn a_stop_ends_an_answer() {
    let Some(model) = data::stories() else { return };
    let start = model.prompt("").unwrap();
    let ask = |stop: &[&str]| {
        let options = Generate {
            max_tokens: 60,
            stop,
            ..Generate::default()
        };
        model
            .greedy(&Context::default(), &[&start], &options)
            .unwrap()
            .remove(0)
    };
    let whole = ask(&[]);
    assert_eq!(whole.ended, None);
    for stop in [".", " Lily", "y outside", "e wa"] {
        let answer = ask(&["no such words", stop]);
        assert_eq!(answer.text, whole.text.split(stop).next().unwrap());
        // The tokens are those that begin before the stop; what ended it is the rest of them up to
        // the one that completes the stop.
        let kept = answer.tokens.len();
        assert_eq!(answer.tokens, whole.tokens[..kept]);
        let ended = answer.ended.unwrap();
        let length = |tokens: usize| model.text(&whole.tokens[..tokens]).len();
        assert!(length(kept) >= answer.text.len());
        assert!(kept == 0 || length(kept - 1) < answer.text.len());
        let end = (kept..60)
            .find(|&end| length(end) >= answer.text.len() + stop.len())
            .unwrap();
        let rest: f64 = whole.log_probs[kept..end].iter().sum();
        assert!((ended - rest).abs() < 1e-9, "{ended} {rest}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let Some(model) = data::stories() else { return };
    let none = Context::default();
    let told = |error: qualm_text::lm::LmError, words: &str| {
        let error = error.to_string();
        assert!(error.contains(words), "{error}");
    };
    told(
        model
            .greedy(&none, &[[1, 2].as_slice(), &[512]], &until(5))
            .unwrap_err(),
        "prompt 1: token 512",
    );
    told(
        model.greedy(&none, &[[]], &until(5)).unwrap_err(),
        "does not go on",
    );
    told(
        model.greedy(&none, &[[1; 510]], &until(5)).unwrap_err(),
        "510 tokens and 5",
    );
    let read = model.read(&[1, 2]).unwrap();
    told(
        model.hidden(&read, &[[1, 3]], &[1]).unwrap_err(),
        "does not go on",
    );
    told(
        model.hidden(&none, &[[1]], &[6]).unwrap_err(),
        "layers 0 to 5",
    );
    told(model.next(&none, &[[1]], &[600]).unwrap_err(), "token 600");
    told(
        model.score(&none, &[[1]], &[[1], [2]]).unwrap_err(),
        "2 continuations",
    );
    told(
        model.score(&none, &[[1]], &[[900]]).unwrap_err(),
        "token 900",
    );
    let cold = Sampling {
        temperature: 0.0,
        ..Sampling::default()
    };
    told(
        model.sample(&none, &[[1]], &until(5), &cold).unwrap_err(),
        "temperature 0",
    );
    told(model.chat(&[]).unwrap_err(), "<|im_start|>");
    // Nothing asked, nothing answered.
    assert!(
        model
            .greedy(&none, &[[0u32; 0]; 0], &until(5))
            .unwrap()
            .is_empty()
    );
    assert_eq!(model.shared(&[[0u32; 0]; 0]).unwrap().tokens(), [0u32; 0]);
}
