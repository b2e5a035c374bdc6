//! A model on test texts, as they are and under attack.

use qualm_stats::Stream;
use rayon::prelude::*;

use crate::RationaleError;
use crate::attack::sentences::{Tried, try_all, worst_of};
use crate::attack::{Attack, Attacked, Outcome, Summary, Supplies, attack_all};
use crate::data::{Dataset, Example};
use crate::measures::{Marked, capture};
use crate::model::{Classifier, Reading, Unit};
use crate::study::outcome::{EvidenceWorth, Marks, UnderAttack, Variant};
use crate::victim::{Evidence, Victim};

/// Which texts were read rightly.
pub(crate) fn right(readings: &[Reading], set: &Dataset) -> Marks {
    let rows = readings.iter().zip(&set.examples);
    rows.map(|(reading, example)| reading.class() == example.label)
        .collect()
}

/// What the evidence of a classifier's readings of a data set is worth; `None` where it shows none.
pub(crate) fn worth(
    classifier: &Classifier,
    own: &[Reading],
    set: &Dataset,
) -> Option<EvidenceWorth> {
    if !classifier.layout.scores() {
        return None;
    }
    let inputs = set.inputs();
    let shown: Vec<Evidence> = own.iter().map(|own| own.evidence.clone()).collect();
    let gates = |gate: &dyn Fn(bool) -> f64| -> Vec<Vec<f64>> {
        let rows = shown.iter();
        rows.map(|e| e.chosen.iter().map(|c| gate(*c)).collect())
            .collect()
    };
    let number = |yes: bool| f64::from(u8::from(yes));
    let all = classifier.read_gated(&inputs, &gates(&|_| 1.0));
    let alone = classifier.read_gated(&inputs, &gates(&number));
    let rest = classifier.read_gated(&inputs, &gates(&|chosen| number(!chosen)));
    let mut sums = [0.0; 3];
    for (row, own) in own.iter().enumerate() {
        let class = own.class();
        let p = |readings: &[Reading]| readings[row].probabilities[class];
        let chosen = shown[row].chosen.iter().filter(|c| **c).count();
        sums[0] += chosen as f64 / shown[row].chosen.len().max(1) as f64;
        sums[1] += p(&all) - p(&alone);
        sums[2] += p(&all) - p(&rest);
    }
    let [share, sufficiency, comprehensiveness] = sums.map(|sum| sum / own.len().max(1) as f64);
    let examples: Vec<&Example> = set.examples.iter().collect();
    let marked = marked(&examples, &shown, classifier.unit());
    let mean = |value: fn(&Marked) -> f64| {
        let sum: f64 = marked.iter().map(value).sum();
        (!marked.is_empty()).then(|| sum / marked.len() as f64)
    };
    Some(EvidenceWorth {
        share,
        gr: mean(Marked::f1),
        random_gr: mean(Marked::random_f1),
        sufficiency,
        comprehensiveness,
    })
}

/// What was selected of those texts that people marked.
fn marked(examples: &[&Example], shown: &[Evidence], unit: Unit) -> Vec<Marked> {
    let rows = examples.iter().zip(shown);
    rows.filter_map(|(example, shown)| {
        let gold = example.evidence.as_ref()?;
        Some(Marked::of(&example.text, unit, &shown.spans(), gold))
    })
    .collect()
}

/// What an attack on all texts of a data set does. Text i draws from stream i of the seed.
///
/// # Errors
/// When the victim does not answer.
pub fn under_attack(
    attack: Attack,
    victim: &dyn Victim,
    unit: Unit,
    set: &Dataset,
    supplies: &Supplies,
    seed: u64,
) -> Result<(UnderAttack, Vec<Attacked>), RationaleError> {
    let (attacked, variants) = if attack.adds_a_sentence() {
        insert(attack, victim, set, supplies, seed)?
    } else {
        (
            attack_all(attack, victim, set, supplies, seed, &|| {})?,
            Vec::new(),
        )
    };
    let summary = Summary::of(&attacked);
    let examples: Vec<&Example> = attacked.iter().map(|a| &a.example).collect();
    let inputs: Vec<_> = examples.iter().map(|example| example.input()).collect();
    let shown = victim.evidence(&inputs);
    let (mut gr, mut captured, mut gold_alone) = (None, None, None);
    if let Some(shown) = &shown {
        let marked = marked(&examples, shown, unit);
        gr = mean(marked.iter().map(Marked::f1));
        let written = attacked.iter().zip(shown);
        let shares = written
            .clone()
            .filter_map(|(a, shown)| share_captured(a, shown));
        captured = mean(shares);
        let pure = written.filter_map(|(a, shown)| {
            let gold = a.example.evidence.as_ref()?;
            let taken = share_captured(a, shown)?;
            let marked = Marked::of(&a.example.text, unit, &shown.spans(), gold);
            Some(f64::from(u8::from(marked.includes_gold() && taken == 0.0)))
        });
        gold_alone = mean(pure);
    }
    let under = UnderAttack {
        attack: attack.name().to_owned(),
        before: attacked
            .iter()
            .map(|a| a.outcome != Outcome::Skipped)
            .collect(),
        after: attacked
            .iter()
            .map(|a| a.outcome == Outcome::Failed)
            .collect(),
        gr,
        capture: captured,
        gold_alone,
        queries: summary.queries,
        words_changed: if attack == Attack::Reduction {
            summary.words_changed_of_all
        } else {
            summary.words_changed
        },
        variants,
    };
    Ok((under, attacked))
}

/// The share of what an attack wrote that was selected; `None` where it wrote nothing.
fn share_captured(attacked: &Attacked, shown: &Evidence) -> Option<f64> {
    let shares = attacked.written.iter();
    mean(shares.filter_map(|span| capture(&shown.units, &shown.chosen, span)))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The worst insertion of each text, and the accuracy under each variant by itself.
fn insert(
    attack: Attack,
    victim: &dyn Victim,
    set: &Dataset,
    supplies: &Supplies,
    seed: u64,
) -> Result<(Vec<Attacked>, Vec<Variant>), RationaleError> {
    let examples = set.examples.par_iter().enumerate();
    let tried: Vec<Result<Vec<Tried>, RationaleError>> = examples
        .map(|(number, example)| {
            let mut stream = Stream::new(seed, number as u64);
            let mut insertions = attack.insertions(example, supplies, &mut stream);
            // The text as it was is asked about, too.
            insertions.truncate(supplies.budget.saturating_sub(1));
            try_all(victim, example, &insertions)
        })
        .collect();
    let tried: Vec<Vec<Tried>> = tried.into_iter().collect::<Result<_, _>>()?;
    let mut attacked = Vec::with_capacity(tried.len());
    for (example, tried) in set.examples.iter().zip(&tried) {
        attacked.push(match worst_of(tried) {
            Some(worst) => worst.attacked.clone(),
            None => crate::attack::sentences::worst(victim, example, &[])?,
        });
    }
    Ok((attacked, variants(victim, &tried)))
}

/// Variants in the order in which they come up first.
fn variants(victim: &dyn Victim, tried: &[Vec<Tried>]) -> Vec<Variant> {
    let mut groups: Vec<(&str, Vec<&Tried>)> = Vec::new();
    for tried in tried.iter().flatten() {
        let name = tried.attacked.variant.as_deref().unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(tried),
            None => groups.push((name, vec![tried])),
        }
    }
    groups
        .into_iter()
        .map(|(name, group)| {
            let inputs: Vec<_> = group.iter().map(|t| t.attacked.example.input()).collect();
            let capture = victim.evidence(&inputs).and_then(|shown| {
                let pairs = group.iter().zip(&shown);
                mean(pairs.filter_map(|(t, shown)| share_captured(&t.attacked, shown)))
            });
            let right = group.iter().filter(|tried| tried.right).count();
            Variant {
                name: name.to_owned(),
                rows: group.len(),
                accuracy: right as f64 / group.len() as f64,
                capture,
            }
        })
        .collect()
}
