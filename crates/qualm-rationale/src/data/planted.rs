use qualm_stats::Stream;

use crate::data::{Dataset, Example, Splits};

const DISHES: [&str; 8] = [
    "The soup",
    "The pasta",
    "My steak",
    "The dessert",
    "The salad",
    "Our pizza",
    "The fish",
    "The curry",
];
const OTHERS: [&str; 8] = [
    "The waiter",
    "The staff",
    "Our server",
    "The music",
    "The parking",
    "The room",
    "The view",
    "The booking",
];
const VERBS: [&str; 3] = ["was", "seemed", "felt"];
const DEGREES: [&str; 4] = ["", "really ", "truly ", "quite "];
/// Bad, then good.
const OPINIONS: [[&str; 8]; 2] = [
    [
        "awful",
        "terrible",
        "dull",
        "poor",
        "disappointing",
        "horrible",
        "dreadful",
        "bad",
    ],
    [
        "wonderful",
        "superb",
        "lovely",
        "great",
        "excellent",
        "delightful",
        "brilliant",
        "good",
    ],
];
const NEUTRAL: [&str; 12] = [
    "We came on a Tuesday.",
    "There were four of us.",
    "It stands next to the station.",
    "They open at noon.",
    "We had booked by phone.",
    "My cousin had named the place.",
    "It was raining that day.",
    "We stayed for two hours.",
    "The menu has three pages.",
    "We sat by the window.",
    "A group came in after us.",
    "We paid by card.",
];

/// Reviews of restaurants whose class is what they say of the food, and that alone: of everything
/// else they say good or bad at random, in the same words. The evidence is the one opinion that
/// counts.
///
/// ```
/// let set = qualm_rationale::data::planted_reviews("reviews", 100, 1);
/// let review = &set.examples[0];
/// let evidence = review.evidence.as_ref().unwrap()[0].clone();
/// assert!(review.text[evidence].split(' ').count() <= 2); // "truly superb"
/// assert_eq!(set.classes, ["bad food", "good food"]);
/// ```
pub fn planted_reviews(name: &str, rows: usize, seed: u64) -> Dataset {
    let examples = (0..rows).map(|row| review(row, &mut Stream::new(seed, row as u64)));
    Dataset {
        name: name.to_owned(),
        classes: ["bad food", "good food"].map(str::to_owned).to_vec(),
        examples: examples.collect(),
    }
}

/// Planted reviews to learn from, to choose by and to test on.
pub fn planted(seed: u64) -> Splits {
    Splits {
        training: planted_reviews("planted reviews, training", 4000, seed),
        validation: planted_reviews("planted reviews, validation", 500, seed.wrapping_add(1)),
        tests: vec![planted_reviews(
            "planted reviews, test",
            500,
            seed.wrapping_add(2),
        )],
    }
}

fn review(row: usize, stream: &mut Stream) -> Example {
    let label = stream.below(2);
    let mut parts = vec![(opinion(&DISHES, label, stream), true)];
    for _ in 0..2 {
        let sentiment = stream.below(2);
        parts.push((opinion(&OTHERS, sentiment, stream), false));
    }
    for _ in 0..1 + stream.below(2) {
        let neutral = (pick(&NEUTRAL, stream).to_owned(), 0);
        parts.push((neutral, false));
    }
    stream.shuffle(&mut parts);
    let (mut text, mut evidence) = (String::new(), Vec::new());
    for ((sentence, opinion), counts) in parts {
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len() + opinion;
        text.push_str(&sentence);
        if counts {
            evidence.push(start..text.len() - 1);
        }
    }
    Example {
        id: format!("review-{}", row + 1),
        text,
        query: None,
        label,
        evidence: Some(evidence),
    }
}

/// A sentence, and where in it the opinion begins; it ends before the full stop.
fn opinion(subjects: &[&str], sentiment: usize, stream: &mut Stream) -> (String, usize) {
    let subject = format!("{} {} ", pick(subjects, stream), pick(&VERBS, stream));
    let degree = pick(&DEGREES, stream);
    let word = pick(&OPINIONS[sentiment], stream);
    let start = subject.len();
    (format!("{subject}{degree}{word}."), start)
}

fn pick<'a>(words: &[&'a str], stream: &mut Stream) -> &'a str {
    words[stream.below(words.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::sentences;

    #[test]
    fn the_evidence_is_the_opinion_of_the_food() {
        let set = planted_reviews("r", 300, 5);
        for review in &set.examples {
            let evidence = review.evidence.as_ref().unwrap()[0].clone();
            let word = review.text[evidence.clone()]
                .split(' ')
                .next_back()
                .unwrap();
            assert!(OPINIONS[review.label].contains(&word), "{word}");
            let sentences = sentences(&review.text);
            let counts = sentences
                .iter()
                .find(|s| s.contains(&evidence.start))
                .unwrap();
            let sentence = &review.text[counts.clone()];
            assert!(DISHES.iter().any(|dish| sentence.starts_with(dish)));
            assert!((4..=5).contains(&sentences.len()), "{}", review.text);
        }
        let good = set.examples.iter().filter(|e| e.label == 1).count();
        assert!((120..180).contains(&good));
    }

    #[test]
    fn a_review_depends_on_its_number_and_the_seed_alone() {
        let (few, many) = (planted_reviews("a", 3, 9), planted_reviews("a", 30, 9));
        assert_eq!(few.examples[..], many.examples[..3]);
        assert_ne!(few.examples, planted_reviews("a", 3, 10).examples);
    }
}
