//! Certificates against all that can be tried: every sentence of a pool at every place, with the
//! votes counted over every part of the text.

use qualm_rationale::certify::{Certificate, Vote, certify, exact_shares};
use qualm_rationale::data::{Example, planted_reviews};
use qualm_rationale::model::{Material, Method, Training, best, train};
use qualm_rationale::segment::sentences;
use qualm_rationale::{Input, RationaleError, Victim};
use qualm_stats::Stream;

const KEEP: f64 = 0.3;

const POOL: [&str; 8] = [
    "The soup was truly awful.",
    "The soup was truly superb.",
    "My steak felt terrible.",
    "The dessert was excellent.",
    "The waiter was horrible.",
    "It rained.",
    "Superb superb superb superb.",
    "Awful awful awful awful.",
];

/// Whether some sentence of the pool at some place changes the vote.
fn broken(victim: &dyn Victim, example: &Example, class: usize) -> bool {
    let places = 0..=sentences(&example.text).len();
    places.into_iter().any(|at| {
        POOL.iter().any(|sentence| {
            let (changed, _) = example.with_sentence(sentence, at);
            let shares = exact_shares(victim, &changed, KEEP).unwrap();
            best(&shares) != class
        })
    })
}

fn sure_of(victim: &dyn Victim, example: &Example) -> Certificate {
    let vote = Vote {
        keep: KEEP,
        ..Vote::default()
    };
    let mut stream = Stream::new(1, 0);
    let sure = certify(victim, example, &vote, &mut stream)
        .unwrap()
        .unwrap();
    assert!(sure.exact);
    sure
}

#[test]
fn no_certified_vote_of_a_trained_model_is_changed() {
    let (training, validation) = (planted_reviews("a", 1500, 1), planted_reviews("b", 200, 2));
    let options = Training {
        keep: KEEP,
        epochs: 4,
        width: 16,
        ..Training::default()
    };
    let fc = Method::parse("fc").unwrap();
    let (model, _) = train(
        fc,
        &options,
        Material::new(&training, &validation),
        &mut |_| {},
    )
    .unwrap();
    let (mut certified, mut open) = (0, 0);
    for example in &planted_reviews("c", 120, 3).examples {
        let sure = sure_of(&model, example);
        let broken = broken(&model, example, sure.class);
        if sure.insertions >= Some(1) {
            certified += 1;
            assert!(!broken, "{}: {sure:?}", example.text);
        } else {
            open += usize::from(broken);
        }
    }
    // The test says something only where there are both.
    assert!(certified >= 5 && open >= 5, "{certified} {open}");
}

/// Says `1` unless an inserted sentence is in sight, of each of its sentences apart from that.
struct Obedient {
    /// Share of ablations without an insertion that say `1`: those that hold the word.
    word: &'static str,
}

impl Victim for Obedient {
    fn classes(&self) -> usize {
        2
    }

    fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
        let rows = inputs.iter().flat_map(|input| {
            let inserted = input.text.to_lowercase().contains("soup");
            let own = input.text.is_empty() || input.text.contains(self.word);
            if own && !inserted {
                [0.0, 1.0]
            } else {
                [1.0, 0.0]
            }
        });
        Ok(rows.collect())
    }
}

/// A model that does what an inserted sentence says changes exactly where nothing was certified: the
/// bound is not to be had tighter.
#[test]
fn the_bound_is_tight() {
    let example = |text: &str| Example {
        id: String::new(),
        text: text.to_owned(),
        query: None,
        label: 1,
        evidence: None,
    };
    let mut seen = [0; 2];
    for text in [
        "An a. An a.",
        "An a. B.",
        "An a. An a. B.",
        "An a. An a. B. C.",
        "An a. B. C.",
    ] {
        let victim = Obedient { word: "a" };
        let sure = sure_of(&victim, &example(text));
        if sure.class == 1 {
            let certified = sure.insertions >= Some(1);
            assert_eq!(
                broken(&victim, &example(text), 1),
                !certified,
                "{text} {sure:?}"
            );
            seen[usize::from(certified)] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
