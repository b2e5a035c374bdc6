//! Texts that are no sentences: no panic, spans at characters, time that grows with the text.

use std::time::Instant;

use proptest::prelude::*;
use qualm_confidence::parse::{Parsed, Parser, Span};

fn spans(read: &Parsed<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = read.cues.iter().filter_map(|cue| cue.span).collect();
    spans.extend(read.cue.span);
    if let Some(belief) = &read.conditional {
        spans.push(belief.given);
        spans.extend(belief.p.span);
        spans.extend(belief.p_else.and_then(|p| p.span));
    }
    spans
}

fn check(text: &str, read: &Parsed<'_>) {
    for Span(start, end) in spans(read) {
        assert!(text.get(start..end).is_some(), "{text:?} {start}..{end}");
    }
    let cues = read.cues.iter().chain([&read.cue]);
    for cue in cues {
        let ends = [cue.lo, cue.value, cue.hi];
        assert!(
            ends.iter().flatten().all(|x| (0.0..=1.0).contains(x)),
            "{cue:?}"
        );
        if let [Some(lo), Some(value), Some(hi)] = ends {
            assert!(lo <= value && value <= hi, "{cue:?}");
        }
        assert_eq!(cue.value.is_some(), cue.status.has_value(), "{cue:?}");
    }
    let characters = text.chars().count();
    for Span(start, end) in spans(&read.clone().in_characters(text)) {
        assert!(start <= end && end <= characters);
    }
}

/// Words, numbers and signs that the grammar knows, in no order.
const PIECES: [&str; 48] = [
    "confidence",
    "probability",
    ":",
    "is",
    "85",
    "%",
    "0.8",
    "1",
    "in",
    "ten",
    "to",
    "-",
    "–",
    "if",
    "not",
    "I'm",
    "I",
    "sure",
    "certain",
    "likely",
    "almost",
    "wrong",
    "otherwise",
    "unless",
    "the",
    "odds",
    "against",
    "(",
    "0",
    "100",
    ")",
    "out",
    "of",
    "at",
    "least",
    ",",
    ";",
    ".",
    "\n",
    "may",
    "May",
    "P1",
    "given",
    "that",
    "é",
    "’",
    "<",
    ">",
];

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        thread_local!(static PARSER: Parser = Parser::default());
        PARSER.with(|parser| check(&text, &parser.parse(&text)));
    }

    #[test]
    fn any_order_of_known_words_is_read(
        pieces in prop::collection::vec((prop::sample::select(&PIECES[..]), any::<bool>()), 0..40)
    ) {
        thread_local!(static PARSER: Parser = Parser::default());
        let text: String = pieces
            .iter()
            .flat_map(|&(piece, apart)| [piece, if apart { " " } else { "" }])
            .collect();
        PARSER.with(|parser| check(&text, &parser.parse(&text)));
    }
}

/// Reads a piece repeated to `bytes`, and says how long that took.
fn seconds(parser: &Parser, piece: &str, bytes: usize) -> f64 {
    let text = piece.repeat(bytes / piece.len());
    let start = Instant::now();
    let read = parser.parse(&text);
    let took = start.elapsed().as_secs_f64();
    check(&text, &read);
    took
}

#[test]
fn a_megabyte_of_anything_takes_no_longer_than_its_length() {
    let parser = Parser::default();
    for piece in [
        "if ",
        "7",
        "not ",
        "é",
        "’",
        "1,",
        "0.",
        "confidence ",
        "confidence: ",
        "85% sure if ",
        "I'm 60% sure if a, ",
        "if a, ",
        "P(",
        "P1: ",
        "almost ",
        "at least ",
        "(",
        "to the best of my ",
        "likely if it ",
        "likely unless ",
        "about ",
        "I am not ",
        "\n",
        "💡",
        "1 to ",
        "50/",
        "<",
        "likely, ",
        "as far as ",
        "wrong ",
        "I cannot give ",
        "scale of 1 to ",
        "eighty ",
        "one hundred ",
        "'",
        "a'b",
        "confidence that ",
        "if likely ",
    ] {
        // A quadratic reading of a megabyte takes hours.
        let took = seconds(&parser, piece, 1 << 20);
        assert!(took < 20.0, "{piece:?}: {took} s");
    }
}
