//! A vote over random parts of a text, and what inserting sentences can do to it.
//!
//! Each ablation keeps every sentence independently with probability `keep`; the class that most
//! ablations get is the vote's. Insert r sentences, wherever: with probability `(1 - keep)^r` an
//! ablation keeps none of them and is distributed as before. So a class that gets a share q of the
//! votes keeps at least `(1 - keep)^r q`, and where that is above one half no insertion of r
//! sentences changes the vote, whatever they say.
//!
//! What is bounded is one more sentence as such. A text that is written so that it joins sentences
//! that were two does more than insert one.

use std::collections::HashMap;

use qualm_stats::{Stream, rate_at_most};
use rayon::prelude::*;

use crate::RationaleError;
use crate::data::{Dataset, Example};
use crate::model::best;
use crate::segment::sentences;
use crate::victim::{Input, Victim};

/// How votes are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote {
    /// Probability with which each sentence is kept; below 1/2, or nothing can be certified.
    pub keep: f64,
    /// Ablations that choose the class.
    pub choosing: usize,
    /// Fresh ablations that bound its share.
    pub bounding: usize,
    /// Probability with which the bound may be wrong, a text.
    pub error: f64,
    /// Seed of the ablations.
    pub seed: u64,
}

impl Default for Vote {
    fn default() -> Self {
        Self {
            keep: 0.3,
            choosing: 100,
            bounding: 1000,
            error: 0.001,
            seed: qualm_stats::random::DEFAULT_SEED,
        }
    }
}

/// What is certain of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// The class of the vote.
    pub class: usize,
    /// Its share of the votes: exact, or a lower bound.
    pub share: f64,
    /// Whether all ablations were looked at: there is no chance of error then.
    pub exact: bool,
    /// Sentences that can be inserted, anywhere and saying anything, without a change of the vote;
    /// `None` where not even the vote is certain.
    pub insertions: Option<usize>,
}

/// Insertions beyond which nobody asks.
const MOST_INSERTIONS: usize = 100;

impl Certificate {
    /// Of a share of the votes.
    ///
    /// ```
    /// use qualm_rationale::certify::Certificate;
    /// let of = |share| Certificate::of(0, share, 0.3, true).insertions;
    /// assert_eq!(of(1.0), Some(1)); // .7 of all votes is left, and .49 of them after two
    /// assert_eq!(of(0.72), Some(1)); // .504
    /// assert_eq!(of(0.71), Some(0)); // .497
    /// assert_eq!(of(0.5), None);
    /// ```
    pub fn of(class: usize, share: f64, keep: f64, exact: bool) -> Self {
        let mut left = share;
        let mut insertions = None;
        for count in 0..=MOST_INSERTIONS {
            if left <= 0.5 {
                break;
            }
            insertions = Some(count);
            left *= 1.0 - keep;
        }
        Self {
            class,
            share,
            exact,
            insertions,
        }
    }
}

/// The certificate of a text; `None` for a text of one sentence, of which a vote says nothing.
///
/// Where a text has so few sentences that there are no more ablations than would be drawn, all are
/// looked at and nothing is drawn. Otherwise the class is chosen on `choosing` ablations and its
/// share bounded from below on `bounding` fresh ones (Clopper and Pearson, one-sided).
///
/// # Errors
/// When the victim does not answer.
pub fn certify(
    victim: &dyn Victim,
    example: &Example,
    vote: &Vote,
    stream: &mut Stream,
) -> Result<Option<Certificate>, RationaleError> {
    let count = sentences(&example.text).len();
    if count < 2 {
        return Ok(None);
    }
    let drawn = vote.choosing + vote.bounding;
    if count < 63 && 1u64 << count <= drawn as u64 {
        let shares = exact_shares(victim, example, vote.keep)?;
        let class = best(&shares);
        return Ok(Some(Certificate::of(class, shares[class], vote.keep, true)));
    }
    let masks: Vec<Vec<bool>> = (0..drawn)
        .map(|_| (0..count).map(|_| stream.unit() < vote.keep).collect())
        .collect();
    let votes = votes(victim, example, &masks)?;
    let (choosing, bounding) = votes.split_at(vote.choosing);
    let mut counts = vec![0.0; victim.classes()];
    choosing.iter().for_each(|class| counts[*class] += 1.0);
    let class = best(&counts);
    let misses = bounding.iter().filter(|other| **other != class).count();
    let share = match rate_at_most(misses as u64, bounding.len() as u64, vote.error) {
        Ok(rate) => 1.0 - rate,
        // Without votes, or with an error of 0, nothing is certain.
        Err(_) => 0.0,
    };
    Ok(Some(Certificate::of(class, share, vote.keep, false)))
}

/// The share of the votes of each class over all ablations of a text, 2 to the number of its
/// sentences.
///
/// # Errors
/// When the victim does not answer.
///
/// # Panics
/// When the text has more than 20 sentences.
pub fn exact_shares(
    victim: &dyn Victim,
    example: &Example,
    keep: f64,
) -> Result<Vec<f64>, RationaleError> {
    let count = sentences(&example.text).len();
    assert!(count <= 20, "a million ablations at most");
    let masks: Vec<Vec<bool>> = (0..1usize << count)
        .map(|bits| (0..count).map(|at| bits >> at & 1 == 1).collect())
        .collect();
    let mut shares = vec![0.0; victim.classes()];
    for (mask, class) in masks.iter().zip(votes(victim, example, &masks)?) {
        let chances = mask
            .iter()
            .map(|kept| if *kept { keep } else { 1.0 - keep });
        shares[class] += chances.product::<f64>();
    }
    Ok(shares)
}

/// The class of each ablation. Equal ones are asked about once.
fn votes(
    victim: &dyn Victim,
    example: &Example,
    masks: &[Vec<bool>],
) -> Result<Vec<usize>, RationaleError> {
    let mut places: HashMap<&[bool], usize> = HashMap::new();
    let mut distinct: Vec<&[bool]> = Vec::new();
    for mask in masks {
        places.entry(mask).or_insert_with(|| {
            distinct.push(mask);
            distinct.len() - 1
        });
    }
    let ablated = distinct
        .iter()
        .map(|mask| example.with_sentences_kept(mask).text);
    let texts: Vec<String> = ablated.collect();
    let query = example.query.as_deref();
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input { text, query }).collect();
    let rows = victim.probabilities(&inputs)?;
    let classes: Vec<usize> = rows.chunks(victim.classes()).map(best).collect();
    Ok(masks
        .iter()
        .map(|mask| classes[places[mask.as_slice()]])
        .collect())
}

/// What is certain of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Certified {
    /// One a text.
    pub certificates: Vec<Option<Certificate>>,
    /// Which texts the vote gets right.
    pub right: Vec<bool>,
}

impl Certified {
    /// Share of all texts of which `sure` is true.
    fn share(&self, sure: impl Fn(&Certificate, bool) -> bool) -> f64 {
        let rows = self.certificates.iter().zip(&self.right);
        let sure = rows.filter(|(c, right)| c.as_ref().is_some_and(|c| sure(c, **right)));
        sure.count() as f64 / self.certificates.len().max(1) as f64
    }

    /// Texts of one sentence.
    pub fn meaningless(&self) -> usize {
        self.certificates.iter().filter(|c| c.is_none()).count()
    }

    /// Share of all texts whose vote is right.
    pub fn accuracy(&self) -> f64 {
        self.share(|_, right| right)
    }

    /// Share of all texts whose vote provably stays when `sentences` are inserted.
    pub fn certified(&self, sentences: usize) -> f64 {
        self.share(|c, _| c.insertions.is_some_and(|most| most >= sentences))
    }

    /// Share of all texts whose vote is right and provably stays.
    pub fn certified_accuracy(&self, sentences: usize) -> f64 {
        self.share(|c, right| right && c.insertions.is_some_and(|most| most >= sentences))
    }
}

/// Certificates of all texts of a data set; text i draws from stream i of the seed.
///
/// # Errors
/// The first error in the order of the texts.
pub fn certify_all(
    victim: &dyn Victim,
    set: &Dataset,
    vote: &Vote,
    done: &(dyn Fn() + Sync),
) -> Result<Certified, RationaleError> {
    let examples = set.examples.par_iter().enumerate();
    let found: Vec<Result<Option<Certificate>, RationaleError>> = examples
        .map(|(number, example)| {
            let mut stream = Stream::new(vote.seed, number as u64);
            let found = certify(victim, example, vote, &mut stream);
            done();
            found
        })
        .collect();
    let certificates: Vec<_> = found.into_iter().collect::<Result<_, _>>()?;
    let labels = set.examples.iter().map(|example| example.label);
    let right = certificates
        .iter()
        .zip(labels)
        .map(|(certificate, label)| certificate.is_some_and(|c| c.class == label))
        .collect();
    Ok(Certified {
        certificates,
        right,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says `good` where more kept sentences do; of ties and of nothing `bad`.
    struct Majority;

    impl Victim for Majority {
        fn classes(&self) -> usize {
            2
        }

        fn probabilities(&self, inputs: &[Input<'_>]) -> Result<Vec<f64>, RationaleError> {
            let rows = inputs.iter().flat_map(|input| {
                let good = input.text.matches("good").count();
                let bad = input.text.matches("bad").count();
                let p = if good > bad { 0.9 } else { 0.1 };
                [1.0 - p, p]
            });
            Ok(rows.collect())
        }
    }

    fn example(text: &str) -> Example {
        Example {
            id: String::new(),
            text: text.to_owned(),
            query: None,
            label: 0,
            evidence: None,
        }
    }

    #[test]
    fn shares_of_two_sentences_by_hand() {
        // Kept: the good one alone, .3 * .7, and with the neutral one, .3 * .3.
        let shares = exact_shares(&Majority, &example("All good. It rained."), 0.3).unwrap();
        assert!((shares[1] - 0.3).abs() < 1e-12 && (shares[0] - 0.7).abs() < 1e-12);
        let mut stream = Stream::new(1, 0);
        let vote = Vote::default();
        let sure = certify(
            &Majority,
            &example("All good. It rained."),
            &vote,
            &mut stream,
        );
        let sure = sure.unwrap().unwrap();
        // .7 * .7 is below one half.
        assert_eq!(
            (sure.class, sure.exact, sure.insertions),
            (0, true, Some(0))
        );
        let alone = certify(&Majority, &example("All good."), &vote, &mut stream).unwrap();
        assert_eq!(alone, None);
    }

    #[test]
    fn a_sampled_share_is_below_the_exact_one() {
        let text = example(&"It is good. ".repeat(12));
        let exact = exact_shares(&Majority, &text, 0.3).unwrap()[1];
        let vote = Vote {
            choosing: 50,
            bounding: 500,
            ..Vote::default()
        };
        let mut above = 0;
        for seed in 0..200 {
            let mut stream = Stream::new(seed, 0);
            let sure = certify(&Majority, &text, &vote, &mut stream)
                .unwrap()
                .unwrap();
            assert!(!sure.exact);
            above += usize::from(sure.class == 1 && sure.share > exact);
        }
        // One in a thousand is allowed.
        assert!(above <= 2, "{above}");
    }
}
