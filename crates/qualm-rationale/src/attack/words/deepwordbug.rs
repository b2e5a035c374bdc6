use qualm_stats::Stream;

use crate::RationaleError;
use crate::attack::Outcome;
use crate::attack::asked::Asked;
use crate::attack::words::draft::Draft;
use crate::attack::words::greedy::{UNKNOWN, by_importance, in_order};
use crate::attack::words::letters::{Slip, all, distance, one};
use crate::attack::words::stop_words::is_stop_word;

/// Letters of a text that may differ at most.
const FARTHEST: usize = 30;
const SLIPS: [Slip; 4] = [Slip::Swap, Slip::Substitute, Slip::Delete, Slip::Insert];

/// DeepWordBug (Gao et al., SPW 2018) as TextAttack's recipe has it: words by the importance that
/// blanking them shows, each with a letter swapped, substituted, left out or put in; no stop words,
/// each word once, at most 30 letters in all.
///
/// Each slip is drawn once a word; without a stream every place and every small letter is tried, so
/// that the outcome does not depend on a draw.
pub(crate) fn deepwordbug(
    asked: &mut Asked<'_>,
    draft: &mut Draft<'_>,
    mut stream: Option<&mut Stream>,
) -> Result<Outcome, RationaleError> {
    let words = (0..draft.len()).filter(|at| !is_stop_word(draft.word(*at)));
    let order = by_importance(asked, draft, words.collect(), UNKNOWN)?;
    in_order(asked, draft, &order, |draft, at| {
        let word = draft.word(at);
        let mut made: Vec<String> = match &mut stream {
            Some(stream) => SLIPS
                .iter()
                .filter_map(|slip| one(word, *slip, stream))
                .collect(),
            None => SLIPS
                .iter()
                .flat_map(|slip| all(word, *slip, false))
                .collect(),
        };
        // The distance of the texts is at most the sum over words.
        let changes = draft.changes().into_iter();
        let spent: usize = changes
            .map(|at| distance(draft.first(at), draft.word(at)))
            .sum();
        made.retain(|other| spent + distance(word, other) <= FARTHEST);
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::words::tests::{Sums, example};

    fn attacked(text: &str, victim: &Sums, budget: usize) -> (Outcome, String, usize) {
        let example = example(text);
        let mut asked = Asked::new(victim, &example, budget);
        let mut draft = Draft::new(&example);
        let outcome = deepwordbug(&mut asked, &mut draft, None).unwrap();
        (outcome, draft.text(), asked.queries())
    }

    #[test]
    fn the_word_that_counts_is_broken_first_and_alone() {
        // 2 - 1: without `fun` the class falls, and the first slip of it, a swap, is enough.
        let victim = Sums::new(&[("fun", 2.0), ("rain", -1.0)]);
        let (outcome, text, queries) = attacked("The fun in rain", &victim, usize::MAX);
        assert_eq!(
            (outcome, text.as_str()),
            (Outcome::Succeeded, "The ufn in rain")
        );
        // `fun` and `rain` blanked, the text; of `fun` 2 swaps, 3 x 25 substitutions, 3 deletions,
        // 3 x 26 insertions, two of which are met twice: a letter before or behind its like.
        assert_eq!(queries, 2 + 1 + 2 + 75 + 3 + 78 - 2);
    }

    #[test]
    fn stop_words_stay_and_thirty_letters_are_the_most() {
        // `very` counts and stays; every other word loses by one letter, up to thirty of them.
        let words: Vec<String> = (0..40).map(|n| format!("w{}", 10 + n)).collect();
        let weights: Vec<(&str, f64)> = words.iter().map(|w| (w.as_str(), 0.01)).collect();
        let victim = Sums::new(&[weights.as_slice(), &[("very", 9.0)]].concat());
        let text = format!("very {}", words.join(" "));
        let (outcome, after, _) = attacked(&text, &victim, usize::MAX);
        assert_eq!(outcome, Outcome::Failed);
        assert!(after.starts_with("very "));
        assert_eq!(distance(&text, &after), FARTHEST);
    }

    #[test]
    fn draws_are_those_of_the_stream() {
        let victim = Sums::new(&[("fun", 2.0), ("rain", 0.5)]);
        let example = example("The fun in rain");
        let run = |number| {
            let mut asked = Asked::new(&victim, &example, usize::MAX);
            let mut draft = Draft::new(&example);
            let mut stream = Stream::new(7, number);
            deepwordbug(&mut asked, &mut draft, Some(&mut stream)).unwrap();
            (draft.text(), asked.queries())
        };
        assert_eq!(run(3), run(3));
        let texts: std::collections::HashSet<String> = (0..20).map(|n| run(n).0).collect();
        assert!(texts.len() > 3);
        // Two blanks, the text, and at most four slips of each word.
        assert!((0..20).all(|n| run(n).1 <= 3 + 8));
    }
}
