use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{UNKNOWN, in_order, without};
use crate::attack::words::stop_words::is_stop_word;
use crate::attack::words::synonyms::candidates;
use crate::model::softmax;
use crate::thesaurus::Thesaurus;

/// PWWS by its paper (Ren et al., ACL 2019): for each word the synonym `w*` that lowers p(y) most,
/// by `dP = p(y|x) - p(y|x with w*)`; words in the order of `softmax(S)_i dP_i`, where
/// `S_i = p(y|x) - p(y|x without word i)` is its saliency. Each `w*` is chosen on the text as it was
/// and is kept whatever comes before it, until another class is predicted. The paper's exchange of
/// names for those of other classes is left out, as in TextAttack.
pub(crate) fn pwws(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    thesaurus: &dyn Thesaurus,
) -> Result<Outcome, RationaleError> {
    let words = words(draft);
    let (Some(before), Some(masked)) = (
        asked.ask_one(&draft.text())?,
        without(asked, draft, &words, UNKNOWN)?,
    ) else {
        return Ok(Outcome::Failed);
    };
    let saliency: Vec<f64> = masked
        .iter()
        .map(|m| before.of_label - m.of_label)
        .collect();
    let weights = softmax(&saliency);
    let mut planned: Vec<(f64, usize, String)> = Vec::new();
    for (&at, weight) in words.iter().zip(weights) {
        let made = candidates(draft, at, thesaurus);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let answers = asked.ask(&texts)?;
        let drops: Vec<f64> = answers
            .iter()
            .map(|a| before.of_label - a.of_label)
            .collect();
        let best = crate::model::best(&drops);
        if let (Some(drop), Some(word)) = (drops.get(best), made.get(best)) {
            planned.push((weight * drop, at, word.clone()));
        }
    }
    planned.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, at, word) in planned {
        let Some(answer) = asked.ask_one(&draft.with(at, &word))? else {
            break;
        };
        draft.write(at, &word);
        if !answer.right {
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
    let Some(masked) = without(asked, draft, &words, UNKNOWN)? else {
        return Ok(Outcome::Failed);
    };
    let saliency: Vec<f64> = masked.iter().map(|m| m.score()).collect();
    let weights = softmax(&saliency);
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for (&at, weight) in words.iter().zip(weights) {
        let made = candidates(draft, at, thesaurus);
        let texts: Vec<String> = made.iter().map(|word| draft.with(at, word)).collect();
        let answers = asked.ask(&texts)?;
        let highest = answers.iter().map(|a| a.score()).fold(0.0, f64::max);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::words::tests::{Sums, Words, example};

    type Variant =
        fn(&mut Asked<'_>, &mut Draft<'_>, &dyn Thesaurus) -> Result<Outcome, RationaleError>;

    fn attacked(variant: Variant, text: &str, victim: &Sums) -> (Outcome, String) {
        let words = Words(&[
            ("good", &["nice"]),
            ("film", &["movie", "flick"]),
            ("set", &["put"]),
        ]);
        let example = example(text);
        let mut asked = Asked::new(victim, &example, usize::MAX);
        let mut draft = Draft::new(&example);
        let outcome = variant(&mut asked, &mut draft, &words).unwrap();
        (outcome, draft.text())
    }

    #[test]
    fn the_paper_keeps_a_synonym_that_does_not_help_and_textattack_does_not() {
        // `movie` is the better of the two for `film`, yet it raises p(y); nothing changes the class.
        let weights = [
            ("good", 2.0),
            ("nice", 1.0),
            ("film", 0.5),
            ("movie", 0.75),
            ("flick", 1.5),
        ];
        let victim = Sums::new(&weights);
        assert_eq!(
            attacked(pwws, "A good film", &victim),
            (Outcome::Failed, "A nice movie".to_owned())
        );
        assert_eq!(
            attacked(pwws_textattack, "A good film", &victim),
            (Outcome::Failed, "A nice film".to_owned())
        );
    }

    #[test]
    fn the_paper_ranks_by_the_drop_and_textattack_by_the_score() {
        // z = 0.5 at first. `good` is salient (without it z = -1.5) and its synonym gains little
        // (z = 0.4); `set` has no saliency and its synonym changes the class (z = -0.1).
        let victim = Sums::new(&[
            ("good", 2.0),
            ("nice", 1.9),
            ("set", 0.0),
            ("put", -0.6),
            ("rest", -1.5),
        ]);
        // Drops of p(y) .024 and .147, weights .467 and .301: `set` comes first.
        assert_eq!(
            attacked(pwws, "good set rest", &victim),
            (Outcome::Succeeded, "good put rest".to_owned())
        );
        // Scores .401 and .525, the same weights: `good` comes first, and is kept.
        assert_eq!(
            attacked(pwws_textattack, "good set rest", &victim),
            (Outcome::Succeeded, "nice put rest".to_owned())
        );
    }
}
