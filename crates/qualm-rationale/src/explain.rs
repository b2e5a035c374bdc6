use std::ops::Range;

use crate::data::Example;
use crate::measures::touched;
use crate::model::{Classifier, Reading};
use crate::segment::sentences;
use crate::victim::Input;

/// Why a classifier says what it says of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What it makes of the text.
    pub reading: Reading,
    /// Probabilities from all but the evidence; `None` where it shows no evidence.
    pub without_evidence: Option<Vec<f64>>,
    /// Sentence by sentence.
    pub sentences: Vec<SentencePart>,
}

/// What hangs on a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct SentencePart {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Share of the selection that falls into it; 0 where nothing is selected.
    pub of_selection: f64,
    /// Share of the units that stand in it.
    pub of_text: f64,
    /// Probabilities of the text without it; `None` of the only sentence.
    pub without: Option<Vec<f64>>,
}

impl Explained {
    /// The sentence without which another class is predicted, where there is one: of several that
    /// without which the predicted class is least likely. An inserted sentence that decides looks
    /// like this, and so does a text that says one thing once.
    pub fn deciding(&self) -> Option<&SentencePart> {
        let class = self.reading.class();
        let decides = self.sentences.iter().filter(|sentence| {
            let without = sentence.without.as_ref();
            without.is_some_and(|p| crate::model::best(p) != class)
        });
        let rest = |s: &&SentencePart| s.without.as_ref().map_or(1.0, |p| p[class]);
        decides.min_by(|a, b| rest(a).total_cmp(&rest(b)))
    }
}

/// Explains one text.
pub fn explain(classifier: &Classifier, text: &str, query: Option<&str>) -> Explained {
    let input = Input { text, query };
    let reading = classifier.read(&[input]).remove(0);
    let chosen = &reading.evidence.chosen;
    let shows = chosen.contains(&true);
    let without_evidence = shows.then(|| {
        let rest = chosen.iter().map(|chosen| f64::from(u8::from(!chosen)));
        let rest = classifier.read_gated(&[input], &[rest.collect()]);
        rest.into_iter().flat_map(|r| r.probabilities).collect()
    });
    let spans = sentences(text);
    let example = Example {
        id: String::new(),
        text: text.to_owned(),
        query: query.map(str::to_owned),
        label: 0,
        evidence: None,
    };
    let units = &reading.evidence.units;
    let selected: Vec<Range<usize>> = reading.evidence.spans();
    let share = |parts: &[Range<usize>], span: &Range<usize>| {
        let inside = touched(parts, std::slice::from_ref(span));
        inside.iter().filter(|i| **i).count() as f64 / parts.len().max(1) as f64
    };
    let parts = spans.iter().enumerate().map(|(at, span)| SentencePart {
        span: span.clone(),
        of_selection: share(&selected, span),
        of_text: share(units, span),
        without: (spans.len() > 1).then(|| {
            let mask: Vec<bool> = (0..spans.len()).map(|other| other != at).collect();
            let rest = example.with_sentences_kept(&mask);
            classifier.read(&[rest.input()]).remove(0).probabilities
        }),
    });
    let sentences = parts.collect();
    Explained {
        reading,
        without_evidence,
        sentences,
    }
}
