use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::without;

/// Input reduction (Feng et al., EMNLP 2018) as TextAttack's recipe has it: words are ranked once, by
/// how likely the class is without them, and left out one after another, the likeliest first, as
/// long as the class stays. (The paper ranks anew after each; TextAttack spares stop words, which
/// the paper does not.) One word stays.
///
/// It is no attack that changes a class: what is left shows what the class hangs on, and its outcome
/// is always [`Outcome::Failed`].
pub(crate) fn reduction(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
) -> Result<Outcome, RationaleError> {
    let words: Vec<usize> = (0..draft.len()).collect();
    let Some(answers) = without(asked, draft, &words, "")? else {
        return Ok(Outcome::Failed);
    };
    let mut ranked: Vec<_> = answers.into_iter().zip(words).collect();
    // Words that the class falls without come last, whatever its probability.
    ranked
        .sort_by(|(a, _), (b, _)| (b.right.cmp(&a.right)).then(b.of_label.total_cmp(&a.of_label)));
    let mut left = ranked.len();
    for (_, at) in ranked {
        if left == 1 {
            break;
        }
        let Some(answer) = asked.ask_one(&draft.with(at, ""))? else {
            break;
        };
        if answer.right {
            draft.write(at, "");
            left -= 1;
        }
    }
    Ok(Outcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::words::tests::{Sums, example};

    fn reduced(text: &str, victim: &Sums, budget: usize) -> (String, usize) {
        let example = example(text);
        let mut asked = Asked::new(victim, &example, budget);
        let mut draft = Draft::new(&example);
        assert_eq!(reduction(&mut asked, &mut draft).unwrap(), Outcome::Failed);
        (draft.text(), asked.queries())
    }

    #[test]
    fn what_the_class_hangs_on_is_left() {
        // Without `dull` p(y) is highest, so it goes first; `fun` stays.
        let victim = Sums::new(&[("fun", 1.0), ("dull", -0.5), ("film", 0.25)]);
        let (text, queries) = reduced("A fun, dull film.", &victim, usize::MAX);
        assert_eq!(text, "fun,.");
        // Four words left out alone; `dull` then is known, `A` and `film` after it are not.
        assert_eq!(queries, 4 + 2);
        assert_eq!(reduced("fun", &victim, usize::MAX).0, "fun");
        // The budget ends it behind the first word.
        assert_eq!(reduced("A fun, dull film.", &victim, 4).0, "A fun, film.");
        assert_eq!(
            reduced("A fun, dull film.", &victim, 3).0,
            "A fun, dull film."
        );
    }

    #[test]
    fn words_that_the_class_falls_without_come_last() {
        // `a a` alone carries the class; x is neutral.
        let victim = Sums::new(&[("a", 0.5), ("x", 0.0)]);
        assert_eq!(reduced("x a x a x", &victim, usize::MAX).0, "a");
    }
}
