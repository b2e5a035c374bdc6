//! The predictor sees nothing of what was not selected: other words there leave every bit of its
//! answer as it was.

use qualm_rationale::Input;
use qualm_rationale::data::planted_reviews;
use qualm_rationale::model::{Material, Method, Training, Unit, train};

#[test]
fn other_words_where_nothing_was_selected_change_no_bit() {
    let (training, validation) = (planted_reviews("a", 400, 1), planted_reviews("b", 60, 2));
    for (method, unit) in [
        ("vib(ratio=.2)", Unit::Token),
        ("vib(ratio=.2,hard=1)", Unit::Sentence),
        ("spectra(ratio=.2)", Unit::Token),
    ] {
        let options = Training {
            unit,
            epochs: 2,
            width: 16,
            ..Training::default()
        };
        let method = Method::parse(method).unwrap();
        let (model, _) = train(
            method,
            &options,
            Material::new(&training, &validation),
            &mut |_| {},
        )
        .unwrap();
        let mut changed = 0;
        for example in &validation.examples {
            let reading = model.read(&[example.input()]).remove(0);
            // Every word outside the selection becomes another, some of them words that decide.
            let mut text = example.text.clone();
            let chosen = reading.evidence.spans();
            let words = qualm_rationale::segment::words(&example.text);
            for (at, word) in words.into_iter().enumerate().rev() {
                if !chosen.iter().any(|span| span.contains(&word.start)) {
                    // A capital stays one, so that sentences stay where they were.
                    let others = ["awful", "superb", "unheard", "pasta"];
                    let capitals = ["Awful", "Superb", "Unheard", "Pasta"];
                    let capital = text[word.clone()].starts_with(char::is_uppercase);
                    let other = if capital { capitals } else { others }[at % 4];
                    text.replace_range(word, other);
                    changed += 1;
                }
            }
            let gates = |chosen: &[bool]| -> Vec<f64> {
                chosen.iter().map(|c| f64::from(u8::from(*c))).collect()
            };
            let gates = [gates(&reading.evidence.chosen)];
            let input = Input {
                text: &text,
                query: None,
            };
            let before = model.read_gated(&[example.input()], &gates).remove(0);
            let after = model.read_gated(&[input], &gates).remove(0);
            let bits = |p: &[f64]| -> Vec<u64> { p.iter().map(|p| p.to_bits()).collect() };
            assert_eq!(bits(&before.probabilities), bits(&after.probabilities));
            assert_eq!(before.features, after.features);
        }
        assert!(changed > 500, "{changed}");
    }
}
