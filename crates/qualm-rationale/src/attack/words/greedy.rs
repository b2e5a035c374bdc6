//! Searches over words, one after another.

use crate::RationaleError;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::{Attacked, Change, Outcome};

/// What stands for a word that the victim does not see.
pub(crate) const UNKNOWN: &str = "[UNK]";

/// The words of these numbers, those first without which the class is least likely. `blank` stands
/// in place of the word: [`UNKNOWN`], or nothing. Of equals the first in the text.
pub(crate) fn by_importance(
    asked: &mut Asked<'_>,
    draft: &Draft<'_>,
    mut words: Vec<usize>,
    blank: &str,
) -> Result<Vec<usize>, RationaleError> {
    let without: Vec<String> = words.iter().map(|at| draft.with(*at, blank)).collect();
    let answers = asked.ask(&without)?;
    let score = |at: usize| answers[at].score();
    let mut places: Vec<usize> = (0..words.len()).collect();
    places.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    words = places.into_iter().map(|place| words[place]).collect();
    Ok(words)
}

/// Words in this order: for each the candidate that makes the class least likely, kept if it is less
/// likely than before, until another class is predicted (TextAttack's greedy search with word
/// importance ranking).
pub(crate) fn in_order(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    order: &[usize],
    mut candidates: impl FnMut(&Draft<'_>, usize) -> Vec<String>,
) -> Result<Outcome, RationaleError> {
    let mut score = asked.ask_one(&draft.text())?.score();
    for &at in order {
        let made = candidates(draft, at);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let answers = asked.ask(&texts)?;
        let mut best: Option<usize> = None;
        for (place, answer) in answers.iter().enumerate() {
            if best.is_none_or(|best| answer.score() > answers[best].score()) {
                best = Some(place);
            }
        }
        if let Some(best) = best.filter(|best| answers[*best].score() > score) {
            draft.write(at, &made[best]);
            score = answers[best].score();
            if !answers[best].right {
                return Ok(Outcome::Succeeded);
            }
        }
    }
    Ok(Outcome::Failed)
}

/// Of all candidates of all words the one that makes the class least likely, and again with the
/// words that are left, until another class is predicted, `most` words are changed, or nothing makes
/// it less likely (TextAttack's greedy search).
pub(crate) fn over_all(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    mut words: Vec<usize>,
    most: usize,
    mut candidates: impl FnMut(&Draft<'_>, usize) -> Vec<String>,
) -> Result<Outcome, RationaleError> {
    let mut score = asked.ask_one(&draft.text())?.score();
    for _ in 0..most {
        let mut made: Vec<(usize, String)> = Vec::new();
        for &at in &words {
            made.extend(candidates(draft, at).into_iter().map(|word| (at, word)));
        }
        let texts: Vec<String> = made
            .iter()
            .map(|(at, word)| draft.with(*at, word))
            .collect();
        let answers = asked.ask(&texts)?;
        let mut best: Option<usize> = None;
        for (place, answer) in answers.iter().enumerate() {
            if best.is_none_or(|best| answer.score() > answers[best].score()) {
                best = Some(place);
            }
        }
        let Some(best) = best.filter(|best| answers[*best].score() > score) else {
            break;
        };
        let (at, word) = &made[best];
        draft.write(*at, word);
        words.retain(|other| other != at);
        score = answers[best].score();
        if !answers[best].right {
            return Ok(Outcome::Succeeded);
        }
    }
    Ok(Outcome::Failed)
}

/// What the search made of the example.
pub(crate) fn finish(asked: &Asked<'_>, draft: &Draft<'_>, outcome: Outcome) -> Attacked {
    let (example, written) = draft.finish();
    let changed = draft.changes();
    Attacked {
        example,
        written,
        changes: changed
            .iter()
            .map(|at| Change {
                from: draft.first(*at).to_owned(),
                to: draft.word(*at).to_owned(),
            })
            .collect(),
        outcome,
        queries: asked.queries(),
        words_changed: changed.len() as f64 / draft.len().max(1) as f64,
        variant: None,
    }
}
