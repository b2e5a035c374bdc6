//! SmolLM2-135M-Instruct, where it is at hand, against `reference/record.py`.

use qualm_text::lm::{Context, Generate, LanguageModel, Role};
use serde_json::Value;

use crate::data;

/// Six examples before each sum.
fn sums(model: &LanguageModel, questions: &[&str]) -> Vec<Vec<u32>> {
    let examples = "1 + 1 = 2\n5 + 2 = 7\n6 + 3 = 9\n2 + 2 = 4\n4 + 1 = 5\n8 + 1 = 9\n";
    let prompt = |question| model.prompt(&format!("{examples}{question}")).unwrap();
    questions.iter().map(prompt).collect()
}

#[test]
fn it_says_what_it_is_known_to_say() {
    let Some(file) = data::smollm2() else { return };
    let model = LanguageModel::open_gguf(&file).unwrap();
    let recorded: Value = serde_json::from_str(include_str!("../reference/smollm2.json")).unwrap();
    for recorded in recorded["tokens"].as_array().unwrap() {
        let text = recorded["text"].as_str().unwrap();
        let ids: Vec<u32> = serde_json::from_value(recorded["ids"].clone()).unwrap();
        assert_eq!(model.prompt(text).unwrap(), ids, "{text}");
        assert_eq!(model.text(&ids), text);
    }

    let prompt = model.prompt(recorded["prompt"].as_str().unwrap()).unwrap();
    let next = recorded["next"].as_array().unwrap();
    let candidates: Vec<u32> = next
        .iter()
        .map(|next| next["id"].as_u64().unwrap() as u32)
        .collect();
    assert_eq!(model.text(&candidates[..1]), " Paris");
    let log_probs = model
        .next(&Context::default(), &[&prompt], &candidates)
        .unwrap();
    for (log_prob, next) in log_probs[0].iter().zip(next) {
        let expected = next["log_prob"].as_f64().unwrap();
        assert!((log_prob - expected).abs() < 1e-3, "{log_prob} {expected}");
    }
    for recorded in recorded["hidden"].as_array().unwrap() {
        let layer = recorded["layer"].as_u64().unwrap() as usize;
        let first: Vec<f32> = serde_json::from_value(recorded["first"].clone()).unwrap();
        let hidden = model
            .hidden(&Context::default(), &[&prompt], &[layer])
            .unwrap();
        for (hidden, first) in hidden[0].iter().zip(first) {
            assert!(
                (hidden - first).abs() < 2e-3 * first.abs().max(1.0),
                "{layer}: {hidden} {first}"
            );
        }
    }

    // A conversation as the model's template writes it: what the system says comes by itself.
    let chat = model.chat(&[(Role::User, "Hi")]).unwrap();
    let words = "system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face\nuser\nHi\nassistant\n";
    assert_eq!(model.text(&chat), words);
    assert_eq!(chat.iter().filter(|&&token| token == 1).count(), 3);
    assert_eq!(chat.iter().filter(|&&token| token == 2).count(), 2);

    // Sums after examples that all share.
    let prompts = sums(&model, &["3 + 4 =", "2 + 5 =", "7 + 1 ="]);
    let shared = model.shared(&prompts).unwrap();
    let options = Generate {
        max_tokens: 6,
        stop: &["\n"],
        ..Generate::default()
    };
    let answers = model.greedy(&shared, &prompts, &options).unwrap();
    for (answer, prompt) in answers.iter().zip(&prompts) {
        let scored = model
            .score(&Context::default(), &[prompt], &[&answer.tokens])
            .unwrap();
        for (a, b) in scored[0].iter().zip(&answer.log_probs) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }
    let texts: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(texts, [" 7", " 7", " 8"]);
}
