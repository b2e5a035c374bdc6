//! Searches over words, one after another. All of them end where the budget of queries is spent,
//! with what was found up to there.

use crate::RationaleError;
use crate::attack::asked::{Answer, Asked};
use crate::attack::words::draft::Draft;
use crate::attack::{Attacked, Change, Outcome};

/// What stands for a word that the victim does not see.
pub(crate) const UNKNOWN: &str = "[UNK]";

/// What the victim says with `blank` in place of each word: [`UNKNOWN`], or nothing. `None` where
/// the budget does not cover all words.
pub(crate) fn without(
    asked: &mut Asked<'_>,
    draft: &Draft<'_>,
    words: &[usize],
    blank: &str,
) -> Result<Option<Vec<Answer>>, RationaleError> {
    let texts: Vec<String> = words.iter().map(|at| draft.with(*at, blank)).collect();
    let answers = asked.ask(&texts)?;
    Ok((answers.len() == words.len()).then_some(answers))
}

/// The words of these numbers, those first without which the class is least likely; of equals the
/// first in the text. None where the budget does not cover them.
pub(crate) fn by_importance(
    asked: &mut Asked<'_>,
    draft: &Draft<'_>,
    words: Vec<usize>,
    blank: &str,
) -> Result<Vec<usize>, RationaleError> {
    let Some(answers) = without(asked, draft, &words, blank)? else {
        return Ok(Vec::new());
    };
    let mut ranked: Vec<(f64, usize)> = answers.iter().map(|a| a.score()).zip(words).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(ranked.into_iter().map(|(_, at)| at).collect())
}

/// The place of the answer that makes the class least likely; of equals the first.
fn least_likely(answers: &[Answer]) -> Option<usize> {
    let mut least: Option<usize> = None;
    for (place, answer) in answers.iter().enumerate() {
        if least.is_none_or(|least| answer.score() > answers[least].score()) {
            least = Some(place);
        }
    }
    least
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
    let Some(before) = asked.ask_one(&draft.text())? else {
        return Ok(Outcome::Failed);
    };
    let mut score = before.score();
    for &at in order {
        if asked.spent() {
            break;
        }
        let made = candidates(draft, at);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let answers = asked.ask(&texts)?;
        let best = least_likely(&answers).filter(|best| answers[*best].score() > score);
        if let Some(best) = best {
            draft.write(at, &made[best]);
            score = answers[best].score();
            if !answers[best].right {
                return Ok(Outcome::Succeeded);
            }
        }
    }
    Ok(Outcome::Failed)
}

/// Words that are written together, by number.
pub(crate) type Writing = Vec<(usize, String)>;

/// Of all candidates of all words the one that makes the class least likely, and again with the
/// words that are left, until another class is predicted, `most` candidates are taken, or none is
/// left. As in TextAttack's greedy search, a beam search of width one, the best of them is taken even
/// where the class is no less likely with it: the next word may change that.
pub(crate) fn over_all(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    mut words: Vec<usize>,
    most: usize,
    candidates: impl Fn(&Draft<'_>, usize) -> Vec<Writing>,
) -> Result<Outcome, RationaleError> {
    for _ in 0..most {
        let made = words.iter().flat_map(|at| candidates(draft, *at));
        let untouched = |writing: &Writing| writing.iter().all(|(at, _)| words.contains(at));
        let made: Vec<Writing> = made.filter(untouched).collect();
        let texts: Vec<String> = made.iter().map(|writing| draft.with_all(writing)).collect();
        let answers = asked.ask(&texts)?;
        let Some(best) = least_likely(&answers) else {
            break;
        };
        for (at, word) in &made[best] {
            draft.write(*at, word);
            words.retain(|other| other != at);
        }
        if !answers[best].right {
            return Ok(Outcome::Succeeded);
        }
        if asked.spent() {
            break;
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
                at: draft.span(*at),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::words::tests::{Sums, example};

    /// Letters after `+` take the place of a word one by one.
    fn put(letters: &'static str) -> impl Fn(&Draft<'_>, usize) -> Vec<Writing> {
        move |_, at| letters.chars().map(|c| vec![(at, c.to_string())]).collect()
    }

    #[test]
    fn the_important_word_comes_first_and_equals_stay_in_order() {
        // Logit 1 + 3 + 1: without `b` the class is least likely.
        let victim = Sums::new(&[("a", 1.0), ("b", 3.0), ("c", 1.0)]);
        let example = example("a b c");
        let draft = Draft::new(&example);
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        let order = by_importance(&mut asked, &draft, vec![0, 1, 2], UNKNOWN).unwrap();
        assert_eq!(order, [1, 0, 2]);
        assert_eq!(asked.queries(), 3);
        let mut asked = Asked::new(&victim, &example, 2);
        let order = by_importance(&mut asked, &draft, vec![0, 1, 2], UNKNOWN).unwrap();
        assert!(order.is_empty() && asked.spent());
    }

    #[test]
    fn over_all_words_the_best_is_taken_even_if_it_is_no_better() {
        // Each of x raises p(y) alone; written twice they are worth -4.
        let victim = Sums::new(&[("a", 1.0), ("b", 1.0), ("x", 1.5), ("x x", -4.0)]);
        let example = example("a b");
        let mut draft = Draft::new(&example);
        let mut asked = Asked::new(&victim, &example, usize::MAX);
        let outcome = over_all(&mut asked, &mut draft, vec![0, 1], 2, put("x")).unwrap();
        assert_eq!(
            (outcome, draft.text().as_str()),
            (Outcome::Succeeded, "x x")
        );
        // In the order of importance a word that gains nothing is left.
        let mut draft = Draft::new(&example);
        let put = |_: &Draft<'_>, _: usize| vec!["x".to_owned()];
        let outcome = in_order(&mut asked, &mut draft, &[0, 1], put).unwrap();
        assert_eq!((outcome, draft.text().as_str()), (Outcome::Failed, "a b"));
    }

    #[test]
    fn a_spent_budget_ends_the_search_with_what_was_found() {
        let victim = Sums::new(&[("a", 1.0), ("b", 1.0), ("x", 0.5), ("y", -9.0)]);
        let example = example("a b");
        let mut draft = Draft::new(&example);
        // The text, and `x b` of the first word; `y b` would succeed and is never asked.
        let mut asked = Asked::new(&victim, &example, 2);
        let put = |_: &Draft<'_>, _: usize| vec!["x".to_owned(), "y".to_owned()];
        let outcome = in_order(&mut asked, &mut draft, &[0, 1], put).unwrap();
        assert_eq!((outcome, draft.text().as_str()), (Outcome::Failed, "x b"));
        assert_eq!(asked.queries(), 2);
    }
}
