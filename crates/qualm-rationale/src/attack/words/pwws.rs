use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{UNKNOWN, in_order};
use crate::attack::words::stop_words::is_stop_word;
use crate::attack::words::synonyms::candidates;
use crate::thesaurus::Thesaurus;

/// PWWS by its paper (Ren et al., ACL 2019): for each word the synonym `w*` that lowers p(y) most,
/// by `dP = p(y|x) - p(y|x with w*)`; words in the order of `softmax(S)_i dP_i`, where
/// `S_i = p(y|x) - p(y|x without word i)` is its saliency. Each `w*` is chosen on the text as it was
/// and is kept whatever comes before it, until another class is predicted.
pub(crate) fn pwws(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    thesaurus: &dyn Thesaurus,
) -> Result<Outcome, RationaleError> {
    let before = asked.ask_one(&draft.text())?.of_label;
    let words = words(draft);
    let saliency = saliency(asked, draft, &words)?;
    let weights = softmax(saliency.iter().map(|masked| before - masked));
    let mut planned: Vec<(f64, usize, String)> = Vec::new();
    for (&at, weight) in words.iter().zip(weights) {
        let made = candidates(draft, at, thesaurus);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let drops: Vec<f64> = asked
            .ask(&texts)?
            .iter()
            .map(|a| before - a.of_label)
            .collect();
        if made.is_empty() {
            continue;
        }
        let best = crate::model::best(&drops);
        planned.push((weight * drops[best], at, made[best].clone()));
    }
    planned.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, at, word) in planned {
        draft.write(at, &word);
        if !asked.ask_one(&draft.text())?.right {
            return Ok(Outcome::Succeeded);
        }
    }
    Ok(Outcome::Failed)
}

/// PWWS as TextAttack has it: the weight multiplies the highest *score* of a word's synonyms,
/// `1 - p(y)`, not the change of it, its saliency is that of the score, too, and synonyms are looked
/// for anew on the text as it then is, kept only where they lower p(y).
pub(crate) fn pwws_textattack(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    thesaurus: &dyn Thesaurus,
) -> Result<Outcome, RationaleError> {
    let words = words(draft);
    let saliency = saliency(asked, draft, &words)?;
    let weights = softmax(saliency.iter().map(|masked| 1.0 - masked));
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for (&at, weight) in words.iter().zip(weights) {
        let made = candidates(draft, at, thesaurus);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let answers = asked.ask(&texts)?;
        let highest = answers
            .iter()
            .map(|answer| answer.score())
            .fold(0.0, f64::max);
        ranked.push((weight * highest, at));
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let order: Vec<usize> = ranked.into_iter().map(|(_, at)| at).collect();
    in_order(asked, draft, &order, |draft, at| {
        candidates(draft, at, thesaurus)
    })
}

fn words(draft: &Draft<'_>) -> Vec<usize> {
    (0..draft.len())
        .filter(|at| !is_stop_word(draft.word(*at)))
        .collect()
}

/// Probability of the class without each word.
fn saliency(
    asked: &mut Asked<'_>,
    draft: &Draft<'_>,
    words: &[usize],
) -> Result<Vec<f64>, RationaleError> {
    let texts: Vec<String> = words.iter().map(|at| draft.with(*at, UNKNOWN)).collect();
    Ok(asked
        .ask(&texts)?
        .iter()
        .map(|answer| answer.of_label)
        .collect())
}

fn softmax(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut weights: Vec<f64> = values.map(f64::exp).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}
